/**
 * The challenge that goes with a refusal: what is wrong, what to ask for, and where.
 *
 * @module
 * @see RFC 6750, section 3; RFC 9728, section 5.1
 */
import type { CredentialRefusal, RefusalReason } from "../server/authentication.ts";

/** Codes that RFC 6750 has. Without credentials there is none, and no fault of theirs. */
const ERROR_CODES: Readonly<Partial<Record<RefusalReason, string>>> = {
  invalid_request: "invalid_request",
  invalid_token: "invalid_token",
  insufficient_scope: "insufficient_scope",
};

/** What a challenge says besides why. */
export interface ChallengeOptions {
  /** Where the metadata of the protected resource is. */
  readonly metadataUrl?: string;
  /** Scopes to ask for where the refusal names none. */
  readonly scopes: readonly string[];
}

/** The headers of a response that refuses credentials. */
export function refusalHeaders(
  { refused, description, scopes, retryAfterMs = 0 }: CredentialRefusal,
  options: ChallengeOptions,
): Record<string, string> {
  if (refused === "unavailable") return { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
  const error = ERROR_CODES[refused];
  const params: Readonly<Record<string, string | undefined>> = {
    error,
    error_description: error && description,
    // A broken request is not mended by asking for more.
    scope: refused === "invalid_request" ? undefined : (scopes ?? options.scopes).join(" "),
    resource_metadata: options.metadataUrl,
  };
  const present = Object.entries(params).filter(([, value]) => value !== undefined && value !== "");
  const list = present.map(([name, value]) => `${name}="${toQuotable(value!)}"`).join(", ");
  return { "www-authenticate": list === "" ? "Bearer" : `Bearer ${list}` };
}

/** Texts of authors may hold anything; inside the quotes only this may stand (RFC 6750, section 3). */
function toQuotable(text: string): string {
  return text.replaceAll('"', "'").replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, "?");
}
