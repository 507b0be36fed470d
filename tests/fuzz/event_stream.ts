/**
 * Reads an event stream and accepts nothing but what our streams may consist of.
 *
 * @module
 */
import { Violation } from "./violation.ts";

/** What a block of a stream says. */
export interface StreamBlock {
  readonly id?: string;
  /** Text of `data`; empty where an event only gives an id. */
  readonly data?: string;
  readonly retry?: number;
}

const ID = /^[A-Za-z0-9_.~-]{1,4096}$/;
const RETRY = /^[0-9]{1,6}$/;

/** Takes bytes, gives blocks. */
export class StrictEvents {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #rest = "";

  /** @throws {Violation} If a field is none of ours, or the text is not UTF-8. */
  take(bytes: Uint8Array): StreamBlock[] {
    this.#rest += this.#decode(bytes);
    const blocks: StreamBlock[] = [];
    for (let end = this.#rest.indexOf("\n\n"); end >= 0; end = this.#rest.indexOf("\n\n")) {
      blocks.push(parseBlock(this.#rest.slice(0, end)));
      this.#rest = this.#rest.slice(end + 2);
    }
    return blocks;
  }

  /** @throws {Violation} If the stream ended within a block. */
  end(): void {
    if (this.#rest !== "") fail(`it ends within a block: ${this.#rest.slice(0, 200)}`);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: true });
    } catch {
      fail("it is not UTF-8");
    }
  }
}

function parseBlock(text: string): StreamBlock {
  const block: { id?: string; data?: string; retry?: number } = {};
  for (const line of text.split("\n")) {
    if (line === ":") continue;
    const colon = line.indexOf(": ");
    const [name, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
    if (name === "id" && block.id === undefined && ID.test(value)) block.id = value;
    else if (name === "data" && block.data === undefined && !value.includes("\r")) block.data = value;
    else if (name === "retry" && block.retry === undefined && RETRY.test(value)) block.retry = Number(value);
    else fail(`an unknown line: ${JSON.stringify(line.slice(0, 200))}`);
  }
  return block;
}

function fail(message: string): never {
  throw new Violation("stream", message);
}
