/**
 * Tasks as the extension `io.modelcontextprotocol/tasks` of 2026-07-28 spells them.
 *
 * @module
 * @see Tasks extension (SEP-2663)
 */
import type { JsonObject } from "../json.ts";
import type { InputRequest } from "../input.ts";
import type { JsonRpcError } from "../json_rpc.ts";
import { TASKS_EXTENSION } from "../constants.ts";
import { isJsonObject } from "../json.ts";

/** Status of a task (T26-043). */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** What every view of a task shows (T26-036). */
export type TaskFields = {
  readonly taskId: string;
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** Milliseconds from creation; `null`: unlimited. Always present. */
  readonly ttlMs: number | null;
  /** Milliseconds between polls that we suggest. */
  readonly pollIntervalMs?: number;
};

/** A task without its details. */
export type Task = TaskFields & { readonly status: TaskStatus };

/** Questions by key; a key is never used twice in a task's life (T26-065). */
export type InputRequests = { readonly [key: string]: InputRequest };

/** A task with what belongs to its status (T26-047 to T26-053). */
export type DetailedTask =
  & TaskFields
  & (
    | { readonly status: "working" | "cancelled" }
    | { readonly status: "input_required"; readonly inputRequests: InputRequests }
    | { readonly status: "completed"; readonly result: JsonObject }
    | { readonly status: "failed"; readonly error: JsonRpcError }
  );

/** Answer to a call that became a task: flat, without details (T26-022 to T26-028). */
export type CreateTaskResult = Task & { readonly resultType: "task"; readonly _meta?: JsonObject };

/** Answer of `tasks/get` (T26-054). */
export type GetTaskResult = DetailedTask & { readonly resultType: "complete"; readonly _meta?: JsonObject };

/** Answer of `tasks/update` and `tasks/cancel` (T26-073, T26-081). */
export type Acknowledgement = { readonly resultType: "complete"; readonly _meta?: JsonObject };

/** `notifications/tasks`: what `tasks/get` would say, with the subscription's id in `_meta` (T26-092, T26-093). */
export type TaskNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/tasks";
  readonly params: DetailedTask & { readonly _meta: JsonObject };
};

/** Whether a request's client capabilities declare the Tasks extension (T26-002, T26-015). */
export function declaresTasks(clientCapabilities: JsonObject): boolean {
  const { extensions } = clientCapabilities;
  return isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION]);
}

/** The capability that a task asks of a client, as `data.requiredCapabilities` names it (T26-006). */
export const TASKS_CAPABILITY: JsonObject = { extensions: { [TASKS_EXTENSION]: {} } };
