/**
 * The headers a 2026-07-28 client mirrors from its body, checked against that body.
 *
 * Proxies route by these headers while the server acts on the body; where the two differ, one of them was misled.
 *
 * @module
 */
import { isJsonObject, type JsonRpcRequest, type JsonValue, type ProtocolError } from "../protocol/mod.ts";
import { headerMismatch } from "../protocol/v2026_07_28/mod.ts";
import type { MirroredParam } from "../server/exchange.ts";
import { decodeHeaderValue, isPlainHeaderText } from "./base64_value.ts";
import { readings } from "./header_values.ts";

/** Member of `params` that `Mcp-Name` repeats, for the methods that have one. */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** @throws {ProtocolError} -32020 unless `MCP-Protocol-Version` is there and equals `version` (T26-158). */
export function checkVersionHeader(headers: Headers, version: string): void {
  requireEqual(headers, "MCP-Protocol-Version", version, "the protocol version in _meta");
}

/** @throws {ProtocolError} -32020 unless `Mcp-Method` is there and equals the method (T26-162…164). */
export function checkMethodHeader(headers: Headers, method: string): void {
  requireEqual(headers, "Mcp-Method", method, "method");
}

/**
 * Checks `Mcp-Name` where the method has it. A body without the member is left to the check of the parameters.
 *
 * @throws {ProtocolError} -32020 if it is missing, has invalid characters or stands for something else.
 */
export function checkNameHeader(headers: Headers, { method, params = {} }: JsonRpcRequest): void {
  const member = NAMED_BY.get(method);
  if (member === undefined) return;
  const value = Object.hasOwn(params, member) ? params[member] : undefined;
  checkMirrored(headers, "Mcp-Name", value, `params.${member}`);
}

/**
 * Checks `Mcp-Param-*` of a tool call. An argument that is absent or `null` has no header (T26-169).
 *
 * @throws {ProtocolError} -32020 as {@linkcode checkNameHeader}.
 */
export function checkParamHeaders(
  headers: Headers,
  { params }: JsonRpcRequest,
  mirrored: readonly MirroredParam[],
): void {
  for (const { path, header } of mirrored) {
    const value = valueAt(params?.arguments, path);
    checkMirrored(headers, `Mcp-Param-${header}`, value, `params.arguments.${path.join(".")}`);
  }
}

function requireEqual(headers: Headers, header: string, value: string, field: string): void {
  const raw = headers.get(header);
  if (raw === value) return;
  if (raw === null) throw missing(header, field);
  if (!readings(raw).includes(value)) throw mismatch(header, `does not equal ${field}`);
}

function checkMirrored(headers: Headers, header: string, value: JsonValue | undefined, field: string): void {
  const raw = headers.get(header);
  if (value === undefined || value === null || typeof value === "object") {
    if (raw !== null) throw mismatch(header, `is there, but the body has no such value at ${field}`);
    return;
  }
  if (raw === null) throw missing(header, field);
  if (!isPlainHeaderText(raw)) throw mismatch(header, "has characters that a header may not have");
  const decoded = readings(raw).map(decodeHeaderValue);
  if (decoded.some((text) => text !== undefined && standsFor(text, value))) return;
  throw mismatch(
    header,
    decoded[0] === undefined ? "is marked as Base64 and is not" : `does not equal ${field}`,
  );
}

function standsFor(text: string, value: string | number | boolean): boolean {
  if (typeof value !== "number") return text === String(value);
  // Numbers compare by value: 42.0 equals 42 (T26-170).
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) && Number(text) === value;
}

function valueAt(root: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let value = root;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function missing(header: string, field: string): ProtocolError {
  return mismatch(header, `is missing: it must equal ${field}`);
}

function mismatch(header: string, reason: string): ProtocolError {
  return headerMismatch(`"${header}" ${reason}`);
}
