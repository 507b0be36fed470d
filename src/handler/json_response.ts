/**
 * Responses that carry one JSON-RPC message.
 *
 * @module
 */
import {
  ERROR,
  type JsonRpcResponse,
  type ProtocolError,
  type RequestId,
  toFailure,
} from "../protocol/mod.ts";

const JSON_TYPE = "application/json";
const JSON_ONLY: Readonly<Record<string, string>> = { "content-type": JSON_TYPE };

/** The message as the whole body of a response. */
export function jsonResponse(
  message: JsonRpcResponse,
  status: number,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new Response(JSON.stringify(message), {
    status,
    headers: headers === undefined ? JSON_ONLY : { ...headers, "content-type": JSON_TYPE },
  });
}

/** The answer to a request that an error ended before it was dispatched. A refusal needs its challenge in `headers`. */
export function errorResponse(
  error: ProtocolError,
  id: RequestId | undefined,
  status: number,
  headers?: Readonly<Record<string, string>>,
): Response {
  return jsonResponse(toFailure(id ?? error.requestId, error.toJsonRpc()), status, headers);
}

/** HTTP status that 2026-07-28 fixes for an answer: 404 and 400 for some errors, 200 for anything else. */
export function modernStatus(response: JsonRpcResponse): number {
  if (!("error" in response)) return 200;
  switch (response.error.code) {
    case ERROR.methodNotFound:
      return 404;
    case ERROR.headerMismatch:
    case ERROR.missingCapability:
    case ERROR.unsupportedVersion:
      return 400;
    default:
      return 200;
  }
}
