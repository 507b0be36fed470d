/**
 * The answer to one request, in the making: JSON if it is the first thing to say, else the end of an event stream.
 *
 * @module
 */
import {
  type Era,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
  toFailure,
  VERSION_2026,
} from "../protocol/mod.ts";
import { type CancelTimer, randomName } from "../runtime.ts";
import { type CredentialRefusal, REFUSAL_STATUS } from "../server/authentication.ts";
import { type Caller, type Exchange, REPLY_STREAM_PREFIX, type ReplyStream } from "../server/exchange.ts";
import type { HandlerContext } from "./context.ts";
import { jsonResponse } from "./json_response.ts";
import { SSE_HEADERS, type SseStream } from "./sse_stream.ts";

/** An answer and the status it has if it goes out as JSON. */
export interface Reply {
  readonly status: number;
  readonly body: JsonRpcResponse;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Hands work to the platform, so that it is not frozen with the response gone. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** What a request brought with it besides its body. */
export interface Incoming {
  readonly request: Request;
  readonly caller: Caller;
  /** When what the caller is known by lapses, epoch milliseconds. */
  readonly expiresAt?: number;
  /** Value of `MCP-Protocol-Version`. */
  readonly version: string | undefined;
  readonly waitUntil: WaitUntil;
}

/** Options of {@linkcode reply}. */
export interface ReplyOptions {
  readonly era: Era;
  /** Id of the request that is answered. */
  readonly id: RequestId;
  /** Whether events carry ids, should it come to events. */
  readonly hasEventIds: boolean;
  /** Whether the answer goes on an event stream in any case. @default {false} */
  readonly isStream?: boolean;
  /** Whether it does so if its status is 200, the only one that a stream has. @default {false} */
  readonly prefersStream?: boolean;
}

/**
 * Dispatches a request and answers it.
 *
 * The response is an event stream from the moment something is sent ahead of the answer, or once `keepAliveMs` have
 * passed without one, because connections that are silent for longer get closed on the way.
 *
 * The exchange's signal aborts when a 2026-07-28 client leaves; under 2025-11-25 it never does (T25-165).
 */
export function reply(
  context: HandlerContext,
  incoming: Incoming,
  options: ReplyOptions,
  dispatch: (exchange: Exchange) => Promise<Reply>,
): Promise<Response> {
  return new Promise((resolve) => new PendingReply(context, incoming, options, resolve).run(dispatch));
}

/** Microtasks after which an answer is taken to wait for something. */
const QUICK_TURNS = 200;

const LEFT = "The client closed the connection";

class PendingReply implements Exchange, ReplyStream {
  readonly caller: Caller;
  readonly expiresAt?: number;
  readonly #context: HandlerContext;
  readonly #waitUntil: WaitUntil;
  readonly #options: ReplyOptions;
  // Let go of as soon as the answer is under way: a stream may be open for days, and a request holds its body.
  #request: Request | undefined;
  // Both are let go of as well, with the timer and the response that hang on them.
  #cancelTimer: CancelTimer | undefined;
  #resolve: ((response: Response) => void) | undefined;
  #stream: SseStream | undefined;
  #departure: AbortController | undefined;
  #unabortable: AbortSignal | undefined;
  #watched: AbortSignal | undefined;
  #name: string | undefined;
  #onOpen: (() => void) | undefined;
  #onLost: (() => void) | undefined;
  #onLeft: (() => void) | undefined;
  #hasLeft = false;
  #isDone = false;
  #isCutOff = false;
  #refusal: CredentialRefusal | undefined;

  constructor(
    context: HandlerContext,
    incoming: Incoming,
    options: ReplyOptions,
    resolve: (response: Response) => void,
  ) {
    this.caller = incoming.caller;
    this.expiresAt = incoming.expiresAt;
    this.#context = context;
    this.#waitUntil = incoming.waitUntil;
    this.#request = incoming.request;
    this.#options = options;
    this.#resolve = resolve;
  }

