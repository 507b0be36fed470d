/**
 * Requests of both revisions as well-behaved clients send them, for tests to damage.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { createFetchHandler, type FetchHandler, type FetchHandlerOptions } from "../../src/handler/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { FakeDispatcher, type FakeDispatcherOptions, SESSION_ID } from "./fake_dispatcher.ts";

/** Where the tests pretend to be served. */
export const URL_HERE = "http://127.0.0.1:8000/mcp";

/** Headers to set; `undefined` leaves one out that would be there. */
export type HeaderChanges = Readonly<Record<string, string | undefined>>;

/** A JSON-RPC body of any shape. */
export type Body = Readonly<Record<string, unknown>>;

/** A handler over a fake server, with clocks that stand still; callers are anonymous unless `options` says else. */
export function createTestHandler(
  server: FakeDispatcherOptions = {},
  options: FetchHandlerOptions = {},
): { readonly fetch: FetchHandler; readonly dispatcher: FakeDispatcher; readonly runtime: FakeRuntime } {
  const dispatcher = new FakeDispatcher(server);
  const runtime = new FakeRuntime();
  const fetch = createFetchHandler(dispatcher, { allowAnonymous: true, runtime, ...options });
  return { fetch, dispatcher, runtime };
}

/** A POST of JSON, or of the text or bytes given. */
export function post(
  body: Body | readonly unknown[] | string | Uint8Array<ArrayBuffer>,
  headers: HeaderChanges = {},
): Request {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  return new Request(URL_HERE, {
    method: "POST",
    headers: compact({
      "host": "127.0.0.1:8000",
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      ...headers,
    }),
    body: isRaw ? body : JSON.stringify(body),
  });
}

/** The `_meta` of a 2026-07-28 request. */
export function modernMeta(changes: Body = {}): Body {
  return {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    ...changes,
  };
}

/** A 2026-07-28 request, with the headers that mirror it. */
export function modern(method: string, params: Body = {}, headers: HeaderChanges = {}): Request {
  const name = params.name ?? params.uri ?? params.taskId;
  return post({ jsonrpc: "2.0", id: 7, method, params: { _meta: modernMeta(), ...params } }, {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    "mcp-name": typeof name === "string" ? name : undefined,
    ...headers,
  });
}

/** Headers of every 2025-11-25 request after the handshake. */
export const LEGACY_HEADERS: HeaderChanges = {
  "mcp-protocol-version": "2025-11-25",
  "mcp-session-id": SESSION_ID,
};

/** A 2025-11-25 request within the session. */
export function legacy(method: string, params?: Body, headers: HeaderChanges = {}): Request {
  return post({ jsonrpc: "2.0", id: 7, method, params }, { ...LEGACY_HEADERS, ...headers });
}

/** A request without a body within the session. */
export function bare(method: string, headers: HeaderChanges = {}): Request {
  return new Request(URL_HERE, {
    method,
    headers: compact({ host: "127.0.0.1:8000", accept: "text/event-stream", ...LEGACY_HEADERS, ...headers }),
  });
}

/** What an error answer must be. */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  /** Text that the message must contain: the name of the field at fault. */
  readonly names: string;
  /** Id the answer must carry; absent means that it must carry none. */
  readonly id?: string | number;
}

/** Checks that a response is a JSON-RPC error with all that `refusal` says. */
export async function assertRefused(response: Response, refusal: Refusal): Promise<void> {
  const body = await response.json();
  const { code, message } = body.error ?? {};
  assertEquals(
    {
      status: response.status,
      type: response.headers.get("content-type"),
      jsonrpc: body.jsonrpc,
      code,
      id: body.id,
      names: typeof message === "string" && message.includes(refusal.names) ? refusal.names : message,
    },
    { type: "application/json", jsonrpc: "2.0", ...refusal, id: refusal.id },
  );
}

function compact(headers: HeaderChanges): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
