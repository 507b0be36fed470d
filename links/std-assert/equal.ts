/**
 * Deep equality of values.
 *
 * `NaN` equals itself, `0` equals `-0`, `{ a: undefined }` differs from `{}`, and two objects of different
 * classes differ, while an object without a prototype counts as a plain one. Sets and maps are compared
 * without regard to order. Two errors differ unless they share message and stack.
 *
 * @throws {TypeError} If a `WeakMap`, `WeakSet` or `WeakRef` is compared with another object.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

type Seen = Map<object, Set<object>>;

function compare(a: unknown, b: unknown, seen: Seen): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof WeakMap || a instanceof WeakSet || a instanceof WeakRef) {
    throw new TypeError("Cannot compare weak collections: their content is not visible");
  }
  if (prototypeOf(a) !== prototypeOf(b)) return false;
  // A pair already under comparison is taken as equal: a difference shows elsewhere on its way.
  const partners = seen.get(a) ?? new Set();
  if (partners.has(b)) return true;
  seen.set(a, partners.add(b));
  return sameContent(a, b, seen) ?? sameProperties(a, b, seen);
}

function prototypeOf(value: object): unknown {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

/** The verdict for types whose properties do not tell; `undefined` leaves it to the properties. */
function sameContent(a: object, b: object, seen: Seen): boolean | undefined {
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp || a instanceof URL || a instanceof URLSearchParams) return String(a) === String(b);
  if (a instanceof Headers && b instanceof Headers) return compare([...a], [...b], seen);
  if (a instanceof Set && b instanceof Set) return a.size === b.size && sameSets(a, b, seen);
  if (a instanceof Map && b instanceof Map) return a.size === b.size && sameMaps(a, b, seen);
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return sameBytes(new Uint8Array(a), new Uint8Array(b));
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b);
  if (a instanceof Error && b instanceof Error && (a.message !== b.message || a.stack !== b.stack)) {
    return false;
  }
  if (a instanceof Number || a instanceof String || a instanceof Boolean) {
    return compare(a.valueOf(), b.valueOf(), seen);
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  return undefined;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function sameSets(a: Set<unknown>, b: Set<unknown>, seen: Seen): boolean {
  const left = [...a].filter((member) => !b.has(member));
  const right = [...b].filter((member) => !a.has(member));
  return paired(left, right, seen);
}

function sameMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, seen: Seen): boolean {
  for (const [key, value] of a) if (b.has(key) && !compare(value, b.get(key), seen)) return false;
  const left = [...a].filter(([key]) => !b.has(key));
  const right = [...b].filter(([key]) => !a.has(key));
  return paired(left, right, seen);
}

/** Whether each value of one list has an equal partner of its own in the other. */
function paired(left: unknown[], right: unknown[], seen: Seen): boolean {
  if (left.length !== right.length) return false;
  const rest = [...right];
  return left.every((value) => {
    // Each guess has its own copy: a wrong one must not leave pairs marked as equal.
    const at = rest.findIndex((other) => compare(value, other, copyOf(seen)));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
}

function copyOf(seen: Seen): Seen {
  return new Map([...seen].map(([key, partners]) => [key, new Set(partners)]));
}

function sameProperties(a: object, b: object, seen: Seen): boolean {
  const keys = enumerableKeys(a);
  if (keys.length !== enumerableKeys(b).length) return false;
  return keys.every((key) =>
    Object.hasOwn(b, key) && compare(Reflect.get(a, key), Reflect.get(b, key), seen)
  );
}

function enumerableKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}
