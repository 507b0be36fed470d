/**
 * Reads answers to the questions of `input.ts`, always as the kind of answer the server itself recorded.
 *
 * @module
 */
import { invalidParams } from "./errors.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { field, isText, members, optional, parseParams, text, toLookup } from "./guard.ts";
import type {
  CreateMessageResult,
  ElicitedValue,
  ElicitResult,
  InputRequest,
  InputResponse,
  ListRootsResult,
  ResponseTo,
  Root,
  SamplingContent,
} from "./input.ts";
import { MAX_URI_LENGTH } from "./fields.ts";

const elicitResult = members({
  action: field<ElicitResult["action"]>(
    "accept, decline or cancel",
    (value) => value === "accept" || value === "decline" || value === "cancel",
  ),
  // Hosts in the field send `null` for "no content".
  content: optional(field<{ readonly [name: string]: ElicitedValue } | null>(
    "an object of at most 256 strings, finite numbers, booleans and lists of strings",
    (value) => value === null || isElicitedContent(value),
  )),
});

const createMessageResult = members({
  role: field<CreateMessageResult["role"]>(
    "user or assistant",
    (value) => value === "user" || value === "assistant",
  ),
  content: field<CreateMessageResult["content"]>(
    "a text, image, audio, tool_use or tool_result block, or a list of at most 256 of them",
    (value) =>
      Array.isArray(value) ? value.length <= 256 && value.every(isSamplingContent) : isSamplingContent(value),
  ),
  model: text(0, 1024),
  stopReason: optional(text(0, 1024)),
});

const listRootsResult = members({
  roots: field<readonly Root[]>(
    "a list of at most 1000 roots, each with a file: URI and perhaps a name",
    (value) => Array.isArray(value) && value.length <= 1000 && value.every(isRoot),
  ),
});

/**
 * Reads `value` as the answer to `request`.
 *
 * Members we do not know are left out. A form's content is not held against its schema here; see
 * `faultOfElicitedContent`.
 *
 * @throws {ProtocolError} -32602, naming the field of the answer at fault and nothing the peer sent.
 */
export function parseInputResponse<R extends InputRequest>(request: R, value: unknown): ResponseTo<R>;
export function parseInputResponse(request: InputRequest, value: unknown): InputResponse {
  if (!isJsonObject(value)) throw invalidParams("Invalid params: an input response must be an object");
  switch (request.method) {
    case "elicitation/create":
      return parseElicitResult(request.params.mode === "url", value);
    case "sampling/createMessage":
      return parseParams<CreateMessageResult>(createMessageResult, value);
    case "roots/list":
      return parseParams<ListRootsResult>(listRootsResult, value);
  }
}

function parseElicitResult(isUrl: boolean, value: JsonObject): ElicitResult {
  const { action, content } = parseParams(elicitResult, value);
  if (action !== "accept" || isUrl || content === undefined || content === null) return { action };
  return { action, content: toLookup(content) };
}

function isElicitedContent(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const values = Object.values(value);
  return values.length <= 256 && values.every(isElicitedValue);
}

function isElicitedValue(value: unknown): value is ElicitedValue {
  if (Array.isArray(value)) return value.length <= 1000 && value.every((item) => typeof item === "string");
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function isSamplingContent(value: unknown): value is SamplingContent {
  if (!isJsonObject(value)) return false;
  switch (value.type) {
    case "text":
      return typeof value.text === "string";
    case "image":
    case "audio":
      return typeof value.data === "string" && typeof value.mimeType === "string";
    case "tool_use":
      return typeof value.id === "string" && typeof value.name === "string" && isJsonObject(value.input);
    case "tool_result":
      return typeof value.toolUseId === "string" && Array.isArray(value.content);
    default:
      return false;
  }
}

function isRoot(value: unknown): value is Root {
  return isJsonObject(value) && isText(value.uri, 1, MAX_URI_LENGTH) && value.uri.startsWith("file:") &&
    (value.name === undefined || isText(value.name, 0, 1024));
}
