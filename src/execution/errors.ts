/**
 * Errors that tools throw, and that tools are thrown.
 *
 * @module
 */

/**
 * A failure the model should read: the call's result is `isError: true` with this message.
 *
 * Any other error than this and `ProtocolError` reaches clients as a fixed text with a correlation id.
 */
export class ToolError extends Error {
  /** Name of the class. */
  override readonly name = "ToolError";
}

/** Why a tool's signal aborts. */
export type AbortReason = "cancelled" | "expired" | "lease_lost" | "parked" | "closing";

const ABORT_TEXTS: Readonly<Record<AbortReason, string>> = {
  cancelled: "The task was cancelled",
  expired: "The task has expired",
  lease_lost: "The task is no longer held by this process",
  parked: "The task waits for an answer and will be run again when it comes",
  closing: "The server is closing",
};

/** Reason of a tool's aborted signal. What the tool still returns or throws is dropped. */
export class TaskAbortError extends Error {
  /** Name of the class. */
  override readonly name = "TaskAbortError";
  /** Stable word for programs. */
  readonly reason: AbortReason;
  /** The reason of an aborted signal. */
  constructor(reason: AbortReason, options?: ErrorOptions) {
    super(ABORT_TEXTS[reason], options);
    this.reason = reason;
  }
}

/** A step failed for good, in this attempt or in an earlier one. */
export class StepError extends Error {
  /** Name of the class. */
  override readonly name = "StepError";
  /** Name of the step. */
  readonly step: string;
  /** Name of the error that the step threw. */
  readonly thrown: string;
  /** An error for a step that ended in `thrown`, as it is recorded; `cause` is known on the first run only. */
  constructor(
    step: string,
    thrown: { readonly name: string; readonly message: string },
    options: ErrorOptions = { cause: thrown },
  ) {
    super(`Step "${step}" failed: ${thrown.message}`, options);
    this.step = step;
    this.thrown = thrown.name;
  }
}

/** The function took another way than in an earlier attempt: what is recorded does not fit what it asks for. */
export class ReplayMismatchError extends Error {
  /** Name of the class. */
  override readonly name = "ReplayMismatchError";
  /** An error for a journaled call that is not the one recorded. */
  constructor(key: string, recorded: string, called: string) {
    super(`Cannot replay "${key}": recorded as ${recorded}, called as ${called}`);
  }
}

/** A question was not answered in time, and has no fallback. */
export class InputTimeoutError extends Error {
  /** Name of the class. */
  override readonly name = "InputTimeoutError";
  /** Identity of the question. */
  readonly key: string;
  /** A wait that is over; thrown by the context's questions. */
  constructor(key: string) {
    super(`Question "${key}" was not answered in time`);
    this.key = key;
  }
}
