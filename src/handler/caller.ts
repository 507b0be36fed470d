/**
 * Who calls, as the author's `authenticate` says.
 *
 * @module
 */
import { ProtocolError } from "../protocol/mod.ts";
import type { Caller, Principal } from "../server/exchange.ts";
import { toPrincipal } from "../server/principal.ts";
import type { HandlerContext } from "./context.ts";
import { errorResponse } from "./json_response.ts";

/** What `authenticate` may answer: who it is, nobody, or a challenge to be sent as it is. */
export type Authentication = Principal | Response | undefined;

/** Options of {@linkcode createCallerCheck}. */
export interface CallerCheckOptions {
  /**
   * Tells who sends a request, from its headers; to read its body, read that of a clone. A `Response` (a 401 or 403
   * with the challenge of your authorization server) is sent as it is. If it throws, the client gets a fixed
   * text with status 500, and nothing of the error; so it does if tasks cannot belong to what it answers: a subject,
   * client id or issuer that is empty, over 1,024 characters or ill-formed, or over 2 KiB of scopes and claims.
   */
  readonly authenticate?: (request: Request) => Authentication | Promise<Authentication>;
  /** Whether to serve callers without a principal. Their task ids are then the only key to their tasks. @default {false} */
  readonly allowAnonymous?: boolean;
}

/** Tells who sends a request, or how to refuse it. */
export type CallerCheck = (request: Request) => Promise<{ readonly caller: Caller } | Response>;

/** Builds the check that comes before anything of a request's body is read. */
export function createCallerCheck(context: HandlerContext, options: CallerCheckOptions): CallerCheck {
  const { authenticate, allowAnonymous = false } = options;
  const remedy = authenticate === undefined
    ? 'set "authenticate", or "allowAnonymous: true" to serve callers that are not known'
    : "send credentials that this server accepts";

  return async function identify(request: Request): Promise<{ readonly caller: Caller } | Response> {
    let caller: Caller;
    try {
      const answer = await authenticate?.(request);
      if (answer instanceof Response) return answer;
      if (answer !== undefined) caller = toPrincipal(answer);
    } catch (error) {
      throw context.toDefect(error, "authenticate");
    }
    if (caller !== undefined || allowAnonymous) return { caller };
    const refusal = new ProtocolError(-32600, `Unauthorized: the caller is not known: ${remedy}`, {
      reason: "unauthenticated",
    });
    return errorResponse(refusal, undefined, 401, { "www-authenticate": "Bearer" });
  };
}
