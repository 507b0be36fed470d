/**
 * Guards for what a 2026-07-28 client sends, `_meta` apart.
 *
 * @module
 */
import { invalidParams } from "../errors.ts";
import { optionalFlag, taskIds, toolName, uris } from "../fields.ts";
import { anyObject, members, optional, parseParams, text } from "../guard.ts";
import type { JsonObject } from "../json.ts";
import {
  type GetPromptParams,
  parsePromptsGet as parseSharedPromptsGet,
  parseReadResource as parseSharedReadResource,
  parseRequestExtras,
  parseTaskIdParams,
  type RequestExtras,
  type ResourceParams,
} from "../params.ts";
import { type InputResponses, parseInputResponses } from "./input_responses.ts";
import type { SubscriptionFilter } from "./results.ts";

/** Longest request state taken, in characters. */
export const MAX_REQUEST_STATE_LENGTH = 64 * 1024;

/** What a client sends again, with answers, after `input_required` (T26-199). */
export interface RetryParams {
  /** Answers by key; unknown keys are to be ignored. */
  readonly inputResponses?: InputResponses;
  /** As we gave it, or forged: to be authenticated before use (T26-191). */
  readonly requestState?: string;
}

const retryParams = members({ requestState: optional(text(0, MAX_REQUEST_STATE_LENGTH)) });

function parseRetryParams(params: JsonObject | undefined): RetryParams {
  if (params?.requestState === undefined && params?.inputResponses === undefined) return {};
  const inputResponses = parseInputResponses(params);
  return {
    ...parseParams(retryParams, params),
    ...inputResponses !== undefined && { inputResponses },
  };
}

/** Parameters of `tools/call`. A `task` member is no business of this revision's (T26-017). */
export interface CallToolParams extends RetryParams, RequestExtras {
  /** 1 to 128 characters. */
  readonly name: string;
  /** As sent; the tool's schema judges them. */
  readonly arguments?: JsonObject;
}

const callToolParams = members({ name: toolName, arguments: optional(anyObject) });

/** Reads the parameters of `tools/call`. Throws -32602 naming the field. */
export function parseCallToolParams(params: JsonObject | undefined): CallToolParams {
  return {
    ...parseParams(callToolParams, params),
    ...parseRetryParams(params),
    ...parseRequestExtras(params),
  };
}

/** Reads the parameters of `prompts/get`. Throws -32602 naming the field. */
export function parsePromptsGet(
  params: JsonObject | undefined,
): GetPromptParams & RetryParams & RequestExtras {
  return { ...parseSharedPromptsGet(params), ...parseRetryParams(params), ...parseRequestExtras(params) };
}

/** Reads the parameters of `resources/read`. Throws -32602 naming the field. */
export function parseReadResource(params: JsonObject | undefined): ResourceParams & RetryParams {
  return { ...parseSharedReadResource(params), ...parseRetryParams(params) };
}

/** Parameters of `tasks/update`. */
export interface UpdateTaskParams {
  /** 1 to 128 visible ASCII characters. */
  readonly taskId: string;
  /** Within the bounds of `input_responses.ts`, not yet decoded. */
  readonly inputResponses: InputResponses;
}

/** Reads the parameters of `tasks/update` (T26-069). Throws -32602 naming the field. */
export function parseUpdateTaskParams(params: JsonObject | undefined): UpdateTaskParams {
  const { taskId } = parseTaskIdParams(params);
  const inputResponses = parseInputResponses(params);
  if (inputResponses === undefined) throw invalidParams('Invalid params: "inputResponses" is missing');
  return { taskId, inputResponses };
}

/** Parameters of `subscriptions/listen`. */
export interface ListenParams {
  /** What the client wants to hear of. */
  readonly notifications: SubscriptionFilter;
}

const listenParams = members({
  notifications: members({
    toolsListChanged: optionalFlag,
    promptsListChanged: optionalFlag,
    resourcesListChanged: optionalFlag,
    resourceSubscriptions: optional(uris),
    taskIds: optional(taskIds),
  }),
});

/** Reads the parameters of `subscriptions/listen`. Throws -32602 naming the field. */
export function parseListenParams(params: JsonObject | undefined): ListenParams {
  return parseParams(listenParams, params);
}
