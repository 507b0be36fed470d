/**
 * Checks of arguments that every backend makes alike, before it touches its engine.
 *
 * @module
 */
import {
  MAX_MUTABLE_BYTES,
  type RecordKey,
  type RecordWrite,
  ValueTooLargeError,
} from "../../src/store/backend.ts";

const MAX_NAME = 512;
/** By character code, whether a name may have the character: half the time of a regular expression. */
const NAME_CODES = new Uint8Array(128);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:") {
  NAME_CODES[character.charCodeAt(0)] = 1;
}
const MAX_PAGE = 1000;

/**
 * Refuses a key that is not made of the allowed characters.
 *
 * @throws {TypeError} If owner or id is empty, longer than 512 characters, or has other characters.
 */
export function checkKey(key: RecordKey): void {
  if (!isName(key.owner)) throw new TypeError(`Cannot use a key: owner ${quote(key.owner)} is malformed`);
  if (!isName(key.id)) {
    throw new TypeError(`Cannot use a ${key.kind} key: id ${quote(key.id)} is malformed`);
  }
}

/** Whether a record of this name can exist at all; names from outside may be anything. */
export function isKey(key: RecordKey): boolean {
  return isName(key.owner) && isName(key.id);
}

/**
 * Refuses a value the kind or the engine has no room for.
 *
 * @throws {ValueTooLargeError} If it is larger than {@linkcode MAX_MUTABLE_BYTES}, or `maxValueBytes` for a payload.
 */
export function checkSize(write: RecordWrite, maxValueBytes: number): void {
  const max = write.key.kind === "payload" ? maxValueBytes : MAX_MUTABLE_BYTES;
  const bytes = write.value.byteLength;
  if (bytes > max) throw new ValueTooLargeError(write.key, bytes, max);
}

/** Refuses a page size outside 1 to 1000, with a `RangeError`. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new RangeError(`Cannot read a page: limit is ${limit}, allowed are 1 to ${MAX_PAGE}`);
  }
}

/** Refuses a shard that the backend does not have, with a `RangeError`. */
export function checkShard(shard: number, shards: number): void {
  if (!Number.isInteger(shard) || shard < 0 || shard >= shards) {
    throw new RangeError(`Cannot read due records: shard is ${shard}, there are ${shards}`);
  }
}

function isName(text: string): boolean {
  if (text.length < 1 || text.length > MAX_NAME) return false;
  for (let i = 0; i < text.length; i++) if (NAME_CODES[text.charCodeAt(i)] !== 1) return false;
  return true;
}

function quote(text: unknown): string {
  return JSON.stringify(String(text).slice(0, 80));
}
