/** Crockford's base 32 and the sizes of a ULID, shared by the files of this stand-in. */

/** The 32 digits, in the order of their value. */
export const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Characters that carry the time. */
export const TIME_LENGTH = 10;
/** Characters that carry randomness. */
export const RANDOM_LENGTH = 16;
/** Largest time a ULID can carry, epoch milliseconds. */
export const MAX_TIME = 2 ** 48 - 1;

/**
 * Writes a time as ten digits.
 *
 * @throws {RangeError} If `time` is not an integer from 0 to {@linkcode MAX_TIME}.
 */
export function encodeTime(time: number): string {
  if (!Number.isInteger(time) || time < 0 || time > MAX_TIME) {
    throw new RangeError(`Cannot encode time ${time}: it must be an integer from 0 to ${MAX_TIME}`);
  }
  let text = "";
  let rest = time;
  for (let i = 0; i < TIME_LENGTH; i++) {
    text = DIGITS.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Sixteen random digits. 256 is a multiple of 32, so a masked byte is not biased. */
export function encodeRandom(): string {
  let text = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH))) text += DIGITS.charAt(byte & 31);
  return text;
}

/**
 * The digits that follow `text` in sort order.
 *
 * @throws {Error} If every digit is already the last one.
 */
export function increment(text: string): string {
  for (let i = text.length - 1; i >= 0; i--) {
    const value = DIGITS.indexOf(text.charAt(i));
    if (value < 0) throw new Error("Cannot increment this string");
    if (value === 31) continue;
    return text.slice(0, i) + DIGITS.charAt(value + 1) + "0".repeat(text.length - i - 1);
  }
  throw new Error("Cannot increment this string");
}
