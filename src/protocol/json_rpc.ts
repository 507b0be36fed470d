/**
 * JSON-RPC 2.0 as MCP uses it: one message at a time, ids that are strings or integers, named params.
 *
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { ProtocolError } from "./errors.ts";

/** Id of a request: a string or a safe integer, never `null`. */
export type RequestId = string | number;

/** A call that wants an answer. */
export type JsonRpcRequest = {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly method: string;
  readonly params?: JsonObject;
};

/** A call that gets no answer. */
export type JsonRpcNotification = {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: JsonObject;
};

/** The error member of a failed call. */
export type JsonRpcError = {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
};

/** Answer of a call that succeeded. */
export type JsonRpcResult = {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly result: JsonObject;
};

/** Answer of a call that failed; without `id` only if the request's id could not be read. */
export type JsonRpcFailure = {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId;
  readonly error: JsonRpcError;
};

/** Either answer. */
export type JsonRpcResponse = JsonRpcResult | JsonRpcFailure;

/** Any message. */
export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResponse;

/** A message as told apart by {@linkcode parseMessage}. */
export type ParsedMessage =
  | { readonly type: "request"; readonly message: JsonRpcRequest }
  | { readonly type: "notification"; readonly message: JsonRpcNotification }
  | { readonly type: "response"; readonly message: JsonRpcResponse };

/** Whether `value` can be a request id: a string of at most 1,024 well-formed units, or a safe integer. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string"
    ? value.length <= 1024 && value.isWellFormed()
    : Number.isSafeInteger(value);
}

/**
 * Tells what `value` is and that it is well formed.
 *
 * @throws {ProtocolError} -32600, naming the field at fault; its `requestId` is set if the id was readable.
 */
export function parseMessage(value: JsonValue): ParsedMessage {
  if (Array.isArray(value)) throw invalid("batches are not part of the protocol: send one message at a time");
  if (!isJsonObject(value)) throw invalid("a message must be an object");
  const id = Object.hasOwn(value, "id") ? value.id : undefined;
  const readableId = isRequestId(id) ? id : undefined;
  const fail = (reason: string) => invalid(reason, readableId);
  if (value.jsonrpc !== "2.0") throw fail('"jsonrpc" must be "2.0"');
  if (id !== undefined && readableId === undefined) {
    throw fail('"id" must be well-formed text of at most 1024 characters or a safe integer');
  }
  if (Object.hasOwn(value, "method")) return parseCall(value, readableId, fail);
  if (Object.hasOwn(value, "result") === Object.hasOwn(value, "error")) {
    throw fail('a message must have "method", or one of "result" and "error"');
  }
  if (value.error !== undefined) return parseFailure(value.error, readableId, fail);
  if (readableId === undefined) throw fail('"id" is missing');
  if (!isJsonObject(value.result)) throw fail('"result" must be an object');
  return { type: "response", message: { jsonrpc: "2.0", id: readableId, result: value.result } };
}

type Fail = (reason: string) => ProtocolError;

function parseCall(value: JsonObject, id: RequestId | undefined, fail: Fail): ParsedMessage {
  const { method, params } = value;
  if (typeof method !== "string" || method === "" || method.length > 256 || !method.isWellFormed()) {
    throw fail('"method" must be well-formed text of 1 to 256 characters');
  }
  if (params !== undefined && !isJsonObject(params)) throw fail('"params" must be an object');
  const call = params === undefined ? { method } : { method, params };
  if (id === undefined) return { type: "notification", message: { jsonrpc: "2.0", ...call } };
  return { type: "request", message: { jsonrpc: "2.0", id, ...call } };
}

function parseFailure(error: JsonValue, id: RequestId | undefined, fail: Fail): ParsedMessage {
  if (!isJsonObject(error)) throw fail('"error" must be an object');
  const { code, message, data } = error;
  if (typeof code !== "number" || !Number.isSafeInteger(code)) {
    throw fail('"error.code" must be a safe integer');
  }
  if (typeof message !== "string") throw fail('"error.message" must be a string');
  return {
    type: "response",
    message: toFailure(id, data === undefined ? { code, message } : { code, message, data }),
  };
}

function invalid(reason: string, requestId?: RequestId): ProtocolError {
  return new ProtocolError(-32600, `Invalid request: ${reason}`, undefined, { requestId });
}

/** Builds the answer of a call that succeeded. */
export function toResult(id: RequestId, result: JsonObject): JsonRpcResult {
  return { jsonrpc: "2.0", id, result };
}

/** Builds the answer of a call that failed. */
export function toFailure(id: RequestId | undefined, error: JsonRpcError): JsonRpcFailure {
  return id === undefined ? { jsonrpc: "2.0", error } : { jsonrpc: "2.0", id, error };
}
