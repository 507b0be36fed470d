/**
 * Parameters of the requests that both revisions share, and the `_meta` members we read.
 *
 * @module
 */
import { invalidParams } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import { META } from "./constants.ts";
import { anyObject, field, type Guard, members, optional, parseParams, toLookup } from "./guard.ts";
import {
  cursor,
  idempotencyKey,
  name,
  type ProgressToken,
  progressToken,
  stringMap,
  taskId,
  uri,
} from "./fields.ts";

/** Key of the system this library re-implements for {@linkcode META.taskId}; still accepted. */
export const LEGACY_TASK_ID_META = "_task_id";

/** What we read from the `_meta` of a request, in either revision. */
export interface RequestExtras {
  /** Token under which the requestor wants to hear of progress. */
  readonly progressToken?: ProgressToken;
  /** Makes a creation idempotent: 1 to 128 well-formed characters. */
  readonly idempotencyKey?: string;
  /** Id of the workflow task that this call continues. */
  readonly continuesTaskId?: string;
}

const extras = members({
  progressToken: optional(progressToken),
  [META.idempotencyKey]: optional(idempotencyKey),
  [META.taskId]: optional(taskId),
  [LEGACY_TASK_ID_META]: optional(taskId),
});
const metaOfRequest = members({ _meta: optional(extras) });

/**
 * Reads progress token, idempotency key and continuation from `_meta`.
 *
 * @throws {ProtocolError} -32602, naming the member.
 */
export function parseRequestExtras(params: JsonObject | undefined): RequestExtras {
  if (params?._meta === undefined) return {};
  const { _meta } = parseParams(metaOfRequest, params);
  const continues = _meta?.[META.taskId] ?? _meta?.[LEGACY_TASK_ID_META];
  return {
    ..._meta?.progressToken !== undefined && { progressToken: _meta.progressToken },
    ..._meta?.[META.idempotencyKey] !== undefined && { idempotencyKey: _meta[META.idempotencyKey] },
    ...continues !== undefined && { continuesTaskId: continues },
  };
}

/** Parameters of the `…/list` requests. */
export interface ListParams {
  /** Opaque; `""` is a cursor too. */
  readonly cursor?: string;
}

const listParams = members({ cursor: optional(cursor) });

/** Reads the parameters of a `…/list` request. Throws -32602 naming the field. */
export function parseListParams(params: JsonObject | undefined): ListParams {
  return parseParams(listParams, params);
}

/** Parameters that name one task. */
export interface TaskIdParams {
  /** 1 to 128 visible ASCII characters. */
  readonly taskId: string;
}

const taskIdParams = members({ taskId });

/** Reads parameters that name one task. Throws -32602 naming the field. */
export function parseTaskIdParams(params: JsonObject | undefined): TaskIdParams {
  return parseParams(taskIdParams, params);
}

/** Parameters of `prompts/get`. */
export interface GetPromptParams extends RequestExtras {
  /** 1 to 256 characters. */
  readonly name: string;
  /** Has no prototype: any name can be looked up in it. */
  readonly arguments?: Readonly<Record<string, string>>;
}

const getPromptParams = members({ name, arguments: optional(stringMap) });

/** Reads the parameters of `prompts/get`. Throws -32602 naming the field. */
export function parsePromptsGet(params: JsonObject | undefined): GetPromptParams {
  const { name, arguments: given } = parseParams(getPromptParams, params);
  return { name, ...given !== undefined && { arguments: toLookup(given) }, ...parseRequestExtras(params) };
}

/** Parameters that name one resource. */
export interface ResourceParams {
  /** 1 to 8192 characters. */
  readonly uri: string;
}

const resourceParams = members({ uri });

/** Reads the parameters of `resources/read`. Throws -32602 naming the field. */
export function parseReadResource(params: JsonObject | undefined): ResourceParams {
  return parseParams(resourceParams, params);
}

/** What a completion is asked for. */
export type CompletionReference =
  | { readonly type: "ref/prompt"; readonly name: string }
  | { readonly type: "ref/resource"; readonly uri: string };

/** Parameters of `completion/complete`. */
export interface CompleteParams {
  /** Whose argument it is. */
  readonly ref: CompletionReference;
  /** The argument being typed, and its text so far. */
  readonly argument: { readonly name: string; readonly value: string };
  /** Arguments already settled. Has no prototype. */
  readonly context?: Readonly<Record<string, string>>;
}

const promptReference = members({ name });
const completeParams = members({
  ref: anyObject,
  argument: members({ name, value: field<string>("a string", (value) => typeof value === "string") }),
  context: optional(members({ arguments: optional(stringMap) })),
});
const inRef = <T>(guard: Guard<T>) => members({ ref: guard });

/** Reads the parameters of `completion/complete`. Throws -32602 naming the field. */
export function parseComplete(params: JsonObject | undefined): CompleteParams {
  const { ref, argument, context } = parseParams(completeParams, params);
  const settled = context?.arguments;
  return {
    ref: parseReference(ref, params),
    argument,
    ...settled !== undefined && { context: toLookup(settled) },
  };
}

function parseReference(ref: JsonObject, params: JsonObject | undefined): CompletionReference {
  if (ref.type === "ref/prompt") {
    return { type: "ref/prompt", name: parseParams(inRef(promptReference), params).ref.name };
  }
  if (ref.type === "ref/resource") {
    return { type: "ref/resource", uri: parseParams(inRef(resourceParams), params).ref.uri };
  }
  throw invalidParams('Invalid params: "ref.type" must be "ref/prompt" or "ref/resource"');
}
