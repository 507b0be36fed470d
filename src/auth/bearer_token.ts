/**
 * The token of a request.
 *
 * @module
 * @see RFC 6750, section 2.1; authorization of both revisions (T25-284, T26-296)
 */
import type { CredentialRefusal } from "../server/mod.ts";

/** Options of {@linkcode readBearerToken}. */
export interface ReadBearerTokenOptions {
  /** Longest token that is looked at, in bytes. @default {8192} */
  readonly maxTokenBytes?: number;
}

const SCHEME = /^bearer(?: |$)/i;
const BEARER = /^bearer +([a-z0-9\-._~+/]+=*)$/i;

/**
 * Reads the token of the `Authorization` header. `undefined`: there is no such header.
 *
 * Tokens in the address are refused, whatever the header says: addresses end up in logs and histories.
 *
 * @example A check of tokens that are no JWTs
 * ```ts
 * import { readBearerToken } from "@perdure/mcp-tasks/auth";
 *
 * const sessions = new Map([["2b7e151628", "ada"]]);
 *
 * function authenticate(request: Request) {
 *   const token = readBearerToken(request);
 *   if (typeof token !== "string") return token;
 *   const subject = sessions.get(token);
 *   if (subject !== undefined) return { subject, issuer: "https://id.example" };
 *   return { refused: "invalid_token", description: "the access token is unknown or has expired" } as const;
 * }
 * ```
 */
export function readBearerToken(
  request: Request,
  { maxTokenBytes = 8192 }: ReadBearerTokenOptions = {},
): string | CredentialRefusal | undefined {
  const { url, headers } = request;
  if (url.includes("?") && new URL(url).searchParams.has("access_token")) {
    return {
      refused: "invalid_request",
      description: "the access token must be in the Authorization header",
    };
  }
  const header = headers.get("authorization");
  if (header === null) return undefined;
  if (!SCHEME.test(header)) {
    return {
      refused: "missing",
      description: 'the Authorization header must be "Bearer" and an access token',
    };
  }
  if (header.length > maxTokenBytes + "bearer ".length) {
    return {
      refused: "invalid_token",
      description: `the access token is longer than ${maxTokenBytes} bytes`,
    };
  }
  return BEARER.exec(header)?.[1] ??
    {
      refused: "invalid_request",
      description: 'the Authorization header must be "Bearer" and one access token',
    };
}
