/**
 * A tool as authors register it.
 *
 * @module
 */
import type { Icon, ToolAnnotations } from "../protocol/content.ts";
import type { JsonObject } from "../protocol/mod.ts";
import type { DispatchedTask, RepeatBackoff, Schema, TaskContext } from "../execution/mod.ts";

/** Whether a tool's call can, or must, be a task. */
export type TaskSupport = "forbidden" | "optional" | "required";

/** How often a lost attempt is run again. */
export interface RepeatOptions {
  /** Attempts in all, at least 1. */
  readonly maxAttempts: number;
  /**
   * Pauses before a lost attempt is run again, from the first loss on. Absent: none after the first loss, then as
   * with `{}`.
   */
  readonly backoff?: RepeatBackoff;
}

/** How a tool's calls become tasks. Durations are milliseconds; what is left out is taken from the server. */
export interface TaskOptions<Args = unknown> {
  /** Whether a call can, or must, be a task. */
  readonly support: TaskSupport;
  /** Whether the handler may run again after a crash. `true`: 3 attempts in all. @default {false} */
  readonly repeatable?: boolean | RepeatOptions;
  /** Time to live of a task whose client names none. */
  readonly ttlMs?: number;
  /** Poll interval suggested to clients. */
  readonly pollIntervalMs?: number;
  /** How long a call of an `optional` tool may take before it becomes a task (2026-07-28). 0: not at all. */
  readonly inlineMs?: number;
  /** Wait after which a repeatable task leaves the process. */
  readonly parkAfterMs?: number;
  /** Wait for an answer where the question sets none. */
  readonly inputTimeoutMs?: number;
  /** Names of variables that clients may see, in the task's `_meta`. */
  readonly publicVariables?: readonly string[];
  /** Text for the model while the task runs (2025-11-25, provisional there). */
  readonly immediateResponse?: string;
  /**
   * For a tool without a handler: hands a task to the engine outside that will finish it. It may be called again
   * after a crash. Absent: the task waits for a worker.
   */
  readonly dispatch?: (task: DispatchedTask) => void | Promise<void>;
  /** Asks what must be known before the task exists; what it returns is `ctx.prepared`. */
  readonly prepare?: (args: Args, ctx: TaskContext) => unknown;
}

/** A tool's description. */
export interface ToolConfig<Args = unknown> {
  /** Name for people. */
  readonly title?: string;
  /** What the tool does, for the model. */
  readonly description?: string;
  /** Absent: the tool takes no arguments. */
  readonly inputSchema?: Schema<Args>;
  /** Checks structured results. */
  readonly outputSchema?: Schema;
  /** Hints about its effects. */
  readonly annotations?: ToolAnnotations;
  /** Images a host may show beside it. */
  readonly icons?: readonly Icon[];
  /** Further metadata, listed as it is. */
  readonly _meta?: JsonObject;
  /**
   * Scopes that callers need to call it, and to read, answer or cancel its tasks. It is listed to everyone.
   * @default {[]}
   */
  readonly scopes?: readonly string[];
  /** Absent: never a task. */
  readonly task?: TaskOptions<Args>;
}

/** A tool's work. It returns a text, a call result, or, with `outputSchema`, the structured value. */
export type ToolHandler<Args = unknown> = (args: Args, ctx: TaskContext) => unknown;
