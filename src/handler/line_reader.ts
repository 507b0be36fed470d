/**
 * Lines out of a stream of bytes, each within a limit.
 *
 * @module
 */

/** A line without its line feed, or the news that one is longer than allowed; the rest of that one is skipped. */
export type Line = Uint8Array | "too_long";

const LINE_FEED = 0x0a;
const FIRST_CAPACITY = 4096;

/**
 * Reads lines until the stream ends; a last one without a line feed counts too, an empty one does not.
 *
 * Never holds more than `maxBytes` of a line and one further chunk. What it yields holds until the next line is asked
 * for.
 *
 * @throws Whatever the stream fails with.
 */
export async function* readLines(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void, undefined> {
  const held = new LineBuffer(maxBytes);
  for (;;) {
    const { done, value: chunk } = await reader.read();
    if (done) break;
    for (let start = 0; start < chunk.length;) {
      const end = chunk.indexOf(LINE_FEED, start);
      const isWhole = end >= 0;
      if (held.add(chunk.subarray(start, isWhole ? end : chunk.length)) === "too_long") yield "too_long";
      start = isWhole ? end + 1 : chunk.length;
      const line = isWhole ? held.take() : undefined;
      if (line !== undefined) yield line;
    }
  }
  const rest = held.take();
  if (rest !== undefined) yield rest;
}

/** A line in the making. One growing buffer, because a list of pieces grows with their number and not their bytes. */
class LineBuffer {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  #isSkipping = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** `too_long`: with this piece the line is longer than allowed, and is forgotten up to its end. */
  add(piece: Uint8Array): "too_long" | undefined {
    if (this.#isSkipping) return undefined;
    const length = this.#length + piece.length;
    if (length > this.#maxBytes) {
      this.#isSkipping = true;
      this.#forget();
      return "too_long";
    }
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
    return undefined;
  }

  /** Ends the line; `undefined` if there is nothing in it. */
  take(): Uint8Array | undefined {
    const line = this.#isSkipping || this.#length === 0 ? undefined : this.#bytes.subarray(0, this.#length);
    this.#isSkipping = false;
    this.#forget();
    return line;
  }

  #grow(length: number): void {
    const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, this.#bytes.length * 2)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  #forget(): void {
    this.#length = 0;
    // One long line must not hold its memory for the life of the pipe.
    if (this.#bytes.length > FIRST_CAPACITY * 16) this.#bytes = new Uint8Array(FIRST_CAPACITY);
  }
}
