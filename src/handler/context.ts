/**
 * What every part of the handler works with.
 *
 * @module
 */
import { type Era, internalError, ProtocolError } from "../protocol/mod.ts";
import { randomName, type Runtime } from "../runtime.ts";
import type { CredentialRefusal } from "../server/authentication.ts";
import type { Dispatcher } from "../server/exchange.ts";
import { refusalHeaders } from "./challenge.ts";
import type { HandlerEvent, HandlerEventListener, Stage } from "./events.ts";
import { SseStream, type StreamEnd } from "./sse_stream.ts";

/** Options of {@linkcode HandlerContext}, defaults filled in. */
export interface ContextOptions {
  readonly dispatcher: Dispatcher;
  readonly runtime: Runtime;
  readonly keepAliveMs: number;
  readonly maxQueueBytes: number;
  readonly onEvent?: HandlerEventListener;
  /** Where the metadata of the protected resource is. */
  readonly metadataUrl?: string;
}

/** The handler's parts and their common duties. */
export class HandlerContext {
  readonly dispatcher: Dispatcher;
  readonly runtime: Runtime;
  readonly keepAliveMs: number;
  readonly #maxQueueBytes: number;
  readonly #metadataUrl?: string;
  readonly #onEvent?: HandlerEventListener;

  constructor(options: ContextOptions) {
    this.dispatcher = options.dispatcher;
    this.runtime = options.runtime;
    this.keepAliveMs = options.keepAliveMs;
    this.#maxQueueBytes = options.maxQueueBytes;
    this.#onEvent = options.onEvent;
    this.#metadataUrl = options.metadataUrl;
  }

  /** Opens an event stream; with `idPrefix` its events have ids. */
  openStream(era: Era, idPrefix: string | undefined, onEnd: (end: StreamEnd) => void): SseStream {
    return new SseStream({
      runtime: this.runtime,
      keepAliveMs: this.keepAliveMs,
      maxQueueBytes: this.#maxQueueBytes,
      idPrefix,
      onEnd: (end) => {
        if (end === "overflow") this.#emit({ type: "stream_overflow", era });
        onEnd(end);
      },
    });
  }

  /** Headers of a response that refuses credentials. */
  refusalHeaders(refusal: CredentialRefusal): Record<string, string> {
    const { scopes } = this.dispatcher;
    return refusalHeaders(refusal, { metadataUrl: this.#metadataUrl, scopes: scopes.required });
  }

  /** What the client is told of an error: itself if it is meant for the wire, else what {@linkcode toDefect} says. */
  toWireError(error: unknown, during: Stage): ProtocolError {
    return error instanceof ProtocolError ? error : this.toDefect(error, during);
  }

  /** Reports an error that is nobody else's business, and gives the fixed text that clients get instead. */
  toDefect(error: unknown, during: Stage): ProtocolError {
    const correlationId = randomName(this.runtime, 9);
    this.#emit({ type: "defect", correlationId, during, error });
    const { code, message, data } = internalError(`Internal error ${correlationId}`, { correlationId });
    return new ProtocolError(code, message, data, { httpStatus: 500 });
  }

  #emit(event: HandlerEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // A listener that fails must not fail the request it is told about, and there is nobody else to tell.
    }
  }
}
