/**
 * One request that came over a pipe, until it is answered or cancelled.
 *
 * @module
 */
import {
  type Era,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  VERSION_2026,
} from "../protocol/mod.ts";
import type { Caller, Exchange } from "../server/exchange.ts";
import type { MessageWriter } from "./message_writer.ts";

/** A request in progress. Nothing goes out for it once it is answered or cancelled (T26-180, T25-246). */
export class PipeExchange implements Exchange {
  readonly caller: Caller;
  readonly era: Era;
  readonly #writer: MessageWriter;
  readonly #cancellation = new AbortController();
  readonly #departure = new AbortController();
  #isCancelled = false;
  #isDone = false;
  #onCancelled: (() => void) | undefined;
  #onLeft: (() => void) | undefined;

  constructor(writer: MessageWriter, caller: Caller, era: Era) {
    this.#writer = writer;
    this.caller = caller;
    this.era = era;
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  get left(): AbortSignal {
    return this.#departure.signal;
  }

  whenLeft(callback: () => void): void {
    this.#onLeft = callback;
    if (this.left.aborted) callback();
  }

  whenCancelled(callback: () => void): void {
    this.#onCancelled = callback;
    if (this.#isCancelled) callback();
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    if (this.era === VERSION_2026 && "id" in message) {
      throw new TypeError(`Cannot send "${message.method}": servers send no requests under 2026-07-28`);
    }
    if (!this.#isDone) this.#writer.send(message);
  }

  whenRead(callback: () => void): void {
    this.#writer.whenRead(callback);
  }

  /** Nothing freezes a process that has a pipe. */
  waitUntil(): void {}

  /** Answers. */
  finish(response: JsonRpcResponse): void {
    if (this.#isDone) return;
    this.#writer.send(response);
    // Not before: what cannot be written is answered by an error instead.
    this.#isDone = true;
  }

  /** The client takes the request back. */
  cancel(): void {
    this.#isDone = true;
    this.#isCancelled = true;
    this.#onCancelled?.();
    this.#cancellation.abort(new DOMException("The client cancelled the request", "AbortError"));
    this.leave();
  }

  /** Nobody waits for the answer any more: what merely waits is given up, what works goes on. */
  leave(): void {
    if (this.left.aborted) return;
    this.#departure.abort(new DOMException("The client closed the pipe", "AbortError"));
    this.#onLeft?.();
  }

  /** The answer cannot be sent any more: a departure cancels under 2026-07-28, and never under 2025-11-25 (T25-165). */
  abandon(): void {
    this.#isDone = true;
    this.leave();
    if (this.era === VERSION_2026) this.#cancellation.abort(this.left.reason);
  }
}
