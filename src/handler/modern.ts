/**
 * Requests of 2026-07-28: each one complete in itself, checked in a fixed order, then dispatched.
 *
 * Every refusal carries the request's id and a code that the revision defines, because a client that knows both
 * revisions takes anything else for a server that only knows the older one.
 *
 * @module
 */
import {
  type JsonRpcRequest,
  type JsonRpcResponse,
  methodNotFound,
  ProtocolError,
  toFailure,
  VERSION_2026,
} from "../protocol/mod.ts";
import { parseRequestMeta, type RequestMeta, unsupportedVersion } from "../protocol/v2026_07_28/mod.ts";
import type { Dispatcher } from "../server/exchange.ts";
import type { HandlerContext } from "./context.ts";
import { jsonResponse, modernStatus } from "./json_response.ts";
import {
  checkMethodHeader,
  checkNameHeader,
  checkParamHeaders,
  checkVersionHeader,
} from "./modern_headers.ts";
import { type Incoming, type Reply, reply } from "./reply.ts";

/** Answers a 2026-07-28 request. */
export function answerModern(
  context: HandlerContext,
  request: JsonRpcRequest,
  incoming: Incoming,
): Promise<Response> {
  let meta: RequestMeta;
  try {
    meta = checkRequest(context, request, incoming.request.headers);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const failure = toFailure(request.id, error.toJsonRpc());
    return Promise.resolve(jsonResponse(failure, error.httpStatus ?? modernStatus(failure)));
  }
  const options = { era: VERSION_2026, id: request.id, hasEventIds: false } as const;
  return reply(
    context,
    incoming,
    options,
    (exchange) => context.dispatcher.dispatchModern(request, meta, exchange).then(toReply),
  );
}

/**
 * Checks what does not depend on the transport: metadata, version, method.
 *
 * @throws {ProtocolError} -32602 without the metadata, -32022 for another version, -32601 for a method that is not served.
 */
export function checkModern(dispatcher: Dispatcher, { method, params }: JsonRpcRequest): RequestMeta {
  const meta = parseRequestMeta(params);
  checkServed(dispatcher, method, meta);
  return meta;
}

/** The order is ours where the text gives none; the published suite relies on the first three steps of it. */
function checkRequest(
  { dispatcher }: HandlerContext,
  request: JsonRpcRequest,
  headers: Headers,
): RequestMeta {
  const { method, params } = request;
  const meta = parseRequestMeta(params);
  checkVersionHeader(headers, meta.protocolVersion);
  checkServed(dispatcher, method, meta);
  checkMethodHeader(headers, method);
  checkNameHeader(headers, request);
  if (method === "tools/call" && typeof params?.name === "string") {
    checkParamHeaders(headers, request, dispatcher.mirroredParams(params.name));
  }
  return meta;
}

function checkServed(dispatcher: Dispatcher, method: string, { protocolVersion }: RequestMeta): void {
  if (protocolVersion !== VERSION_2026) throw unsupportedVersion([VERSION_2026], protocolVersion);
  if (!dispatcher.servesModern(method)) {
    throw methodNotFound(`Method not found: "method" names none that is served under ${VERSION_2026}`);
  }
}

function toReply(body: JsonRpcResponse): Reply {
  return { status: modernStatus(body), body };
}
