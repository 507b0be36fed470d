/**
 * Guards for the fields that many methods share: ids, cursors, names, tokens.
 *
 * @module
 */
import { bool, field, type Guard, isText, members, optional, text } from "./guard.ts";
import { isJsonObject } from "./json.ts";
import { isRequestId, type RequestId } from "./json_rpc.ts";
import { isLoggingLevel, LOGGING_LEVELS, type LoggingLevel } from "./logging.ts";
import type { Implementation } from "./content.ts";

/** Longest cursor taken, in characters. */
export const MAX_CURSOR_LENGTH = 2048;
/** Longest task id taken, in characters; ours have 36. */
export const MAX_TASK_ID_LENGTH = 128;
/** Longest URI taken, in characters. */
export const MAX_URI_LENGTH = 8192;

/** Token a requestor attaches to a request to be told of its progress. */
export type ProgressToken = string | number;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** Whether `value` can be a task id at all: 1 to 128 visible ASCII characters. */
export function isTaskId(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TASK_ID_LENGTH && VISIBLE_ASCII.test(value);
}

/** Whether `value` can be an idempotency key: well-formed text of 1 to 128 characters. */
export function isIdempotencyKey(value: unknown): value is string {
  return isText(value, 1, 128);
}

/** A task id. */
export const taskId: Guard<string> = field("1 to 128 visible ASCII characters", isTaskId);
/** A pagination cursor; the empty string is one too (T26-259). */
export const cursor: Guard<string> = text(0, MAX_CURSOR_LENGTH);
/** A tool name. */
export const toolName: Guard<string> = text(1, 128);
/** A prompt or argument name. */
export const name: Guard<string> = text(1, 256);
/** A URI, as a name: whether it can be resolved is judged where it is. */
export const uri: Guard<string> = text(1, MAX_URI_LENGTH);
/** An idempotency key. */
export const idempotencyKey: Guard<string> = field(
  "well-formed text of 1 to 128 characters",
  isIdempotencyKey,
);
/** A progress token (T25-239); shorter than a request id may be, because tasks keep it. */
export const progressToken: Guard<ProgressToken> = field(
  "a string of at most 256 characters or a safe integer",
  (value) => isRequestId(value) && String(value).length <= 256,
);
/** A JSON-RPC id, as a parameter. */
export const requestId: Guard<RequestId> = field(
  "a string of at most 1024 characters or a safe integer",
  isRequestId,
);
/** A severity. */
export const loggingLevel: Guard<LoggingLevel> = field(`one of ${LOGGING_LEVELS.join(", ")}`, isLoggingLevel);
/** A milliseconds count that can be a time to live: it may be 0, and is not yet clamped. */
export const ttl: Guard<number> = field(
  "a non-negative integer of milliseconds, at most 9007199254740991",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);

/** A map of strings, such as prompt arguments. */
export const stringMap: Guard<Readonly<Record<string, string>>> = field(
  "an object of at most 256 strings",
  (value) => isJsonObject(value) && areStrings(Object.values(value), 256),
);

/** A list of at most 1000 URIs. */
export const uris: Guard<readonly string[]> = field(
  `a list of at most 1000 URIs of at most ${MAX_URI_LENGTH} characters`,
  (value) => isListOf(value, 1000, (item) => isText(item, 1, MAX_URI_LENGTH)),
);

/** A list of at most 1000 task ids. */
export const taskIds: Guard<readonly string[]> = field(
  "a list of at most 1000 task ids of 1 to 128 visible ASCII characters",
  (value) => isListOf(value, 1000, isTaskId),
);

/** Name and version of the peer; what else it says about itself is left out. */
export const implementation: Guard<Implementation> = members({
  name: text(0, 256),
  version: text(0, 256),
  title: optional(text(0, 256)),
});

/** A switch that may be absent. */
export const optionalFlag = optional(bool);

function areStrings(values: readonly unknown[], most: number): boolean {
  return values.length <= most && values.every((value) => typeof value === "string");
}

function isListOf(value: unknown, most: number, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= most && value.every(is);
}
