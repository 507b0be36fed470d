/**
 * URI templates of resources: `{name}` stands for one path segment, `{+name}` for any rest.
 *
 * The two forms of RFC 6570 that can be read backwards without doubt; all others are refused.
 *
 * @module
 */

const EXPRESSION = /\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A template that reads URIs. */
export interface UriTemplate {
  /** As written. */
  readonly template: string;
  /** Names of its variables, in order. */
  readonly names: readonly string[];
  /** Values of the variables, decoded; `undefined` if the URI does not match. */
  readonly match: (uri: string) => Readonly<Record<string, string>> | undefined;
}

/** Whether a text is a template at all. */
export function isUriTemplate(text: string): boolean {
  return text.includes("{");
}

/**
 * Reads a template.
 *
 * @throws {TypeError} If it holds any expression but `{name}` and `{+name}`, or a name twice.
 */
export function parseUriTemplate(template: string): UriTemplate {
  const names = [...template.matchAll(EXPRESSION)].map(([, , name]) => name!);
  if (/[{}]/.test(template.replaceAll(EXPRESSION, ""))) {
    throw new TypeError(`Cannot read URI template "${template}": only {name} and {+name} are supported`);
  }
  if (new Set(names).size < names.length) {
    throw new TypeError(`Cannot read URI template "${template}": a name is used twice`);
  }
  const pattern = template.split(EXPRESSION).map((part, i) => {
    if (i % 3 === 0) return escapeRegExp(part);
    return i % 3 === 1 ? (part === "+" ? "(.+)" : "([^/?#]+)") : "";
  }).join("");
  const regExp = new RegExp(`^${pattern}$`);
  return { template, names, match: (uri) => toValues(names, regExp.exec(uri)) };
}

function toValues(
  names: readonly string[],
  match: RegExpExecArray | null,
): Readonly<Record<string, string>> | undefined {
  if (match === null) return undefined;
  try {
    return Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(match[i + 1]!)]));
  } catch {
    return undefined; // Broken percent-encoding names no resource.
  }
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