  get signal(): AbortSignal {
    if (this.#options.era === VERSION_2026) return this.left;
    return this.#unabortable ??= new AbortController().signal;
  }

  /**
   * Made on first use: under Deno the mere look at a request's signal costs time and prints a warning, and most
   * requests are answered without anyone wanting to know.
   */
  get left(): AbortSignal {
    if (this.#departure === undefined) {
      this.#departure = new AbortController();
      if (this.#hasLeft) this.#departure.abort(new DOMException(LEFT, "AbortError"));
      else if (this.#stream === undefined && !this.#isDone) this.#watch();
    }
    return this.#departure.signal;
  }

  whenLeft(callback: () => void): void {
    this.#onLeft = callback;
    if (this.#hasLeft) callback();
    else if (this.#stream === undefined && !this.#isDone) this.#watch();
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    if (this.#options.era === VERSION_2026 && "id" in message) {
      throw new TypeError(`Cannot send "${message.method}": servers send no requests under 2026-07-28`);
    }
    if (!this.#isDone) this.#open().send(message);
  }

  waitUntil(work: Promise<unknown>): void {
    this.#waitUntil(work);
  }

  whenRead(callback: () => void): void {
    if (this.#stream === undefined) callback();
    else this.#stream.whenRead(callback);
  }

  onOpen(callback: () => void): void {
    this.#onOpen = callback;
    if (this.#stream !== undefined) callback();
  }

  refuse(refusal: CredentialRefusal): void {
    this.#refusal = refusal;
  }

  get stream(): ReplyStream | undefined {
    return this.#options.hasEventIds ? this : undefined;
  }

  /** Random, so that ids are unique over all streams of a session and on every instance (T25-174). */
  get name(): string {
    return this.#name ??= `${REPLY_STREAM_PREFIX}${randomName(this.#context.runtime)}`;
  }

  set name(name: string) {
    this.#name = name;
    this.#stream?.rename(name);
  }

  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  prime(): void {
    if (this.#isDone) return;
    // A stream opens with such an event.
    if (this.#stream === undefined) this.#open();
    else this.#stream.prime();
  }

  cutOff(retryMs: number): void {
    if (this.#isDone || this.#isCutOff) return;
    const stream = this.#open();
    this.#isCutOff = true;
    stream.cutOff(retryMs);
  }

  onLost(callback: () => void): void {
    this.#onLost = callback;
  }

  /** Chained, not awaited: a stream may be open for days, and a frame would hold what was dispatched. */
  run(dispatch: (exchange: Exchange) => Promise<Reply>): void {
    dispatch(this).then(
      (answer) => this.#answer(this.#refusal === undefined ? answer : this.#refused(answer, this.#refusal)),
      (error) => {
        const wire = this.#context.toWireError(error, "dispatch");
        this.#answer({ status: wire.httpStatus ?? 200, body: toFailure(this.#options.id, wire.toJsonRpc()) });
      },
    );
    void this.#keepAlive();
  }

  /** What is answered in microtasks needs no timer, and a timer costs more than some answers. */
  async #keepAlive(): Promise<void> {
    for (let turn = 0; turn < QUICK_TURNS && !this.#isDone; turn++) await undefined;
    if (this.#isDone || this.#stream !== undefined) return;
    const { runtime, keepAliveMs } = this.#context;
    this.#cancelTimer = runtime.setTimer(keepAliveMs, () => this.#open());
  }

  #refused({ body }: Reply, refusal: CredentialRefusal): Reply {
    return { status: REFUSAL_STATUS[refusal.refused], body, headers: this.#context.refusalHeaders(refusal) };
  }

  #answer(answer: Reply): void {
    this.#isDone = true;
    this.#stopTimer();
    this.#unwatch();
    const { isStream, prefersStream } = this.#options;
    if (isStream || prefersStream && answer.status === 200) this.#open();
    if (this.#stream === undefined) this.#respond(jsonResponse(answer.body, answer.status, answer.headers));
    else this.#stream.close(answer.body);
  }

  #open(): SseStream {
    if (this.#stream !== undefined) return this.#stream;
    this.#stopTimer();
    // From here on the stream tells when the client leaves. The request's signal may not be asked any more:
    // some runtimes abort it whenever a response has been sent.
    this.#unwatch();
    const { era, hasEventIds } = this.#options;
    this.#stream = this.#context.openStream(era, hasEventIds ? this.name : undefined, (end) => {
      if (end !== "closed") this.#lose();
    });
    this.#respond(new Response(this.#stream.readable, { headers: SSE_HEADERS }));
    if (!this.#isDone) this.#onOpen?.();
    return this.#stream;
  }

  #respond(response: Response): void {
    this.#resolve?.(response);
    this.#resolve = undefined;
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #watch(): void {
    this.#watched = this.#request?.signal;
    if (this.#watched === undefined) return;
    if (this.#watched.aborted) this.#leave();
    // Asked for twice it is the same listener, and counts once.
    else this.#watched.addEventListener("abort", this.#leave);
  }

  #unwatch(): void {
    this.#watched?.removeEventListener("abort", this.#leave);
    this.#watched = undefined;
    this.#request = undefined;
  }

  #lose(): void {
    this.#leave();
    if (this.#isDone) return;
    this.#isCutOff = true;
    this.#onLost?.();
  }

  readonly #leave = (): void => {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#onLeft?.();
    this.#departure?.abort(new DOMException(LEFT, "AbortError"));
  };
}
