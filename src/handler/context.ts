/**
 * What every part of the handler works with.
 *
 * @module
 */
import type { Era } from "../protocol/mod.ts";
import type { Runtime } from "../runtime.ts";
import type { CredentialRefusal } from "../server/authentication.ts";
import type { Dispatcher } from "../server/exchange.ts";
import { refusalHeaders } from "./challenge.ts";
import type { HandlerEventListener } from "./events.ts";
import { FaultReporter } from "./fault_reporter.ts";
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
export class HandlerContext extends FaultReporter {
  readonly dispatcher: Dispatcher;
  readonly keepAliveMs: number;
  readonly #maxQueueBytes: number;
  readonly #metadataUrl?: string;

  constructor(options: ContextOptions) {
    super(options.runtime, options.onEvent);
    this.dispatcher = options.dispatcher;
    this.keepAliveMs = options.keepAliveMs;
    this.#maxQueueBytes = options.maxQueueBytes;
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
        if (end === "overflow") this.emit({ type: "stream_overflow", era });
        onEnd(end);
      },
    });
  }

  /** Headers of a response that refuses credentials. */
  refusalHeaders(refusal: CredentialRefusal): Record<string, string> {
    const { scopes } = this.dispatcher;
    return refusalHeaders(refusal, { metadataUrl: this.#metadataUrl, scopes: scopes.required });
  }
}
