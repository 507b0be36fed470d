/**
 * Bytes as the Redis driver takes them: it sends a `Buffer` as it is and everything else as text.
 *
 * The driver itself runs only where the runtime has `Buffer`, so looking for it asks for nothing more.
 *
 * @module
 */
import { StorageError } from "../src/store/backend.ts";

interface BufferLike {
  from(buffer: ArrayBufferLike, byteOffset: number, length: number): Uint8Array;
}

const buffer = Reflect.get(globalThis, "Buffer") as BufferLike | undefined;

/**
 * The same bytes, not copied.
 *
 * @throws {StorageError} If the runtime has no `Buffer`.
 */
export function toDriverBytes(value: Uint8Array): Uint8Array {
  if (buffer === undefined) throw new StorageError("Cannot send bytes to Redis: this runtime has no Buffer");
  return buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
