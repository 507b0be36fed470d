/**
 * A task as 2026-07-28 clients see it.
 *
 * @module
 */
import { type JsonObject, toEraError, VERSION_2026 } from "../protocol/mod.ts";
import type { DetailedTask, InputRequests, Task } from "../protocol/v2026_07_28/mod.ts";
import type { LoadedOutcome, TaskHead } from "./record.ts";

/** The plain Task of `CreateTaskResult`. */
export function toTask2026(head: TaskHead): Task {
  return {
    taskId: head.id,
    status: head.status,
    ...(head.statusMessage === undefined ? {} : { statusMessage: head.statusMessage }),
    createdAt: new Date(head.createdAt).toISOString(),
    lastUpdatedAt: new Date(head.lastUpdatedAt).toISOString(),
    ttlMs: head.expiresAt - head.createdAt,
    pollIntervalMs: head.pollIntervalMs,
  };
}

/** What a head names but does not hold: read before projecting. */
export interface TaskDetails {
  /** Of a completed or failed task. */
  readonly outcome?: LoadedOutcome;
  /** Of a task that waits for input: every outstanding request by its key. */
  readonly inputRequests?: InputRequests;
  /** Variables clients may see. */
  readonly variables?: JsonObject;
}

/** The DetailedTask of `tasks/get` and `notifications/tasks` (T26-047 to T26-053, T26-092). */
export function toDetailedTask2026(head: TaskHead, details: TaskDetails): DetailedTask {
  const task = {
    ...toTask2026(head),
    ...(details.variables === undefined ? {} : { _meta: details.variables }),
  };
  const { outcome } = details;
  if (head.status === "input_required") {
    return { ...task, status: "input_required", inputRequests: details.inputRequests ?? {} };
  }
  if (outcome?.kind === "rpcError") {
    return { ...task, status: "failed", error: toEraError(VERSION_2026, outcome.error) };
  }
  if (outcome?.kind === "result") {
    // Without the inner resultType one official client takes a completed task for a broken one.
    return { ...task, status: "completed", result: { ...outcome.result, resultType: "complete" } };
  }
  return { ...task, status: head.status } as DetailedTask;
}
