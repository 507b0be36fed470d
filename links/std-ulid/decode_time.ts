import { DIGITS, MAX_TIME, RANDOM_LENGTH, TIME_LENGTH } from "./crockford.ts";

/**
 * Reads the time out of a ULID, epoch milliseconds.
 *
 * Lower case is refused and the random part is not looked at.
 *
 * @throws {Error} If the length is not 26 or one of the first ten characters is not a digit of the alphabet.
 * @throws {RangeError} If the time is larger than 2^48 - 1.
 */
export function decodeTime(ulid: string): number {
  if (ulid.length !== TIME_LENGTH + RANDOM_LENGTH) {
    throw new Error(`Cannot decode ULID: length is ${ulid.length}, expected ${TIME_LENGTH + RANDOM_LENGTH}`);
  }
  let time = 0;
  for (const character of ulid.slice(0, TIME_LENGTH)) {
    const value = DIGITS.indexOf(character);
    if (value < 0) throw new Error(`Cannot decode ULID: invalid character "${character}"`);
    time = time * 32 + value;
  }
  if (time > MAX_TIME) throw new RangeError(`Cannot decode ULID: time ${time} is larger than ${MAX_TIME}`);
  return time;
}
