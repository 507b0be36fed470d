/**
 * Tasks in the hands of an outside engine: Step Functions, Temporal, a queue consumer.
 *
 * @module
 */
import type { JsonObject, JsonRpcError } from "../protocol/mod.ts";
import { type StorageBackend, TaskStore } from "../store/mod.ts";
import type { EventSink } from "../store/mod.ts";

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
   * @throws {LeaseLostError} If it was cancelled, finished or taken over.
   * @throws {TaskNotFoundError} If it has expired.
   * @throws {StorageUnavailableError} If the store is away; trying again is safe.
   */
  readonly finish: (task: ExternalTaskRef, outcome: ExternalOutcome, statusMessage?: string) => Promise<void>;
}

/** Opens the tasks of a store for an outside engine. The store stays the caller's to close. */
export function openExternalTasks(
  { backend, onEvent }: { readonly backend: StorageBackend; readonly onEvent?: EventSink },
): ExternalTasks {
  const store = new TaskStore(backend, { onEvent });
  return {
    finish: async ({ owner, taskId, epoch }, outcome, statusMessage) => {
      await store.finish({ owner, id: taskId, epoch }, outcome, statusMessage);
    },
  };
}
