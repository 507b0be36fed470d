/**
 * Functions that authors give: types do not reach those who write JavaScript, and a missing one would show with a call only.
 *
 * @module
 */

/** @throws {TypeError} If what was given for `what` is no function. */
export function assertFunction(what: string, given: unknown): void {
  if (typeof given !== "function") throw new TypeError(`Cannot ${what}: it is not a function`);
}
