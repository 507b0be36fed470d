/**
 * Guards for what a 2025-11-25 client sends.
 *
 * @module
 */
import type { Implementation } from "../content.ts";
import {
  implementation,
  loggingLevel,
  type ProgressToken,
  progressToken,
  requestId,
  taskId,
  toolName,
  ttl,
} from "../fields.ts";
import {
  anyJson,
  anyObject,
  finiteNumber,
  isText,
  members,
  optional,
  parseParams,
  text,
  tryParams,
} from "../guard.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { RequestId } from "../json_rpc.ts";
import type { LoggingLevel } from "../logging.ts";
import { parseReadResource, parseRequestExtras, type RequestExtras, type ResourceParams } from "../params.ts";
import type { ClientCapabilities } from "./capabilities.ts";

/** Parameters of `initialize`. */
export interface InitializeParams {
  /** Version the client would like; 1 to 64 characters, not necessarily one we know. */
  readonly protocolVersion: string;
  /** As sent: not bounded, so boil it down before it is stored. */
  readonly capabilities: ClientCapabilities;
  /** Name, version and title only. */
  readonly clientInfo: Implementation;
}

const capabilities = members({
  roots: optional(anyObject),
  sampling: optional(anyObject),
  elicitation: optional(anyObject),
  tasks: optional(anyObject),
  experimental: optional(anyObject),
});
const initializeParams = members({
  protocolVersion: text(1, 64),
  capabilities,
  clientInfo: implementation,
});

/** Reads the parameters of `initialize` (T25-133). Throws -32602 naming the field. */
export function parseInitializeParams(params: JsonObject | undefined): InitializeParams {
  return parseParams<InitializeParams>(initializeParams, params);
}

/** A client's wish for a task. Its presence is the wish (T25-017). */
export interface TaskMetadata {
  /** Milliseconds from creation; 0 or more, not yet clamped. */
  readonly ttl?: number;
}

/** Parameters of `tools/call`. */
export interface CallToolParams extends RequestExtras {
  /** 1 to 128 characters. */
  readonly name: string;
  /** As sent; the tool's schema judges them. */
  readonly arguments?: JsonObject;
  /** Present: the client wants a task. */
  readonly task?: TaskMetadata;
}

const callToolParams = members({
  name: toolName,
  arguments: optional(anyObject),
  task: optional(members({ ttl: optional(ttl) })),
});

/** Reads the parameters of `tools/call`. Throws -32602 naming the field. */
export function parseCallToolParams(params: JsonObject | undefined): CallToolParams {
  return { ...parseParams(callToolParams, params), ...parseRequestExtras(params) };
}

/** Parameters of `tasks/cancel`. */
export interface CancelTaskParams {
  /** 1 to 128 visible ASCII characters. */
  readonly taskId: string;
  /** Completes the task with this instead of cancelling it: not part of the specification. `null` counts as absent. */
  readonly result?: JsonValue;
}

const cancelTaskParams = members({ taskId, result: optional(anyJson) });

/** Reads the parameters of `tasks/cancel`. Throws -32602 naming the field. */
export function parseCancelTaskParams(params: JsonObject | undefined): CancelTaskParams {
  const { taskId, result } = parseParams(cancelTaskParams, params);
  return result === undefined || result === null ? { taskId } : { taskId, result };
}

/** Reads the parameters of `resources/subscribe` and `resources/unsubscribe`. Throws -32602 naming the field. */
export function parseSubscribe(params: JsonObject | undefined): ResourceParams {
  return parseReadResource(params);
}

const setLevelParams = members({ level: loggingLevel });

/** Reads the parameters of `logging/setLevel` (T25-232). Throws -32602 naming the field. */
export function parseSetLevel(params: JsonObject | undefined): { readonly level: LoggingLevel } {
  return parseParams(setLevelParams, params);
}

/** A cancelled request of the client's. */
export interface CancelledParams {
  /** Id of the request, as the client gave it. */
  readonly requestId: RequestId;
  /** At most 1024 characters; longer reasons are cut. */
  readonly reason?: string;
}

const cancelledParams = members({ requestId });

/** Reads `notifications/cancelled`; `undefined` if it is malformed, and so to be ignored (T25-247). */
export function parseCancelledNotification(params: JsonObject | undefined): CancelledParams | undefined {
  const parsed = tryParams(cancelledParams, params);
  const reason = params?.reason;
  if (parsed === undefined || (reason !== undefined && typeof reason !== "string")) return undefined;
  return reason === undefined ? parsed : { ...parsed, reason: reason.slice(0, 1024).toWellFormed() };
}

/** Progress of a request of ours. */
export interface ProgressParams {
  /** Token of our request. */
  readonly progressToken: ProgressToken;
  /** How much is done; finite. */
  readonly progress: number;
  /** How much there is to do; finite. */
  readonly total?: number;
  /** At most 1024 characters. */
  readonly message?: string;
}

const progressParams = members({
  progressToken,
  progress: finiteNumber,
  total: optional(finiteNumber),
});

/** Reads `notifications/progress`; `undefined` if it is malformed. A message over 1024 characters is left out. */
export function parseProgressNotification(params: JsonObject | undefined): ProgressParams | undefined {
  const parsed = tryParams(progressParams, params);
  if (parsed === undefined) return undefined;
  const message = params?.message;
  return isText(message, 0, 1024) ? { ...parsed, message } : parsed;
}
