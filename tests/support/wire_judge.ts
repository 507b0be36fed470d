/**
 * Judges every message a server sends: its envelope, and its shape by the schemas that others wrote.
 *
 * @module
 */
import { assert, assertEquals, AssertionError } from "@std/assert";
import { assertValid2025, assertValid2026, assertValidTasksExt } from "./official_schemas.ts";

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** What was asked, as far as the answer's shape depends on it. */
export interface Asked {
  readonly method: string;
  readonly id: unknown;
  /** The client asked for a task (2025-11-25). */
  readonly isTaskCall?: boolean;
}

const RESULTS_2025: Readonly<Record<string, readonly string[]>> = {
  "initialize": ["InitializeResult"],
  "ping": ["EmptyResult"],
  "logging/setLevel": ["EmptyResult"],
  "tools/list": ["ListToolsResult"],
  "prompts/list": ["ListPromptsResult"],
  "prompts/get": ["GetPromptResult"],
  "resources/list": ["ListResourcesResult"],
  "resources/templates/list": ["ListResourceTemplatesResult"],
  "resources/read": ["ReadResourceResult"],
  "resources/subscribe": ["EmptyResult"],
  "resources/unsubscribe": ["EmptyResult"],
  "completion/complete": ["CompleteResult"],
  "tasks/get": ["GetTaskResult"],
  "tasks/list": ["ListTasksResult"],
  "tasks/cancel": ["CancelTaskResult"],
  "tasks/result": ["GetTaskPayloadResult", "CallToolResult"],
};

const SENT_2025: Readonly<Record<string, string>> = {
  "notifications/progress": "ProgressNotification",
  "notifications/message": "LoggingMessageNotification",
  "notifications/tasks/status": "TaskStatusNotification",
  "notifications/tools/list_changed": "ToolListChangedNotification",
  "notifications/prompts/list_changed": "PromptListChangedNotification",
  "notifications/resources/list_changed": "ResourceListChangedNotification",
  "notifications/resources/updated": "ResourceUpdatedNotification",
  "elicitation/create": "ElicitRequest",
  "sampling/createMessage": "CreateMessageRequest",
  "roots/list": "ListRootsRequest",
};

/** Results of methods that are answered in one way only, unless they ask first. */
const RESULTS_2026: Readonly<Record<string, string>> = {
  "server/discover": "DiscoverResult",
  "tools/list": "ListToolsResult",
  "prompts/list": "ListPromptsResult",
  "prompts/get": "GetPromptResult",
  "resources/list": "ListResourcesResult",
  "resources/templates/list": "ListResourceTemplatesResult",
  "resources/read": "ReadResourceResult",
  "completion/complete": "CompleteResult",
};

const ASKING_2026: readonly string[] = ["prompts/get", "resources/read"];

const SENT_2026: Readonly<Record<string, string>> = {
  "notifications/progress": "ProgressNotification",
  "notifications/message": "LoggingMessageNotification",
  "notifications/cancelled": "CancelledNotification",
  "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification",
  "notifications/tools/list_changed": "ToolListChangedNotification",
  "notifications/prompts/list_changed": "PromptListChangedNotification",
  "notifications/resources/list_changed": "ResourceListChangedNotification",
  "notifications/resources/updated": "ResourceUpdatedNotification",
};

/** @throws {AssertionError} If a 2025-11-25 server may not answer `asked` so. */
export function judgeAnswer2025(message: Json, asked: Asked): void {
  judgeEnvelope(message, asked);
  if ("error" in message) return assertValid2025("JSONRPCErrorResponse", message);
  const definitions = asked.method === "tools/call"
    ? [asked.isTaskCall ? "CreateTaskResult" : "CallToolResult"]
    : RESULTS_2025[asked.method];
  if (definitions === undefined) throw new AssertionError(`Cannot judge an answer to "${asked.method}"`);
  for (const definition of definitions) assertValid2025(definition, message.result);
}

/** @throws {AssertionError} If a 2025-11-25 server may not send this of its own. */
export function judgeSent2025(message: Json): void {
  judgeSent(message, SENT_2025, assertValid2025);
}

/** @throws {AssertionError} If a 2026-07-28 server may not answer `asked` so. */
export function judgeAnswer2026(message: Json, asked: Asked): void {
  judgeEnvelope(message, asked);
  if ("error" in message) return assertValid2026("JSONRPCErrorResponse", message);
  const result = message.result as Json;
  assertValid2026("Result", result);
  const { resultType } = result;
  switch (asked.method) {
    case "tasks/get":
      assertValidTasksExt("GetTaskResult", result);
      return assertEquals(resultType, "complete");
    case "tasks/update":
      return assertValidTasksExt("UpdateTaskResult", result);
    case "tasks/cancel":
      return assertValidTasksExt("CancelTaskResult", result);
    case "tools/call":
      if (resultType === "task") return assertValidTasksExt("CreateTaskResult", result);
      if (resultType === "input_required") return assertValid2026("InputRequiredResult", result);
      assertEquals(resultType, "complete");
      return assertValid2026("CallToolResult", result);
    default:
      return judgeOther2026(result, asked.method);
  }
}

function judgeOther2026(result: Json, method: string): void {
  if (result.resultType === "input_required" && ASKING_2026.includes(method)) {
    return assertValid2026("InputRequiredResult", result);
  }
  assertEquals(result.resultType, "complete");
  const definition = RESULTS_2026[method];
  if (definition === undefined) throw new AssertionError(`Cannot judge an answer to "${method}"`);
  assertValid2026(definition, result);
}

/** @throws {AssertionError} If a 2026-07-28 server may not send this of its own: it sends no requests at all. */
export function judgeSent2026(message: Json): void {
  if (message.method === "notifications/tasks") return assertValidTasksExt("TaskStatusNotification", message);
  judgeSent(message, SENT_2026, assertValid2026);
}

function judgeEnvelope(message: Json, { id }: Asked): void {
  assertEquals(message.jsonrpc, "2.0");
  judgeMeta(message);
  assertEquals(message.id, id, "the answer must carry the id of its request");
  assert("result" in message !== "error" in message, "an answer is a result or an error");
}

function judgeSent(
  message: Json,
  known: Readonly<Record<string, string>>,
  assertValid: (definition: string, value: unknown) => void,
): void {
  assertEquals(message.jsonrpc, "2.0");
  judgeMeta(message);
  const definition = known[String(message.method)];
  if (definition === undefined) throw new AssertionError(`Cannot judge a "${message.method}"`);
  assertEquals("id" in message, definition.endsWith("Request"), "only a request has an id");
  assertValid(definition, message);
}

/** A prefix of dotted labels and a slash, both optional, and a name: as both revisions write it. */
const META_KEY =
  /^([A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?)*\/)?([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;

/** Every key of every `_meta` in a message (T25-129). */
function judgeMeta(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    if (name === "_meta") {
      for (const key of Object.keys(child)) assert(META_KEY.test(key), `"${key}" is no key of _meta`);
    }
    judgeMeta(child);
  }
}
