/**
 * What becomes of errors in a transport: the client is told what is meant for it, the operator the rest.
 *
 * @module
 */
import { internalError, ProtocolError } from "../protocol/mod.ts";
import { randomName, type Runtime } from "../runtime.ts";
import type { HandlerEvent, HandlerEventListener, Stage } from "./events.ts";

/** Tells clients and operators apart. */
export class FaultReporter {
  /** Clocks and chance. */
  readonly runtime: Runtime;
  readonly #onEvent?: HandlerEventListener;

  constructor(runtime: Runtime, onEvent: HandlerEventListener | undefined) {
    this.runtime = runtime;
    this.#onEvent = onEvent;
  }

  /** What the client is told of an error: itself if it is meant for the wire, else what {@linkcode toDefect} says. */
  toWireError(error: unknown, during: Stage): ProtocolError {
    return error instanceof ProtocolError ? error : this.toDefect(error, during);
  }

  /** Reports an error that is nobody else's business, and gives the fixed text that clients get instead. */
  toDefect(error: unknown, during: Stage): ProtocolError {
    const correlationId = randomName(this.runtime, 9);
    this.emit({ type: "defect", correlationId, during, error });
    const { code, message, data } = internalError(`Internal error ${correlationId}`, { correlationId });
    return new ProtocolError(code, message, data, { httpStatus: 500 });
  }

  /** Tells the operator. */
  emit(event: HandlerEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // A listener that fails must not fail the request it is told about, and there is nobody else to tell.
    }
  }
}
