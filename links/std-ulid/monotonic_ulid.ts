import { encodeRandom, encodeTime, increment } from "./crockford.ts";

let lastTime = -1;
let lastRandom = "";

/**
 * Makes a ULID that sorts after every earlier one of this process.
 *
 * A time that is not later than the last one keeps the last time and counts the random part up by one.
 *
 * @param seedTime Time to encode, epoch milliseconds. @default {Date.now()}
 * @throws {RangeError} If `seedTime` is not an integer from 0 to 2^48 - 1.
 * @throws {Error} If the random part cannot be counted up any further.
 */
export function monotonicUlid(seedTime: number = Date.now()): string {
  const time = encodeTime(seedTime);
  if (seedTime <= lastTime) {
    lastRandom = increment(lastRandom);
    return encodeTime(lastTime) + lastRandom;
  }
  lastTime = seedTime;
  lastRandom = encodeRandom();
  return time + lastRandom;
}
