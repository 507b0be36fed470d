/**
 * Bytes as the Redis driver takes them: it sends a `Buffer` as it is and everything else as text.
 *
 * The driver itself runs only where `node:buffer` exists, so this asks for nothing more.
 *
 * @module
 */
// deno-lint-ignore-file neutral/no-platform
import { Buffer } from "node:buffer";

/** The same bytes, not copied. */
export function toDriverBytes(value: Uint8Array): Uint8Array {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
