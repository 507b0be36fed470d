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
  /** Name of the class. */
  override readonly name: string = "TaskError";
  /** Stable word for programs; crosses the wire as `data.reason`. */
  readonly code: string = "task_error";
}

/** Unknown, expired, or another owner's: the three answer alike, so that no id can be probed. */
export class TaskNotFoundError extends TaskError {
  /** Name of the class. */
  override readonly name = "TaskNotFoundError";
  /** Stable word for programs. */
  override readonly code = "not_found";
  /** An error that tells nothing of the id. */
  constructor() {
    super("Task not found: it never existed, has expired, or belongs to someone else");
  }
}

/** The state machine forbids the move. */
export class InvalidTransitionError extends TaskError {
  /** Name of the class. */
  override readonly name = "InvalidTransitionError";
  /** Stable word for programs. */
  override readonly code = "invalid_transition";
  /** Status the task has. */
  readonly from: TaskStatus;
  /** Status it was to get. */
  readonly to: TaskStatus;
  /** An error for a refused move of a task. */
  constructor(taskId: string, from: TaskStatus, to: TaskStatus) {
    super(`Cannot move task "${taskId}" to "${to}": current status is "${from}"`);
    this.from = from;
    this.to = to;
  }
}

/** The task has no result yet. */
export class TaskNotReadyError extends TaskError {
  /** Name of the class. */
  override readonly name = "TaskNotReadyError";
  /** Stable word for programs. */
  override readonly code = "not_ready";
  /** Status the task has. */
  readonly status: TaskStatus;
  /** An error for a task that has not ended. */
  constructor(taskId: string, status: TaskStatus) {
    super(`Cannot read the result of task "${taskId}": current status is "${status}"`);
    this.status = status;
  }
}

/** Variables outside their limits. Nothing was stored. */
export class VariableLimitError extends TaskError {
  /** Name of the class. */
  override readonly name = "VariableLimitError";
  /** Stable word for programs. */
  override readonly code = "variable_limit";
}

/** A limit of the owner, or of the process for anonymous callers, is reached. Nothing was stored. */
export class LimitReachedError extends TaskError {
  /** Name of the class. */
  override readonly name = "LimitReachedError";
  /** Stable word for programs. */
  override readonly code = "limit";
  /** Name of the limit, as in the options. */
  readonly limit: string;
  /** When trying again makes sense, in milliseconds. */
  readonly retryAfterMs: number;
  /** An error for the limit of that name. */
  constructor(limit: string, allowed: number, retryAfterMs: number) {
    super(`Cannot accept the request: the limit "${limit}" of ${allowed} is reached`);
    this.limit = limit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A task with this id is there already. Nothing was stored. */
export class TaskIdTakenError extends TaskError {
  /** Name of the class. */
  override readonly name = "TaskIdTakenError";
  /** Stable word for programs. */
  override readonly code = "id_taken";
  /** An error for a create that came too late. */
  constructor(taskId: string) {
    super(`Cannot create task "${taskId}": the id is taken`);
  }
}

/** The idempotency key was used with other arguments. Nothing was stored. */
export class IdempotencyConflictError extends TaskError {
  /** Name of the class. */
  override readonly name = "IdempotencyConflictError";
  /** Stable word for programs. */
  override readonly code = "idempotency_conflict";
  /** An error for a call that is not the one the key stands for. */
  constructor() {
    super("The idempotency key was used with other arguments");
  }
}

/** A value is too large or nests too deep to be stored. Nothing was stored. */
export class TooLargeError extends TaskError {
  /** Name of the class. */
  override readonly name = "TooLargeError";
  /** Stable word for programs. */
  override readonly code = "too_large";
}

/** The write lost against others again and again. Retrying later is safe. */
export class ConcurrentModificationError extends TaskError {
  /** Name of the class. */
  override readonly name = "ConcurrentModificationError";
  /** Stable word for programs. */
  override readonly code = "conflict";
  /** An error for a write given up after so many attempts. */
  constructor(taskId: string, attempts: number) {
    super(`Cannot write task "${taskId}": lost against concurrent writers ${attempts} times`);
  }
}

/** The writer no longer holds the task: it was cancelled, expired, finished or taken over. */
export class LeaseLostError extends TaskError {
  /** Name of the class. */
  override readonly name = "LeaseLostError";
  /** Why it is no longer held; stable word for programs. */
  override readonly code: "cancelled" | "expired" | "lease_lost";
  /** An error for a holder that was replaced. */
  constructor(taskId: string, reason: "cancelled" | "expired" | "lease_lost") {
    super(`Cannot write task "${taskId}": it is no longer held here (${reason})`);
    this.code = reason;
  }
}

/** The stored record cannot be read: damaged, or written by a newer version. It is left as it is. */
export class UndecodableRecordError extends TaskError {
  /** Name of the class. */
  override readonly name = "UndecodableRecordError";
  /** Stable word for programs. */
  override readonly code = "undecodable";
  /** An error for a record that does not decode. */
  constructor(taskId: string, why: string, options?: ErrorOptions) {
    super(`Cannot read the record of task "${taskId}": ${why}`, options);
  }
}

/** The client did not declare what the tool asks for. */
export class MissingCapabilityError extends TaskError {
  /** Name of the class. */
  override readonly name = "MissingCapabilityError";
  /** Stable word for programs. */
  override readonly code = "missing_capability";
  /** What would have to be declared, in the shape of `clientCapabilities`. */
  readonly required: Readonly<Record<string, unknown>>;
  /** An error for capabilities that were not declared. */
  constructor(required: Readonly<Record<string, unknown>>) {
    super(`Cannot ask the client: it did not declare ${JSON.stringify(required)}`);
    this.required = required;
  }
}
