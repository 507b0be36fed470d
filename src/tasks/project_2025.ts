/**
 * A task as 2025-11-25 clients see it.
 *
 * @module
 */
import type { JsonObject } from "../protocol/mod.ts";
import type { GetTaskResult } from "../protocol/v2025_11_25/mod.ts";
import type { TaskHead } from "./record.ts";
import type { TaskStatus } from "./status.ts";

/** How a tool result with `isError: true` shows to 2025 clients. */
export type ToolErrorStatus = "failed" | "completed";

/**
 * The flat Task of `tasks/get`, `tasks/list`, `tasks/cancel` and `notifications/tasks/status`.
 *
 * @param variables Variables clients may see; they become the task's `_meta`.
 */
export function toTask2025(
  head: TaskHead,
  toolErrorStatus: ToolErrorStatus,
  variables?: JsonObject,
): GetTaskResult {
  return {
    taskId: head.id,
    status: status2025(head, toolErrorStatus),
    ...(head.statusMessage === undefined ? {} : { statusMessage: head.statusMessage }),
    createdAt: new Date(head.createdAt).toISOString(),
    lastUpdatedAt: new Date(head.lastUpdatedAt).toISOString(),
    ttl: head.expiresAt - head.createdAt,
    pollInterval: head.pollIntervalMs,
    ...(variables === undefined ? {} : { _meta: variables }),
  };
}

/** `isError` reads as `failed` in this revision (T25-039). */
function status2025(head: TaskHead, toolErrorStatus: ToolErrorStatus): TaskStatus {
  return head.status === "completed" && head.outcome?.isError ? toolErrorStatus : head.status;
}
