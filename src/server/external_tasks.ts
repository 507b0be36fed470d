/**
 * Tasks in the hands of an outside engine: Step Functions, Temporal, a queue consumer.
 *
 * @module
 */
import { assertCallToolResult } from "../protocol/content_guard.ts";
import type { JsonObject, JsonRpcError } from "../protocol/mod.ts";
import type { Runtime } from "../runtime.ts";
import { type EventSink, type StorageBackend, TaskStore } from "../store/mod.ts";

/** Names a task as `task.dispatch` handed it out. */
export interface ExternalTaskRef {
  /** Owner key, as dispatched. */
  readonly owner: string;
  /** Id of the task. */
  readonly taskId: string;
  /** Epoch, as dispatched. A task that was cancelled or taken over since refuses its outcome. */
  readonly epoch: number;
}

/** What the work came to: a call result, or a JSON-RPC error. */
export type ExternalOutcome =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "rpcError"; readonly error: JsonRpcError };

/** What an outside engine does with tasks. */
export interface ExternalTasks {
  /**
   * Stores the one outcome of a task.
   *
   * @throws {TypeError} If the result is none that clients can read: its content, or a block of it, is malformed.
   * @throws {LeaseLostError} If it was cancelled, finished or taken over.
   * @throws {TaskNotFoundError} If it has expired.
   * @throws {StorageUnavailableError} If the store is away; trying again is safe.
   */
  readonly finish: (task: ExternalTaskRef, outcome: ExternalOutcome, statusMessage?: string) => Promise<void>;
}

/** Options of {@linkcode openExternalTasks}. */
export interface ExternalTasksOptions {
  /** The store that the server uses. It stays the caller's to close. */
  readonly backend: StorageBackend;
  /** Hears of what goes wrong. */
  readonly onEvent?: EventSink;
  /** Clocks, timers and chance. @default the real ones */
  readonly runtime?: Runtime;
}

/** Opens the tasks of a store for an outside engine. */
export function openExternalTasks({ backend, ...options }: ExternalTasksOptions): ExternalTasks {
  const store = new TaskStore(backend, options);
  return {
    finish: async ({ owner, taskId, epoch }, outcome, statusMessage) => {
      if (outcome.kind === "result") assertCallToolResult(outcome.result);
      await store.finish({ owner, id: taskId, epoch }, outcome, statusMessage);
    },
  };
}
