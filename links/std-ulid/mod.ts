/**
 * Offline stand-in for `jsr:@std/ulid`, for a checkout that cannot reach JSR.
 *
 * It is a workspace member and never published: whoever installs the package gets the real module.
 * The signatures, ranges and error types are the real module's; the code is our own.
 *
 * @module
 */
export { ulid } from "./ulid.ts";
export { monotonicUlid } from "./monotonic_ulid.ts";
export { decodeTime } from "./decode_time.ts";
