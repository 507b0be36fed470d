import { refuse } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { difference, show } from "./show.ts";

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  refuse(
    `Values are not equal (- actual, + expected)${msg ? `: ${msg}` : ""}\n${difference(actual, expected)}\n`,
  );
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) refuse(`Expected a value other than ${show(expected)}`, msg);
}

/** Asserts that two values are the same by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  refuse(`Values are not strictly equal${msg ? `: ${msg}` : ""}\n${difference(actual, expected)}\n`);
}

/** Asserts that two values are not the same by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) refuse(`Expected something other than ${show(expected)}`, msg);
}

/** Asserts that `actual` has everything `expected` has, at any depth; what it has beyond that is ignored. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (covers(actual, expected)) return;
  refuse(
    `Object does not match (- actual, + expected)${msg ? `: ${msg}` : ""}\n${difference(actual, expected)}\n`,
  );
}

function covers(actual: unknown, expected: unknown): boolean {
  if (!isPlain(expected)) return equal(actual, expected);
  if (Array.isArray(expected)) {
    return Array.isArray(actual) && actual.length === expected.length &&
      expected.every((value, index) => covers(actual[index], value));
  }
  if (typeof actual !== "object" || actual === null) return false;
  return Reflect.ownKeys(expected).every((key) =>
    Reflect.has(actual, key) && covers(Reflect.get(actual, key), Reflect.get(expected, key))
  );
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}
