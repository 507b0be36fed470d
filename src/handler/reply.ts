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
import type { CancelTimer } from "../runtime.ts";
import type { Caller, Exchange } from "../server/exchange.ts";
import type { HandlerContext } from "./context.ts";
import { jsonResponse } from "./json_response.ts";
import { SSE_HEADERS, type SseStream } from "./sse_stream.ts";

/** An answer and the status it has if it goes out as JSON. */
export interface Reply {
  readonly status: number;
  readonly body: JsonRpcResponse;
}

/** Hands work to the platform, so that it is not frozen with the response gone. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** What a request brought with it besides its body. */
export interface Incoming {
  readonly request: Request;
  readonly caller: Caller;
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
  const pending = new PendingReply(context, incoming, options);
  pending.run(dispatch);
  return pending.response;
}

class PendingReply implements Exchange {
  readonly response: Promise<Response>;
  readonly caller: Caller;
  readonly #context: HandlerContext;
  readonly #incoming: Incoming;
  readonly #options: ReplyOptions;
  readonly #cancelTimer: CancelTimer;
  #resolve!: (response: Response) => void;
  #stream: SseStream | undefined;
  #departure: AbortController | undefined;
  #unabortable: AbortSignal | undefined;
  #watched: AbortSignal | undefined;
  #hasLeft = false;
  #isDone = false;

  constructor(context: HandlerContext, incoming: Incoming, options: ReplyOptions) {
    this.caller = incoming.caller;
    this.#context = context;
    this.#incoming = incoming;
    this.#options = options;
    this.response = new Promise((resolve) => void (this.#resolve = resolve));
    this.#cancelTimer = context.runtime.setTimer(context.keepAliveMs, () => this.#open());
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
      if (this.#hasLeft) this.#leave();
      else if (this.#stream === undefined && !this.#isDone) this.#watch();
    }
    return this.#departure.signal;
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    if (this.#options.era === VERSION_2026 && "id" in message) {
      throw new TypeError(`Cannot send "${message.method}": servers send no requests under 2026-07-28`);
    }
    if (!this.#isDone) this.#open().send(message);
  }

  waitUntil(work: Promise<unknown>): void {
    this.#incoming.waitUntil(work);
  }

  async run(dispatch: (exchange: Exchange) => Promise<Reply>): Promise<void> {
    let answer: Reply;
    try {
      answer = await dispatch(this);
    } catch (error) {
      const wire = this.#context.toWireError(error, "dispatch");
      answer = { status: wire.httpStatus ?? 200, body: toFailure(this.#options.id, wire.toJsonRpc()) };
    }
    this.#isDone = true;
    this.#cancelTimer();
    this.#unwatch();
    if (this.#stream === undefined) this.#resolve(jsonResponse(answer.body, answer.status));
    else this.#stream.close(answer.body);
  }

  #open(): SseStream {
    if (this.#stream !== undefined) return this.#stream;
    this.#cancelTimer();
    // From here on the stream tells when the client leaves. The request's signal may not be asked any more:
    // some runtimes abort it whenever a response has been sent.
    this.#unwatch();
    const { era, hasEventIds } = this.#options;
    this.#stream = this.#context.openStream(era, hasEventIds, (end) => {
      if (end !== "closed") this.#leave();
    });
    this.#resolve(new Response(this.#stream.readable, { headers: SSE_HEADERS }));
    return this.#stream;
  }

  #watch(): void {
    this.#watched = this.#incoming.request.signal;
    if (this.#watched.aborted) this.#leave();
    else this.#watched.addEventListener("abort", this.#leave);
  }

  #unwatch(): void {
    this.#watched?.removeEventListener("abort", this.#leave);
    this.#watched = undefined;
  }

  readonly #leave = (): void => {
    this.#hasLeft = true;
    this.#departure?.abort(new DOMException("The client closed the connection", "AbortError"));
  };
}
