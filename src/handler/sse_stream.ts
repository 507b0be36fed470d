/**
 * One event stream: messages out, comments while it is silent, a bound on what waits for a slow reader.
 *
 * Nothing a client wrote ever reaches a field other than `data`, and there only inside JSON on a single line.
 *
 * @module
 */
import type { JsonRpcMessage } from "../protocol/mod.ts";
import type { CancelTimer, Runtime } from "../runtime.ts";

/** Why a stream ended: the client left, our side closed it, or its reader was too slow. */
export type StreamEnd = "left" | "closed" | "overflow";

/** Options of {@linkcode SseStream}. */
export interface SseStreamOptions {
  /** Clock of the keep-alive. */
  readonly runtime: Runtime;
  /** Milliseconds between two comments. */
  readonly keepAliveMs: number;
  /** Bytes that may wait before a message is too many; the message that crosses the bound still waits. */
  readonly maxQueueBytes: number;
  /**
   * Gives every event an id that begins with this text, after a first event with an id and empty data, from which
   * a client can reconnect (T25-156). Without it there are no ids, and the stream begins with a comment.
   */
  readonly idPrefix?: string;
  /** Called once, when the stream has ended for our side. */
  readonly onEnd?: (end: StreamEnd) => void;
}

/** Headers of a response that carries an event stream. */
export const SSE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  // Proxies of the nginx family would otherwise hold events back (T26-151).
  "x-accel-buffering": "no",
};

const ENCODER = new TextEncoder();
const COMMENT = ENCODER.encode(":\n\n");

/** The body of an event stream response. Sending to one that has ended does nothing. */
export class SseStream {
  /** What the response carries. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #options: SseStreamOptions;
  // An own queue, because a stream can drop its own only by failing, which runtimes log as an error.
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #queuedBytes = 0;
  #reader: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #onRead: (() => void) | undefined;
  #cancelKeepAlive: CancelTimer;
  #idPrefix: string | undefined;
  #events = 0;
  #ended = false;

  constructor(options: SseStreamOptions) {
    this.#options = options;
    this.#idPrefix = options.idPrefix;
    this.readable = new ReadableStream({
      pull: (controller) => this.#onPull(controller),
      cancel: () => this.#end("left"),
    }, { highWaterMark: 0 });
    this.#cancelKeepAlive = this.#startKeepAlive();
    if (options.idPrefix === undefined) this.#write(COMMENT);
    else this.#writeEvent("");
  }

  /** Sends a message; a reader with too much before it is cut off. */
  send(message: JsonRpcMessage): void {
    if (this.#ended) return;
    if (this.#queuedBytes > this.#options.maxQueueBytes) this.#end("overflow");
    else this.#writeEvent(JSON.stringify(message));
  }

  /** Ends the stream behind what was sent, `last` included, however much waits before it. */
  close(last?: JsonRpcMessage): void {
    if (this.#ended) return;
    if (last !== undefined) this.#writeEvent(JSON.stringify(last));
    this.#end("closed");
  }

  /** Sends an event with an id and empty data. */
  prime(): void {
    if (!this.#ended) this.#writeEvent("");
  }

  /** Calls back once nothing waits for the reader: at once, if nothing does. Never, if the stream ends before. */
  whenRead(callback: () => void): void {
    if (this.#queue.length === 0) callback();
    else this.#onRead = callback;
  }

  /** Gives the events from now on ids that begin with another text; their count goes on. */
  rename(idPrefix: string): void {
    this.#idPrefix = idPrefix;
  }

  /** Ends the stream behind what was sent; its reader is to come back after `retryMs` milliseconds (T25-158). */
  cutOff(retryMs: number): void {
    if (this.#ended) return;
    this.#write(ENCODER.encode(`retry: ${retryMs}\n\n`));
    this.#end("closed");
  }

  #writeEvent(data: string): void {
    const id = this.#idPrefix === undefined ? "" : `id: ${this.#idPrefix}.${this.#events++}\n`;
    this.#write(ENCODER.encode(`${id}data: ${data}\n\n`));
  }

  #write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#reader !== undefined) {
      const reader = this.#reader;
      this.#reader = undefined;
      reader.enqueue(bytes);
    } else {
      this.#queue.push(bytes);
      this.#queuedBytes += bytes.length;
    }
  }

  #onPull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    const bytes = this.#queue.shift();
    if (bytes !== undefined) {
      this.#queuedBytes -= bytes.length;
      controller.enqueue(bytes);
      if (this.#queue.length === 0) this.#tellRead();
    } else if (this.#ended) {
      controller.close();
    } else {
      this.#reader = controller;
    }
  }

  #tellRead(): void {
    const callback = this.#onRead;
    this.#onRead = undefined;
    callback?.();
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onRead = undefined;
    this.#cancelKeepAlive();
    if (end !== "closed") {
      this.#queue = [];
      this.#queuedBytes = 0;
    }
    if (end !== "left") this.#reader?.close();
    this.#reader = undefined;
    this.#options.onEnd?.(end);
  }

  #startKeepAlive(): CancelTimer {
    const { runtime, keepAliveMs } = this.#options;
    return runtime.setTimer(keepAliveMs, () => {
      // Set ahead of the write: some runtimes cancel the stream from within it when the connection is gone.
      this.#cancelKeepAlive = this.#startKeepAlive();
      // Where something waits already, a comment would not keep the connection any more alive.
      if (this.#queue.length === 0) this.#write(COMMENT);
    });
  }
}
