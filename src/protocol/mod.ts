/**
 * The wire: JSON-RPC, both revisions' types and guards, names and numbers.
 *
 * @module
 */
export {
  isJsonObject,
  JsonDepthError,
  jsonDepth,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "./json.ts";
export {
  isRequestId,
  type JsonRpcError,
  type JsonRpcFailure,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type JsonRpcResult,
  type ParsedMessage,
  parseMessage,
  type RequestId,
  toFailure,
  toResult,
} from "./json_rpc.ts";
export {
  internalError,
  invalidParams,
  methodNotFound,
  ProtocolError,
  type ProtocolErrorOptions,
} from "./errors.ts";
export { ERROR, type Era, HANDSHAKE_VERSIONS, META, TASKS_EXTENSION, VERSION_2025, VERSION_2026 } from "./constants.ts";
