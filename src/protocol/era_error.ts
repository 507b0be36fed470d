/**
 * Error numbers that a revision keeps for something of its own.
 *
 * Tools may fail with any number. One that would tell a client something else than its author means, or nothing at all,
 * is sent as -32603, with the message and the data as they are.
 *
 * @module
 * @see 2025-11-25, Elicitation, URL Elicitation Required (T25-260); 2026-07-28, Error Codes (T26-114, T26-115)
 */
import { type Era, ERROR, VERSION_2025 } from "./constants.ts";
import { isJsonObject, type JsonValue } from "./json.ts";
import type { JsonRpcError, JsonRpcFailure } from "./json_rpc.ts";

/** 2025-11-25: pages have to be opened first; `data.elicitations` has them. */
const URL_ELICITATION_REQUIRED = -32042;
/** What 2026-07-28 keeps for itself. */
const RESERVED_2026 = { lowest: -32099, highest: -32020 };

/** The error as clients of a revision may get it. */
export function toEraError(era: Era, error: JsonRpcError): JsonRpcError {
  const code = era === VERSION_2025 ? codeIn2025(error) : codeIn2026(error.code);
  return code === error.code ? error : { ...error, code };
}

/** The answer as clients of a revision may get it. */
export function toEraFailure(era: Era, failure: JsonRpcFailure): JsonRpcFailure {
  const error = toEraError(era, failure.error);
  return error === failure.error ? failure : { ...failure, error };
}

function codeIn2025({ code, data }: JsonRpcError): number {
  return code === URL_ELICITATION_REQUIRED && !namesPages(data) ? ERROR.internal : code;
}

/** The other two of the three numbers in its range are for requests that are refused before they reach a tool. */
function codeIn2026(code: number): number {
  if (code === ERROR.resourceNotFound) return ERROR.invalidParams;
  const { lowest, highest } = RESERVED_2026;
  const isReserved = code >= lowest && code <= highest && code !== ERROR.missingCapability;
  return isReserved ? ERROR.internal : code;
}

function namesPages(data: JsonValue | undefined): boolean {
  const pages = isJsonObject(data) ? data.elicitations : undefined;
  return Array.isArray(pages) && pages.length > 0 &&
    pages.every((page) =>
      isJsonObject(page) && page.mode === "url" && typeof page.message === "string" &&
      typeof page.elicitationId === "string" && typeof page.url === "string" && URL.canParse(page.url)
    );
}
