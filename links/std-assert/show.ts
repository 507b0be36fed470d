/** Writes a value for a failure message: one line per leaf, keys sorted, on every runtime the same. */
export function show(value: unknown): string {
  return lines(value, "", []).join("\n");
}

/** The lines that differ between two values, with the lines around them. */
export function difference(actual: unknown, expected: unknown): string {
  const left = show(actual).split("\n");
  const right = show(expected).split("\n");
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail++;
  return [
    ...left.slice(Math.max(0, head - 3), head).map((line) => `    ${line}`),
    ...left.slice(head, left.length - tail).map((line) => `  - ${line}`),
    ...right.slice(head, right.length - tail).map((line) => `  + ${line}`),
    ...left.slice(left.length - tail, left.length - tail + 3).map((line) => `    ${line}`),
  ].join("\n");
}

function lines(value: unknown, indent: string, path: object[]): string[] {
  if (typeof value === "string") return [JSON.stringify(value)];
  if (typeof value === "bigint") return [`${value}n`];
  if (typeof value === "function") return [`[function ${value.name}]`];
  if (typeof value !== "object" || value === null) return [String(value)];
  if (path.includes(value)) return ["[circular]"];
  if (value instanceof Date || value instanceof RegExp || value instanceof URL) return [String(value)];
  if (value instanceof Error) return [`[${value.name}: ${value.message}]`];
  return collection(value, indent, [...path, value]);
}

function collection(value: object, indent: string, path: object[]): string[] {
  const inner = `${indent}  `;
  const text = (item: unknown) => lines(item, inner, path).join("\n");
  const [open, close, entries] = partsOf(value, text);
  if (entries.length === 0) return [`${open}${close}`];
  return [open, ...entries.map((entry) => `${inner}${entry},`), `${indent}${close}`];
}

function partsOf(value: object, text: (item: unknown) => string): [string, string, string[]] {
  if (Array.isArray(value)) return ["[", "]", value.map(text)];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return [`${nameOf(value)} [`, "]", Array.from(value as Uint8Array, text)];
  }
  if (value instanceof Map) {
    return ["Map {", "}", Array.from(value, ([key, item]) => `${text(key)} => ${text(item)}`).sort()];
  }
  if (value instanceof Set) return ["Set {", "}", Array.from(value, text).sort()];
  const name = nameOf(value);
  const keys = Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
  const entries = keys.map((key) => `${label(key)}: ${text(Reflect.get(value, key))}`).sort();
  return [name === "Object" ? "{" : `${name} {`, "}", entries];
}

function nameOf(value: object): string {
  return Object.getPrototypeOf(value)?.constructor?.name ?? "Object";
}

function label(key: PropertyKey): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return /^[\w$]+$/.test(String(key)) ? String(key) : JSON.stringify(key);
}
