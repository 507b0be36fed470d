/**
 * The errors that 2026-07-28 added, each with HTTP status 400.
 *
 * @module
 */
import { ERROR } from "../constants.ts";
import { ProtocolError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

/** -32020: a header is missing or disagrees with the body (T26-158, T26-162). `reason` quotes no client text. */
export function headerMismatch(reason: string): ProtocolError {
  return new ProtocolError(ERROR.headerMismatch, `Header mismatch: ${reason}`, undefined, {
    httpStatus: 400,
  });
}

/** -32021: the request cannot be served without a capability it did not declare (T26-132). */
export function missingCapability(requiredCapabilities: JsonObject): ProtocolError {
  return new ProtocolError(
    ERROR.missingCapability,
    "Missing required client capability",
    { requiredCapabilities },
    { httpStatus: 400 },
  );
}

/** -32022: the version asked for is not served (T26-133). */
export function unsupportedVersion(supported: readonly string[], requested: string): ProtocolError {
  return new ProtocolError(
    ERROR.unsupportedVersion,
    "Unsupported protocol version",
    { supported, requested: requested.slice(0, 64).toWellFormed() },
    { httpStatus: 400 },
  );
}
