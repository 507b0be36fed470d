/**
 * Who calls, as the author's `authenticate` says.
 *
 * @module
 */
import { AccessRefusedError, type Authentication, isRefusal } from "../server/authentication.ts";
import type { Caller } from "../server/exchange.ts";
import { toPrincipal } from "../server/principal.ts";
import type { HandlerContext } from "./context.ts";

/** Options of {@linkcode createCallerCheck}. */
export interface CallerCheckOptions {
  /**
   * Tells who sends a request, from its headers; to read its body, read that of a clone. A refusal becomes a status and a
   * challenge; a `Response` is sent as it is. If it throws, the client gets a fixed text with status 500, and nothing of
   * the error; so it does if tasks cannot belong to what it answers: a subject, client id or issuer that is empty, over
   * 1,024 characters or ill-formed, or over 2 KiB of scopes and claims.
   */
  readonly authenticate?: (request: Request) => Authentication | Promise<Authentication>;
  /** Whether to serve callers without a principal. Their task ids are then the only key to their tasks. @default {false} */
  readonly allowAnonymous?: boolean;
}

/** Who sends a request. */
export interface Identity {
  readonly caller: Caller;
  /** When what it is known by lapses, epoch milliseconds. */
  readonly expiresAt?: number;
}

/**
 * Tells who sends a request, or how to refuse it.
 *
 * @throws {AccessRefusedError} If the caller is not served.
 */
export type CallerCheck = (request: Request) => Promise<Identity | Response>;

/** Builds the check that comes before anything of a request's body is read. */
export function createCallerCheck(context: HandlerContext, options: CallerCheckOptions): CallerCheck {
  const { authenticate, allowAnonymous = false } = options;
  const { scopes } = context.dispatcher;
  const remedy = authenticate === undefined
    ? 'set "authenticate", or "allowAnonymous: true" to serve callers that are not known'
    : "send credentials that this server accepts";

  async function ask(request: Request): Promise<Identity | Response> {
    try {
      const answer = await authenticate?.(request);
      if (answer === undefined) return { caller: undefined };
      if (answer instanceof Response) return answer;
      if (isRefusal(answer)) throw new AccessRefusedError(answer);
      return {
        caller: toPrincipal(answer),
        expiresAt: toInstant((answer as { expiresAt?: unknown }).expiresAt),
      };
    } catch (error) {
      throw error instanceof AccessRefusedError ? error : context.toDefect(error, "authenticate");
    }
  }

  return async function identify(request: Request): Promise<Identity | Response> {
    const identity = await ask(request);
    if (identity instanceof Response) return identity;
    if (identity.caller === undefined && !allowAnonymous) {
      throw new AccessRefusedError({ refused: "missing", description: `the caller is not known: ${remedy}` });
    }
    scopes.demand(identity.caller, [], "this server");
    return identity;
  };
}

/** @throws {TypeError} If it is there and no instant. */
function toInstant(expiresAt: unknown): number | undefined {
  if (expiresAt === undefined || typeof expiresAt === "number" && expiresAt > 0) return expiresAt;
  throw new TypeError(`Cannot tell until when the caller is known: ${expiresAt} is no instant`);
}
