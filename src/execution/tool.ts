/**
 * A tool as execution sees it.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import type { TaskContext } from "./context.ts";
import type { ReadValue } from "./schema.ts";

/** A task on its way to an outside engine. */
export interface DispatchedTask {
  /** Owner key. With the next two, this names the task to {@linkcode ExternalTasks.finish}. */
  readonly owner: string;
  /** Id of the task. */
  readonly taskId: string;
  /** Epoch under which it is handed out. */
  readonly epoch: number;
  /** Tool. */
  readonly name: string;
  /** Arguments as the client sent them. */
  readonly args: JsonValue;
  /** The same for every dispatch of this task: the engine may see it more than once. */
  readonly idempotencyKey: string;
}

/** How long a lost attempt waits until it is run again: a random part of a limit that grows with each loss. */
export interface RepeatBackoff {
  /** Limit after the first loss, a whole number of milliseconds of at least 1. @default {1000} */
  readonly initialMs?: number;
  /** Limit after any loss, a whole number of milliseconds of at least 1. @default {60_000} */
  readonly maxMs?: number;
  /** By what the limit grows with each further loss, at least 1. @default {2} */
  readonly factor?: number;
}

/** A registered tool. */
export interface ExecutableTool {
  readonly name: string;
  /** Whether a lost attempt may be run again. Never implied by hints such as `idempotentHint`. */
  readonly repeatable: boolean;
  /** Attempts of a repeatable tool, the first included. */
  readonly maxAttempts: number;
  /** Pauses before lost attempts. Absent: none after the first loss. */
  readonly backoff?: RepeatBackoff;
  /** Wait after which a repeatable task leaves the process, in milliseconds. */
  readonly parkAfterMs?: number;
  /** Wait for an answer where the question sets none, in milliseconds. */
  readonly inputTimeoutMs?: number;
  /** Reads raw arguments by the tool's schema. */
  readonly readArgs: (args: JsonValue) => Promise<ReadValue<unknown>>;
  /** Absent: the work is done elsewhere, by a worker or an outside engine. */
  readonly handler?: (args: unknown, ctx: TaskContext) => unknown;
  /** Hands the task to an outside engine. Called again after a crash, until it once has returned. */
  readonly dispatch?: (task: DispatchedTask) => void | Promise<void>;
  /** Asks what has to be known before the task exists. */
  readonly prepare?: (args: unknown, ctx: TaskContext) => unknown;
  /** Checks a structured value; absent without output schema. */
  readonly checkOutput?: (value: unknown) => Promise<JsonValue>;
}
