/**
 * Offline stand-in for `jsr:@std/assert`, for a checkout that cannot reach JSR.
 *
 * It is a workspace member and never published: whoever installs the package gets the real module.
 * The signatures are the real module's, the set is the part this repository uses, the code is our own.
 *
 * @module
 */
export { AssertionError } from "./assertion_error.ts";
export { equal } from "./equal.ts";
export {
  assert,
  assertExists,
  assertFalse,
  assertInstanceOf,
  fail,
  type Falsy,
  unimplemented,
  unreachable,
} from "./claims.ts";
export {
  assertEquals,
  assertNotEquals,
  assertNotStrictEquals,
  assertObjectMatch,
  assertStrictEquals,
} from "./equality.ts";
export {
  type ArrayLikeArg,
  assertAlmostEquals,
  assertArrayIncludes,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "./comparisons.ts";
export { assertIsError, assertRejects, assertThrows } from "./errors.ts";
