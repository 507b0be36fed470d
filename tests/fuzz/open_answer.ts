/**
 * One request on its way: its response, as it comes.
 *
 * @module
 */
import { StrictEvents } from "./event_stream.ts";
import type { Asking } from "./learner.ts";
import type { SendStep } from "./plan.ts";
import type { Said } from "./said.ts";
import { Violation } from "./violation.ts";

/** What is told of an answer as it comes. */
export interface AnswerListener {
  onHead(answer: OpenAnswer, response: Response): void;
  /** A whole body that is not a stream. */
  onBody(answer: OpenAnswer, text: string): void;
  /** A message on a stream. */
  onMessage(answer: OpenAnswer, text: string): void;
  /** An event's id. */
  onEventId(answer: OpenAnswer, id: string): void;
  onEnd(answer: OpenAnswer): void;
  onError(answer: OpenAnswer, error: unknown): void;
}

/** See the module. */
export class OpenAnswer {
  readonly step: SendStep;
  readonly asking: Asking;
  /** Fake time at which it was sent. */
  readonly sentAt: number;
  readonly client: AbortController;
  readonly #listener: AnswerListener;
  status: number | undefined;
  /** Error code and word of the answer, once there is one. */
  refusal: { readonly code: number; readonly reason: unknown } | undefined;
  isStream = false;
  hasAnswer = false;
  hasRetry = false;
  isOver = false;
  hasLeft = false;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #response: Response | undefined;

  constructor(
    step: SendStep,
    asking: Asking,
    sentAt: number,
    client: AbortController,
    listener: AnswerListener,
  ) {
    this.step = step;
    this.asking = asking;
    this.sentAt = sentAt;
    this.client = client;
    this.#listener = listener;
  }

  /** What the request says. */
  get said(): Said {
    return this.asking.said;
  }

  /** Reads the response once it is there. Never rejects. */
  async read(response: Promise<Response>): Promise<void> {
    try {
      await this.#read(await response);
    } catch (error) {
      if (!this.hasLeft || error instanceof Violation) this.#listener.onError(this, error);
      this.isOver = true;
    }
  }

  /** Closes the connection. */
  leave(): void {
    if (this.hasLeft || this.isOver) return;
    this.hasLeft = true;
    if (this.status === undefined) this.client.abort();
    else this.#drop();
  }

  #drop(): void {
    const cancelled = this.#reader?.cancel() ?? this.#response?.body?.cancel();
    cancelled?.catch(() => {
      // It had ended by itself.
    });
    this.isOver = true;
  }

  async #read(response: Response): Promise<void> {
    this.#response = response;
    this.status = response.status;
    this.isStream = response.headers.get("content-type") === "text/event-stream";
    this.#listener.onHead(this, response);
    if (this.hasLeft) return this.#drop();
    if (!this.isStream) {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await response.arrayBuffer());
      this.isOver = true;
      return this.#listener.onBody(this, text);
    }
    if (this.step.reads) await this.#readStream(response);
  }

  async #readStream(response: Response): Promise<void> {
    const events = new StrictEvents();
    this.#reader = response.body!.getReader();
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (this.hasLeft) return;
      if (done) break;
      for (const { id, data, retry } of events.take(value)) {
        if (id !== undefined) this.#listener.onEventId(this, id);
        if (retry !== undefined) this.hasRetry = true;
        if (data) this.#listener.onMessage(this, data);
      }
    }
    events.end();
    this.isOver = true;
    this.#listener.onEnd(this);
  }
}
