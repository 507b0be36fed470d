/**
 * Messages of 2025-11-25 and the older revisions it agrees to: handshake, sessions, and the stream beside them.
 *
 * A `GET` with `Last-Event-ID` goes on with the request on whose stream that event came (T25-176). Where it came on the
 * stream beside, nothing is sent again: the client listens anew.
 *
 * @module
 */
import {
  HANDSHAKE_VERSIONS,
  type JsonRpcRequest,
  type ParsedMessage,
  ProtocolError,
  type RequestId,
  toFailure,
  toResult,
  VERSION_2025,
} from "../protocol/mod.ts";
import type { Exchange, SessionRef } from "../server/exchange.ts";
import type { HandlerContext } from "./context.ts";
import { soleValue } from "./header_values.ts";
import { jsonResponse } from "./json_response.ts";
import { prefersEvents, requireAcceptable } from "./negotiation.ts";
import { type Incoming, reply } from "./reply.ts";
import { SSE_HEADERS } from "./sse_stream.ts";
import { randomName, setAlarm } from "../runtime.ts";

const SESSION_HEADER = "mcp-session-id";
/** Longest id of an event that is looked at, in characters; ours are far shorter. */
const MAX_EVENT_ID_CHARS = 4096;

/** Answers `initialize`; the version is agreed on in the body, so no header is looked at. */
export async function answerInitialize(
  { dispatcher }: HandlerContext,
  request: JsonRpcRequest,
  { caller, waitUntil }: Incoming,
): Promise<Response> {
  const { signal } = new AbortController();
  const exchange: Exchange = {
    caller,
    signal,
    left: signal,
    whenLeft: () => {},
    // The session id travels in the headers of the answer, so there is no stream before it.
    send: ({ method }) => {
      throw new TypeError(`Cannot send "${method}": "initialize" is not answered yet`);
    },
    waitUntil,
  };
  const { response, sessionId } = await dispatcher.initialize(request, exchange, "stored");
  return jsonResponse(response, 200, sessionId === undefined ? undefined : { [SESSION_HEADER]: sessionId });
}

/**
 * Takes any message but `initialize`.
 *
 * @throws {ProtocolError} With `httpStatus` 400 without a session or with a version that is not served, 404 if the
 * session is not there for this caller.
 */
export async function takeLegacy(
  context: HandlerContext,
  parsed: ParsedMessage,
  incoming: Incoming,
): Promise<Response> {
  const { request: { headers }, caller, version } = incoming;
  requireHandshakeVersion(version);
  // Clients may ping before they have a session, and it needs nothing of one.
  if (parsed.type === "request" && parsed.message.method === "ping" && !soleValue(headers, SESSION_HEADER)) {
    return jsonResponse(toResult(parsed.message.id, {}), 200);
  }
  const session = requireSession(headers);
  if (parsed.type === "request") return answerLegacy(context, parsed.message, session, incoming);
  const isTaken = parsed.type === "notification"
    ? await context.dispatcher.notifyLegacy(parsed.message, session, caller)
    : await context.dispatcher.respondLegacy(parsed.message, session, caller);
  if (!isTaken) throw sessionNotFound();
  return new Response(null, { status: 202 });
}

/**
 * Opens the stream of a session, or goes on with the stream of a request. The first ends when what its client is known
 * by lapses.
 *
 * @throws {ProtocolError} As {@linkcode takeLegacy}, with `httpStatus` 406 if the client takes no event stream, and with
 * 400 if it comes back to a stream that is none of this session.
 */
export async function listenLegacy(context: HandlerContext, incoming: Incoming): Promise<Response> {
  const { request: { headers }, caller, expiresAt, version } = incoming;
  requireAcceptable(headers, ["text/event-stream"]);
  requireHandshakeVersion(version);
  const session = requireSession(headers);
  const lastEventId = headers.get("last-event-id");
  if (lastEventId && lastEventId.length <= MAX_EVENT_ID_CHARS) {
    const resumed = await context.dispatcher.resumeLegacy(session, lastEventId, caller);
    if (resumed === undefined) throw sessionNotFound();
    if (resumed !== "none") {
      const options = { era: VERSION_2025, id: resumed.id, hasEventIds: true, isStream: true } as const;
      return reply(context, incoming, options, async (exchange) => {
        return { status: 200, body: await resumed.answer(exchange) };
      });
    }
  }
  const abort = new AbortController();
  const idPrefix = hasEventIds(version) ? `get-${randomName(context.runtime)}` : undefined;
  const stream = context.openStream(VERSION_2025, idPrefix, () => {
    cancelAlarm?.();
    abort.abort();
  });
  const cancelAlarm = expiresAt === undefined
    ? undefined
    : setAlarm(context.runtime, expiresAt, () => stream.close());
  const listener = {
    caller,
    signal: abort.signal,
    send: stream.send.bind(stream),
    close: () => stream.close(),
  };
  let isAttached = false;
  try {
    isAttached = await context.dispatcher.listenLegacy(session, listener);
  } finally {
    if (!isAttached) stream.close();
  }
  if (!isAttached) throw sessionNotFound();
  return new Response(stream.readable, { headers: SSE_HEADERS });
}

/**
 * Ends a session.
 *
 * @throws {ProtocolError} As {@linkcode takeLegacy}.
 */
export async function endLegacySession(
  { dispatcher }: HandlerContext,
  { request: { headers }, caller, version }: Incoming,
): Promise<Response> {
  requireHandshakeVersion(version);
  if (!(await dispatcher.endSession(requireSession(headers), caller))) throw sessionNotFound();
  return new Response(null, { status: 204 });
}

function answerLegacy(
  context: HandlerContext,
  request: JsonRpcRequest,
  session: SessionRef,
  incoming: Incoming,
): Promise<Response> {
  const options = {
    era: VERSION_2025,
    id: request.id,
    hasEventIds: hasEventIds(incoming.version),
    prefersStream: prefersEvents(incoming.request.headers),
  } as const;
  return reply(context, incoming, options, async (exchange) => {
    const body = await context.dispatcher.dispatchLegacy(request, session, exchange);
    return body === undefined ? lostSession(request.id) : { status: 200, body };
  });
}

// Clients of older revisions may take the empty data of the first event for a message.
function hasEventIds(version: string | undefined): boolean {
  return version === VERSION_2025;
}

function requireHandshakeVersion(version: string | undefined): void {
  const supported: readonly string[] = HANDSHAKE_VERSIONS;
  // Without a header the session knows; without a session there is nothing to know (T25-188).
  if (version === undefined || supported.includes(version)) return;
  throw new ProtocolError(
    -32600,
    'Invalid request: "MCP-Protocol-Version" names a version that is not served',
    { reason: "version", supported },
    { httpStatus: 400 },
  );
}

function requireSession(headers: Headers): SessionRef {
  const id = soleValue(headers, SESSION_HEADER);
  if (id !== undefined) return { id };
  throw new ProtocolError(
    -32600,
    'Invalid request: "Mcp-Session-Id" is missing: send the one that "initialize" was answered with',
    { reason: "session_required" },
    { httpStatus: 400 },
  );
}

function sessionNotFound(): ProtocolError {
  return new ProtocolError(
    -32600,
    'Not found: "Mcp-Session-Id" names no session of this caller: initialize again',
    { reason: "session_not_found" },
    { httpStatus: 404 },
  );
}

function lostSession(id: RequestId) {
  return { status: 404, body: toFailure(id, sessionNotFound().toJsonRpc()) };
}
