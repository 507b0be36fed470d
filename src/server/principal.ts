/**
 * A principal that tasks can belong to, read from what an author's `authenticate` answered.
 *
 * @module
 */
import { isJsonObject, jsonDepth } from "../protocol/mod.ts";
import { ownerOfPrincipal, toBytes } from "../store/mod.ts";
import type { Principal } from "./exchange.ts";

/** Longest `scopes` and `claims` together, in bytes of JSON text. */
const MAX_CLAIMS_BYTES = 2048;
/** Longest principal, in bytes of JSON text: the head of every task of the caller holds it. */
const MAX_PRINCIPAL_BYTES = 8192;
/** Containers a principal may nest. */
const MAX_DEPTH = 32;

/**
 * Reads a principal, as a later attempt will read it from the record of a task. Members that are none of a principal's
 * are left out, so that no token is stored by accident.
 *
 * @throws {TypeError} If it has neither subject nor client id, one of its names is empty, over 1,024 characters or
 * ill-formed, or its scopes and claims are not JSON or longer than 2 KiB.
 */
export function toPrincipal(value: unknown): Principal {
  if (!isJsonObject(value)) throw new TypeError("Cannot tell who calls: the principal is not an object");
  const { subject, clientId, issuer, scopes, claims } = value as Principal;
  ownerOfPrincipal({ subject, clientId, issuer });
  // Where there is a subject, the client id owns nothing, and is kept all the same.
  if (clientId !== undefined) ownerOfPrincipal({ clientId });
  if (scopes !== undefined && !isListOfTexts(scopes)) {
    throw new TypeError('Cannot tell who calls: "scopes" is not a list of texts');
  }
  if (claims !== undefined && !isJsonObject(claims)) {
    throw new TypeError('Cannot tell who calls: "claims" is not an object');
  }
  if (jsonDepth(claims, MAX_DEPTH) > MAX_DEPTH) {
    throw new TypeError(`Cannot tell who calls: "claims" nests deeper than ${MAX_DEPTH} levels`);
  }
  const hasClaims = scopes !== undefined || claims !== undefined;
  if (hasClaims) assertLength('"scopes" and "claims"', JSON.stringify({ scopes, claims }), MAX_CLAIMS_BYTES);
  const text = JSON.stringify({ subject, clientId, issuer, scopes, claims });
  assertLength("the principal", text, MAX_PRINCIPAL_BYTES);
  return JSON.parse(text);
}

function assertLength(what: string, text: string, maxBytes: number): void {
  if (text.length * 3 <= maxBytes || toBytes(text).length <= maxBytes) return;
  throw new TypeError(`Cannot tell who calls: ${what} exceed ${maxBytes} bytes of JSON text`);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
