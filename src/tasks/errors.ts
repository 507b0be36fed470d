/**
 * Errors of tasks, for code on this side of the wire.
 *
 * `src/server/` maps each to a JSON-RPC error; no other code picks a number.
 *
 * @module
 */
import type { TaskStatus } from "./status.ts";

/** Base of every error about a task. */
export class TaskError extends Error {
  override readonly name: string = "TaskError";
  /** Stable word for programs; crosses the wire as `data.reason`. */
  readonly code: string = "task_error";
}

/** Unknown, expired, or another owner's: the three answer alike, so that no id can be probed. */
export class TaskNotFoundError extends TaskError {
  override readonly name = "TaskNotFoundError";
  override readonly code = "not_found";
  constructor() {
    super("Task not found: it never existed, has expired, or belongs to someone else");
  }
}

/** The state machine forbids the move. */
export class InvalidTransitionError extends TaskError {
  override readonly name = "InvalidTransitionError";
  override readonly code = "invalid_transition";
  /** Status the task has. */
  readonly from: TaskStatus;
  /** Status it was to get. */
  readonly to: TaskStatus;
  constructor(taskId: string, from: TaskStatus, to: TaskStatus) {
    super(`Cannot move task "${taskId}" to "${to}": current status is "${from}"`);
    this.from = from;
    this.to = to;
  }
}

/** The task has no result yet. */
export class TaskNotReadyError extends TaskError {
  override readonly name = "TaskNotReadyError";
  override readonly code = "not_ready";
  /** Status the task has. */
  readonly status: TaskStatus;
  constructor(taskId: string, status: TaskStatus) {
    super(`Cannot read the result of task "${taskId}": current status is "${status}"`);
    this.status = status;
  }
}

/** Variables outside their limits. Nothing was stored. */
export class VariableLimitError extends TaskError {
  override readonly name = "VariableLimitError";
  override readonly code = "variable_limit";
}

/** A limit of the owner, or of the process for anonymous callers, is reached. Nothing was stored. */
export class LimitReachedError extends TaskError {
  override readonly name = "LimitReachedError";
  override readonly code = "limit";
  /** Name of the limit, as in the options. */
  readonly limit: string;
  /** When trying again makes sense, in milliseconds. */
  readonly retryAfterMs: number;
  constructor(limit: string, allowed: number, retryAfterMs: number) {
    super(`Cannot create another task: the limit "${limit}" of ${allowed} is reached`);
    this.limit = limit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A value is too large or nests too deep to be stored. Nothing was stored. */
export class TooLargeError extends TaskError {
  override readonly name = "TooLargeError";
  override readonly code = "too_large";
}

/** The write lost against others again and again. Retrying later is safe. */
export class ConcurrentModificationError extends TaskError {
  override readonly name = "ConcurrentModificationError";
  override readonly code = "conflict";
  constructor(taskId: string, attempts: number) {
    super(`Cannot write task "${taskId}": lost against concurrent writers ${attempts} times`);
  }
}

/** The writer no longer holds the task: it was cancelled, expired, finished or taken over. */
export class LeaseLostError extends TaskError {
  override readonly name = "LeaseLostError";
  override readonly code: "cancelled" | "expired" | "lease_lost";
  constructor(taskId: string, reason: "cancelled" | "expired" | "lease_lost") {
    super(`Cannot write task "${taskId}": it is no longer held here (${reason})`);
    this.code = reason;
  }
}

/** The stored record cannot be read: damaged, or written by a newer version. It is left as it is. */
export class UndecodableRecordError extends TaskError {
  override readonly name = "UndecodableRecordError";
  override readonly code = "undecodable";
  constructor(taskId: string, why: string, options?: ErrorOptions) {
    super(`Cannot read the record of task "${taskId}": ${why}`, options);
  }
}

/** The client did not declare what the tool asks for. */
export class MissingCapabilityError extends TaskError {
  override readonly name = "MissingCapabilityError";
  override readonly code = "missing_capability";
  /** What would have to be declared, in the shape of `clientCapabilities`. */
  readonly required: Readonly<Record<string, unknown>>;
  constructor(required: Readonly<Record<string, unknown>>) {
    super(`Cannot ask the client: it did not declare ${JSON.stringify(required)}`);
    this.required = required;
  }
}
