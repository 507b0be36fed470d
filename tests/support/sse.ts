/**
 * Reads an event stream field by field, keep-alive comments and empty events included.
 *
 * What a browser would skip is kept, because it is what the tests are about.
 *
 * @module
 */

/** Everything that came before one blank line. Absent means that there was no such field. */
export interface SseBlock {
  readonly id?: string;
  readonly event?: string;
  /** As sent, not parsed. */
  readonly retry?: string;
  /** The `data` lines, joined by line feeds; empty for a `data` field without text. */
  readonly data?: string;
  readonly comments: readonly string[];
}

/** The blocks of one response, in order. */
export class SseReader implements AsyncIterableIterator<SseBlock> {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";
  #lines: string[] = [];
  #ended = false;

  /** @throws {TypeError} If the response is not an event stream. */
  constructor(response: Response) {
    const type = response.headers.get("content-type");
    if (!response.body || type?.split(";")[0]?.trim() !== "text/event-stream") {
      throw new TypeError(`Cannot read events: status is ${response.status}, content type is "${type}"`);
    }
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next block; done when the stream has ended or was stopped. An unfinished last block is dropped. */
  async next(): Promise<IteratorResult<SseBlock, undefined>> {
    while (true) {
      const block = this.#takeBlock();
      if (block) return { done: false, value: block };
      if (this.#ended) return { done: true, value: undefined };
      const { done, value } = await this.#reader.read();
      if (done) this.#ended = true;
      else this.#rest += value;
    }
  }

  /** The next block with text in its data, as JSON; `undefined` when the stream has ended. */
  async nextMessage(): Promise<Record<string, unknown> | undefined> {
    for await (const { data } of { [Symbol.asyncIterator]: () => ({ next: () => this.next() }) }) {
      if (data) return JSON.parse(data);
    }
    return undefined;
  }

  /** Every block to the end of the stream. */
  async all(): Promise<SseBlock[]> {
    return await Array.fromAsync(this);
  }

  /** Leaves, as a client does that closes its connection. */
  async stop(): Promise<void> {
    this.#ended = true;
    this.#rest = "";
    await this.#reader.cancel();
  }

  async return(): Promise<IteratorResult<SseBlock, undefined>> {
    await this.stop();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeBlock(): SseBlock | undefined {
    for (let line = this.#takeLine(); line !== undefined; line = this.#takeLine()) {
      if (line !== "") {
        this.#lines.push(line);
      } else if (this.#lines.length > 0) {
        return parseBlock(this.#lines.splice(0));
      }
    }
    return undefined;
  }

  #takeLine(): string | undefined {
    // A carriage return at the very end may be half of a line end that is still on its way.
    const end = /\r\n|\n|\r(?=[^]|$)/.exec(this.#rest);
    if (!end || (end[0] === "\r" && end.index === this.#rest.length - 1 && !this.#ended)) return undefined;
    const line = this.#rest.slice(0, end.index);
    this.#rest = this.#rest.slice(end.index + end[0].length);
    return line;
  }
}

/** Starts to read the events of a response. */
export function readSse(response: Response): SseReader {
  return new SseReader(response);
}

function parseBlock(lines: readonly string[]): SseBlock {
  const fields: { id?: string; event?: string; retry?: string } = {};
  const data: string[] = [];
  const comments: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "") comments.push(value);
    else if (name === "data") data.push(value);
    else if (name === "id" || name === "event" || name === "retry") fields[name] = value;
    else throw new SyntaxError(`Cannot read event: unknown field "${name}"`);
  }
  return { ...fields, ...(data.length > 0 && { data: data.join("\n") }), comments };
}
