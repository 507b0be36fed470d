/**
 * Messages onto a pipe, one a line, in the order in which they were sent, as fast as the other end reads them.
 *
 * @module
 */
import type { JsonRpcMessage } from "../protocol/mod.ts";

/** Options of {@linkcode MessageWriter}. */
export interface MessageWriterOptions {
  /** Bytes that may wait for a slow reader before what can be done without is dropped. */
  readonly maxQueueBytes: number;
  /** Called once, when nobody reads any more. */
  readonly onBroken: () => void;
  /** Called when something was dropped for the first time since the reader had read everything. */
  readonly onDrop: () => void;
}

/** What only tells of something that goes on, and that a client can ask for, or do without. */
const DISPENSABLE: ReadonlySet<string> = new Set([
  "notifications/message",
  "notifications/progress",
  "notifications/tasks/status",
]);

const ENCODER = new TextEncoder();

/** Writes messages. */
export class MessageWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #options: MessageWriterOptions;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Notifications that wait beyond the limit: another one like them says nothing new. */
  readonly #crowded = new Set<string>();
  #hasDropped = false;
  #isWriting = false;
  #isOver = false;
  #onRead: (() => void)[] = [];
  #onSettled: (() => void)[] = [];

  /** @throws {TypeError} If somebody else writes to the stream. */
  constructor(writable: WritableStream<Uint8Array>, options: MessageWriterOptions) {
    this.#writer = writable.getWriter();
    this.#options = options;
    // A stream may also break while nothing is written.
    this.#writer.closed.catch(() => this.#break());
  }

  /** Whether more waits for the reader than should. */
  get isFull(): boolean {
    return this.#queuedBytes > this.#options.maxQueueBytes;
  }

  /** Sends a message, as a line of its own: JSON text has no line feeds. Does nothing once nobody reads any more. */
  send(message: JsonRpcMessage): void {
    if (this.#isOver) return;
    const text = JSON.stringify(message);
    if (this.isFull && this.#isToBeDropped(message, text)) return;
    const bytes = ENCODER.encode(`${text}\n`);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (!this.#isWriting) void this.#write();
  }

  /** Calls back once all that was sent has been read: at once, if nothing waits. Never, if nobody reads any more. */
  whenRead(callback: () => void): void {
    if (this.#isWriting) this.#onRead.push(callback);
    else if (!this.#isOver) callback();
  }

  /** Resolves once nothing waits any more, be it that all was read or that nobody reads. */
  settled(): Promise<void> {
    return this.#isWriting ? new Promise((resolve) => this.#onSettled.push(resolve)) : Promise.resolve();
  }

  /** Closes the stream, or lets go of it as it is. What waits is lost: see {@linkcode settled}. */
  async end(how: "close" | "release"): Promise<void> {
    const isStuck = this.#isWriting;
    this.#stop();
    // An abort waits for the write under way, and nobody may ever read that.
    if (isStuck) this.#writer.abort().catch(() => {});
    else if (how === "close") {
      // It may have broken, which is an end as well.
      await this.#writer.close().catch(() => {});
    }
    this.#writer.releaseLock();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        for (const bytes of batch) {
          await this.#writer.write(bytes);
          this.#queuedBytes -= bytes.length;
        }
      }
    } catch {
      return; // The stream is broken, and says so to whoever waits for its end.
    }
    this.#isWriting = false;
    this.#hasDropped = false;
    this.#crowded.clear();
    for (const callback of [...this.#onRead.splice(0), ...this.#onSettled.splice(0)]) callback();
  }

  #isToBeDropped(message: JsonRpcMessage, text: string): boolean {
    if ("id" in message || !("method" in message)) return false;
    if (!DISPENSABLE.has(message.method) && !this.#crowded.has(text)) {
      this.#crowded.add(text);
      return false;
    }
    if (!this.#hasDropped) this.#options.onDrop();
    this.#hasDropped = true;
    return true;
  }

  /** Nobody reads any more. */
  #break(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#options.onBroken();
  }

  #stop(): void {
    this.#isOver = true;
    this.#isWriting = false;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#onRead = [];
    for (const callback of this.#onSettled.splice(0)) callback();
  }
}
