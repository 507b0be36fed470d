/**
 * The error that crosses the wire.
 *
 * @module
 */
import type { JsonValue } from "./json.ts";
import type { JsonRpcError } from "./json_rpc.ts";

/** Options of {@linkcode ProtocolError}. */
export interface ProtocolErrorOptions extends ErrorOptions {
  /** Id of the request at fault, where the error is raised before the request was read whole. */
  readonly requestId?: string | number;
  /** HTTP status the 2026-07-28 revision fixes for this error; 200 where it fixes none. */
  readonly httpStatus?: number;
}

/**
 * A JSON-RPC error with one of the numbers the specifications define.
 *
 * Thrown by a tool it becomes the call's JSON-RPC error, verbatim; the word that says why belongs in `data.reason`. A
 * number that the client's revision keeps for something else is sent as -32603.
 */
export class ProtocolError extends Error {
  /** For programs and logs. */
  override readonly name = "ProtocolError";
  /** JSON-RPC error code. */
  readonly code: number;
  /** Structured detail for programs. */
  readonly data?: JsonValue;
  /** See {@linkcode ProtocolErrorOptions.requestId}. */
  readonly requestId?: string | number;
  /** See {@linkcode ProtocolErrorOptions.httpStatus}. */
  readonly httpStatus?: number;
  /**
   * Makes the error.
   *
   * @param code One of the numbers the specifications define, or one of your own outside -32768 to -32000.
   * @param message One sentence; the peer sees it.
   * @param data Structured detail; the peer sees it.
   */
  constructor(code: number, message: string, data?: JsonValue, options: ProtocolErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.data = data;
    this.requestId = options.requestId;
    this.httpStatus = options.httpStatus;
  }

  /** The error member of the response. */
  toJsonRpc(): JsonRpcError {
    const { code, message, data } = this;
    return data === undefined ? { code, message } : { code, message, data };
  }
}

/** -32602: the parameters are not what the method takes. */
export function invalidParams(message: string, data?: JsonValue): ProtocolError {
  return new ProtocolError(-32602, message, data);
}

/** -32601: no such method, or a tool called in a way it does not support. */
export function methodNotFound(message: string, data?: JsonValue): ProtocolError {
  return new ProtocolError(-32601, message, data);
}

/** -32603: our fault, or a limit reached. */
export function internalError(message: string, data?: JsonValue): ProtocolError {
  return new ProtocolError(-32603, message, data);
}
