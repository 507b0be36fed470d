/**
 * What a check of credentials may come to.
 *
 * @module
 * @see RFC 6750, section 3.1 (the words of a refusal)
 */
import { ProtocolError } from "../protocol/mod.ts";
import type { Principal } from "./exchange.ts";

/** A principal, and for how long its credentials say so. */
export interface AuthenticatedPrincipal extends Principal {
  /**
   * When the credentials lapse, epoch milliseconds: streams that only listen end then. Not stored.
   * @default never
   */
  readonly expiresAt?: number;
}

/** Why credentials are refused; it becomes a status and a `WWW-Authenticate` challenge. */
export type RefusalReason =
  /** None were sent that could be looked at: 401 without an error code. */
  | "missing"
  /** They are sent in a way that is not allowed, or twice: 400. */
  | "invalid_request"
  /** They are malformed, expired, or meant for somebody else: 401. */
  | "invalid_token"
  /** They are good, and do not suffice: 403. */
  | "insufficient_scope"
  /** They cannot be judged now: 503. */
  | "unavailable";

/** Credentials that are refused. */
export interface CredentialRefusal {
  /** Why, as a word. */
  readonly refused: RefusalReason;
  /** Why, as a sentence for the people behind the client. Never part of a token. */
  readonly description: string;
  /** For `insufficient_scope`: all scopes to ask for. @default the scopes that every request needs */
  readonly scopes?: readonly string[];
  /** For `unavailable`: when to try again, in milliseconds. @default {1000} */
  readonly retryAfterMs?: number;
}

/**
 * What `authenticate` may answer: who it is, why that is refused, a response that is sent as it is, or nobody.
 * Nobody is served where `allowAnonymous` is set; a refusal never is.
 */
export type Authentication = AuthenticatedPrincipal | CredentialRefusal | Response | undefined;

/** HTTP statuses of refusals (T25-286, T26-291). */
export const REFUSAL_STATUS: Readonly<Record<RefusalReason, number>> = {
  missing: 401,
  invalid_request: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  unavailable: 503,
};

const TITLES: Readonly<Record<RefusalReason, string>> = {
  missing: "Unauthorized",
  invalid_request: "Invalid request",
  invalid_token: "Unauthorized",
  insufficient_scope: "Forbidden",
  unavailable: "Service unavailable",
};

/** When to try again if a refusal does not say, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/**
 * Whether an answer of `authenticate` is a refusal.
 *
 * @throws {TypeError} If it is meant as one and is none: it must not pass for a principal.
 */
export function isRefusal(answer: unknown): answer is CredentialRefusal {
  if (typeof answer !== "object" || answer === null || !("refused" in answer)) return false;
  const { refused, description } = answer as Partial<CredentialRefusal>;
  if (
    typeof refused === "string" && Object.hasOwn(REFUSAL_STATUS, refused) && typeof description === "string"
  ) {
    return true;
  }
  throw new TypeError(`Cannot tell why the caller is refused: "${refused}" with "${description}"`);
}

/** A refusal as the error that clients see. HTTP adds a challenge to it. */
export class AccessRefusedError extends ProtocolError {
  /** What is refused, and why. */
  readonly refusal: CredentialRefusal;

  /** The error of a refusal: -32603 if the fault is not the client's, else -32600. */
  constructor(refusal: CredentialRefusal) {
    const { refused, description, scopes, retryAfterMs = RETRY_AFTER_MS } = refusal;
    const isOurs = refused === "unavailable";
    const reason = refused === "missing" ? "unauthenticated" : isOurs ? "auth_unavailable" : refused;
    super(
      isOurs ? -32603 : -32600,
      `${TITLES[refused]}: ${description}`,
      { reason, ...(scopes && { scopes: [...scopes] }), ...(isOurs && { retryAfterMs }) },
      { httpStatus: REFUSAL_STATUS[refused] },
    );
    this.refusal = isOurs ? { ...refusal, retryAfterMs } : refusal;
  }
}
