/**
 * Tasks as 2025-11-25 spells them.
 *
 * @module
 * @see 2025-11-25, basic/utilities/tasks
 */
import type { JsonObject } from "../json.ts";
import { META } from "../constants.ts";

/** Status of a task (T25-035). */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** A task (T25-027). */
export type Task = {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** Milliseconds from creation that hold, not those asked for; `null`: unlimited. Always present (T25-030). */
  readonly ttl: number | null;
  /** Milliseconds between polls that we suggest. */
  readonly pollInterval?: number;
};

/** Answer to a task-augmented request: the task nested (T25-019). */
export type CreateTaskResult = {
  readonly task: Task;
  readonly _meta?: JsonObject;
};

/** Answer of `tasks/get`: the task flat (T25-042). */
export type GetTaskResult = Task & { readonly _meta?: JsonObject };

/** Answer of `tasks/cancel`: the task flat, `cancelled` (T25-082). */
export type CancelTaskResult = GetTaskResult;

/** Answer of `tasks/list`. */
export type ListTasksResult = {
  readonly tasks: readonly GetTaskResult[];
  readonly nextCursor?: string;
  readonly _meta?: JsonObject;
};

/** `notifications/tasks/status`: the whole task, flat (T25-088), without related-task meta (T25-089). */
export type TaskStatusNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/tasks/status";
  readonly params: Task;
};

/** The `_meta` members that tie a message to a task (T25-065). */
export function relatedTaskMeta(taskId: string): JsonObject {
  return { [META.relatedTask]: { taskId } };
}
