import { encodeRandom, encodeTime } from "./crockford.ts";

/**
 * Makes a ULID: 10 characters of time, 16 random ones.
 *
 * @param seedTime Time to encode, epoch milliseconds. @default {Date.now()}
 * @throws {RangeError} If `seedTime` is not an integer from 0 to 2^48 - 1.
 */
export function ulid(seedTime: number = Date.now()): string {
  return encodeTime(seedTime) + encodeRandom();
}
