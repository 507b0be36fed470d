/**
 * The HTTP transport: one function from `Request` to `Response`, for clients of both revisions at one address.
 *
 * It checks where a request comes from and who sends it, reads the body within its limits, tells the revisions
 * apart, checks what each demands of headers, and turns what the server says into JSON or an event stream. It knows no
 * method but those the revisions treat apart, serves every path alike (mount it where you like), and binds no port.
 *
 * @module
 */
import { isModernVersion, routeOf } from "./era.ts";
import {
  type ParsedMessage,
  parseMessage,
  ProtocolError,
  type RequestId,
  VERSION_2026,
} from "../protocol/mod.ts";
import { systemRuntime } from "../runtime.ts";
import { AccessRefusedError } from "../server/authentication.ts";
import type { Dispatcher } from "../server/exchange.ts";
import { discardBody, readJsonBody } from "./body.ts";
import { createCallerCheck } from "./caller.ts";
import { HandlerContext } from "./context.ts";
import { createCors } from "./cors.ts";
import { soleValue } from "./header_values.ts";
import { errorResponse } from "./json_response.ts";
import { answerInitialize, endLegacySession, listenLegacy, takeLegacy } from "./legacy.ts";
import { answerModern } from "./modern.ts";
import { requireAcceptable, requireJsonBody } from "./negotiation.ts";
import { type FetchHandlerOptions, resolveOptions } from "./options.ts";
import { createOriginCheck } from "./origin.ts";
import { createWellKnown } from "./protected_resource.ts";
import type { Incoming, WaitUntil } from "./reply.ts";

/**
 * Answers a request. Never rejects.
 *
 * @param platform Whatever the runtime passes besides; the first with a `waitUntil` function keeps work going behind
 * the response.
 */
export type FetchHandler = (request: Request, ...platform: unknown[]) => Promise<Response>;

/**
 * Builds the handler of a server.
 *
 * @throws {TypeError} If an allowed host or origin is not written as one, or `protectedResource` is not in order.
 * @throws {RangeError} If a limit is not a positive whole number.
 */
export function createFetchHandler(dispatcher: Dispatcher, options: FetchHandlerOptions = {}): FetchHandler {
  const { maxBodyBytes, maxDepth, keepAliveMs, maxQueueBytes } = resolveOptions(options);
  const { runtime = systemRuntime, onEvent } = options;
  const wellKnown = createWellKnown(options.protectedResource, dispatcher.scopes.required);
  const { metadataUrl } = wellKnown;
  const context = new HandlerContext({
    dispatcher,
    runtime,
    keepAliveMs,
    maxQueueBytes,
    onEvent,
    metadataUrl,
  });
  const checkOrigin = createOriginCheck(options);
  const identify = createCallerCheck(context, options);
  const cors = options.cors === undefined ? undefined : createCors(options.cors);

  return async function fetch(request: Request, ...platform: unknown[]): Promise<Response> {
    try {
      checkOrigin(request, platform.some(isObject));
      const response = cors?.preflight(request) ?? wellKnown.answer(request) ??
        await serve(request, toWaitUntil(platform));
      return cors === undefined ? response : cors.decorate(request, response);
    } catch (error) {
      return refuse(error);
    } finally {
      discardBody(request);
    }
  };

  async function serve(request: Request, waitUntil: WaitUntil): Promise<Response> {
    try {
      const identity = await identify(request);
      if (identity instanceof Response) return identity;
      const version = soleValue(request.headers, "mcp-protocol-version");
      return await route({ request, ...identity, version, waitUntil });
    } catch (error) {
      return refuse(error);
    }
  }

  function route(incoming: Incoming): Response | Promise<Response> {
    const { request: { method }, version } = incoming;
    if (method === "POST") return post(incoming);
    if (isModernVersion(version)) return methodNotAllowed("POST", `${VERSION_2026} knows no other than POST`);
    if (method === "GET") return listenLegacy(context, incoming);
    if (method === "DELETE") return endLegacySession(context, incoming);
    return methodNotAllowed(
      "GET, POST, DELETE",
      "use POST for messages, GET to listen, DELETE to end a session",
    );
  }

  async function post(incoming: Incoming): Promise<Response> {
    const { request } = incoming;
    requireJsonBody(request.headers);
    requireAcceptable(request.headers, ["application/json", "text/event-stream"]);
    const parsed = parseMessage(await readJsonBody(request, { maxBodyBytes, maxDepth }));
    try {
      return await take(parsed, incoming);
    } catch (error) {
      return refuse(error, parsed.type === "request" ? parsed.message.id : undefined);
    }
  }

  function take(parsed: ParsedMessage, incoming: Incoming): Response | Promise<Response> {
    const target = routeOf(parsed, incoming.version);
    if (target === "legacy") return takeLegacy(context, parsed, incoming);
    // Notifications of the newer revision mean nothing over HTTP, where leaving is cancelling.
    if (parsed.type !== "request") return new Response(null, { status: 202 });
    if (target === "initialize") return answerInitialize(context, parsed.message, incoming);
    return answerModern(context, parsed.message, incoming);
  }

  function refuse(error: unknown, id?: RequestId): Response {
    const wire = context.toWireError(error, "handle");
    const headers = wire instanceof AccessRefusedError ? context.refusalHeaders(wire.refusal) : undefined;
    return errorResponse(wire, id, wire.httpStatus ?? 400, headers);
  }
}

function methodNotAllowed(allow: string, reason: string): Response {
  const error = new ProtocolError(-32600, `HTTP method not allowed: ${reason}`);
  return errorResponse(error, undefined, 405, { allow });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function toWaitUntil(platform: readonly unknown[]): WaitUntil {
  for (const argument of platform) {
    if (isObject(argument) && "waitUntil" in argument && typeof argument.waitUntil === "function") {
      return argument.waitUntil.bind(argument);
    }
  }
  // Where the platform offers nothing, the process simply goes on.
  return () => {};
}
