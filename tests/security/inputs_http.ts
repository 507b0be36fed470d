/**
 * What is refused before any method is looked at: places, credentials, media types, bodies and envelopes.
 *
 * @module
 */
import { ADA, type BadInput, bare, EVE, legacy, message, modern, raw } from "./bad_input.ts";
import { MAX_BODY_BYTES } from "./world.ts";

const PING = '{"jsonrpc":"2.0","id":"the-id","method":"ping"}';
const call = (changes: Record<string, unknown>) => ({
  jsonrpc: "2.0",
  id: "the-id",
  method: "ping",
  ...changes,
});
const without = (name: string) =>
  Object.fromEntries(Object.entries(call({})).filter(([key]) => key !== name));

/** Where a request comes from and who sends it. */
export const PLACES: readonly BadInput[] = [
  ["another host", [403, -32600, "host"], raw(PING, { host: "evil.example" })],
  ["a host that begins like ours", [403, -32600, "host"], raw(PING, { host: "127.0.0.1.evil.example" })],
  ["a host with a user name", [403, -32600, "host"], raw(PING, { host: "evil@localhost" })],
  ["no host at all", [403, -32600, "host"], raw(PING, { host: undefined })],
  [
    "another host, and ours as the forwarded one",
    [403, -32600, "host"],
    raw(PING, {
      "host": "evil.example",
      "x-forwarded-host": "localhost",
      "forwarded": "host=localhost",
    }),
  ],
  ["another origin", [403, -32600, "origin"], raw(PING, { origin: "https://evil.example" })],
  ["the origin of a sandboxed page", [403, -32600, "origin"], raw(PING, { origin: "null" })],
  ["our origin on another port", [403, -32600, "origin"], raw(PING, { origin: "http://127.0.0.1:9" })],
  [
    "our origin among others",
    [403, -32600, "origin"],
    raw(PING, {
      origin: "http://127.0.0.1:8000, https://evil.example",
    }),
  ],
  [
    "another origin under 2026-07-28",
    [403, -32600, "origin"],
    modern("tools/list", {}, {
      headers: { origin: "https://evil.example" },
    }),
  ],
  ["no credentials", [401, -32600, "unauthenticated"], raw(PING, { authorization: undefined })],
  ["credentials of nobody", [401, -32600, "unauthenticated"], raw(PING, { authorization: "nobody" })],
  [
    "no credentials under 2026-07-28",
    [401, -32600, "unauthenticated"],
    modern("tools/list", {}, {
      headers: { authorization: undefined },
    }),
  ],
  [
    "no credentials in a handshake",
    [401, -32600, "unauthenticated"],
    legacy("initialize", {}, {
      headers: { authorization: undefined },
    }),
  ],
  [
    "no credentials for a stream",
    [401, -32600, "unauthenticated"],
    bare("GET", { authorization: undefined }),
  ],
  [
    "a tool beyond the caller's scopes",
    [403, -32600, "insufficient_scope"],
    legacy("tools/call", {
      name: "guarded",
    }),
  ],
  [
    "the same under 2026-07-28",
    [403, -32600, "insufficient_scope"],
    modern("tools/call", { name: "guarded" }),
  ],
];

/** Methods and headers. */
export const HEADERS: readonly BadInput[] = [
  ["PUT", [405, -32600], bare("PUT")],
  ["PATCH", [405, -32600], bare("PATCH")],
  [
    "OPTIONS of a page, where none are served",
    [405, -32600],
    bare("OPTIONS", {
      "origin": "http://127.0.0.1:8000",
      "access-control-request-method": "POST",
    }),
  ],
  ["GET under 2026-07-28", [405, -32600], bare("GET", { "mcp-protocol-version": "2026-07-28" })],
  ["DELETE under 2026-07-28", [405, -32600], bare("DELETE", { "mcp-protocol-version": "2026-07-28" })],
  [
    "a GET that takes no stream",
    [406, -32600, "not_acceptable"],
    bare("GET", { accept: "application/json" }),
  ],
  [
    "an Accept that rules every answer out",
    [406, -32600, "not_acceptable"],
    raw(PING, { accept: "text/html" }),
  ],
  ["an Accept of weight 0", [406, -32600, "not_acceptable"], raw(PING, { accept: "*/*;q=0" })],
  ["no content type", [415, -32600, "media_type"], raw(PING, { "content-type": undefined })],
  ["a plain text", [415, -32600, "media_type"], raw(PING, { "content-type": "text/plain" })],
  [
    "an HTML form",
    [415, -32600, "media_type"],
    raw("a=b", { "content-type": "application/x-www-form-urlencoded" }),
  ],
  [
    "another character set",
    [415, -32600, "media_type"],
    raw(PING, {
      "content-type": "application/json; charset=utf-16",
    }),
  ],
  ["a compressed body", [415, -32600, "media_type"], raw(PING, { "content-encoding": "gzip" })],
  [
    "a version header that is not served",
    [400, -32600, "version"],
    legacy("ping", undefined, { headers: { "mcp-protocol-version": "2024-11-05" } }),
  ],
  [
    "a version header that is no version",
    [400, -32600, "version"],
    legacy("ping", undefined, { headers: { "mcp-protocol-version": "latest" } }),
  ],
  [
    "two different version headers",
    [400, -32600, "version"],
    legacy("ping", undefined, {
      headers: {
        "mcp-protocol-version": "2025-11-25, 2025-06-18",
      },
    }),
  ],
];

/** Sessions, and streams to come back to. */
export const SESSIONS: readonly BadInput[] = [
  [
    "no session",
    [400, -32600, "session_required"],
    legacy("tools/list", {}, {
      headers: { "mcp-session-id": undefined },
    }),
  ],
  [
    "a session that never was",
    [404, -32600, "session_not_found"],
    legacy("tools/list", {}, {
      headers: { "mcp-session-id": "A".repeat(32) },
    }),
  ],
  [
    "a session id that can be none",
    [404, -32600, "session_not_found"],
    legacy("tools/list", {}, {
      headers: { "mcp-session-id": "../../etc/passwd" },
    }),
  ],
  [
    "a session id of 10,000 characters",
    [404, -32600, "session_not_found"],
    legacy("tools/list", {}, {
      headers: { "mcp-session-id": "A".repeat(10_000) },
    }),
  ],
  [
    "another caller's session",
    [404, -32600, "session_not_found"],
    legacy("tools/list", {}, {
      headers: { authorization: EVE },
    }),
  ],
  [
    "another caller's session, to end it",
    [404, -32600, "session_not_found"],
    bare("DELETE", { authorization: EVE }),
  ],
  [
    "another caller's session, to listen",
    [404, -32600, "session_not_found"],
    bare("GET", { authorization: EVE }),
  ],
  [
    "a session that has ended",
    [404, -32600, "session_not_found"],
    bare("GET", {
      "mcp-session-id": ({ endedSession }) => endedSession,
    }),
  ],
  [
    "two sessions at once",
    [404, -32600, "session_not_found"],
    bare("GET", {
      "mcp-session-id": ({ session, foreignSession }) => `${session}, ${foreignSession}`,
    }),
  ],
  [
    "a stream that never was",
    [400, -32600, "stream_unknown"],
    bare("GET", {
      "last-event-id": "post-AAAAAAAAAAAAAAAA.0",
    }),
  ],
  [
    "another caller's stream",
    [400, -32600, "stream_unknown"],
    bare("GET", {
      "last-event-id": ({ foreignEvent }) => foreignEvent,
    }),
  ],
  [
    "a stream whose event id was changed",
    [400, -32600, "stream_unknown"],
    bare("GET", {
      "last-event-id": ({ event }) => `x${event.slice(1)}`,
    }),
  ],
];

/** Bodies that are no message. */
export const BODIES: readonly BadInput[] = [
  ["an empty body", [400, -32700], raw("")],
  ["a body that is not JSON", [400, -32700], raw("ping")],
  ["a body that breaks off", [400, -32700], raw(PING.slice(0, -1))],
  ["a body with something behind it", [400, -32700], raw(`${PING}x`)],
  ["two messages in one body", [400, -32700], raw(`${PING}\n${PING}`)],
  ["a body that is not UTF-8", [400, -32700], raw(Uint8Array.of(0x22, 0xff, 0x22))],
  ["a NUL", [400, -32700], raw("\0")],
  ["65 levels", [400, -32700], raw("[".repeat(65) + "]".repeat(65))],
  ["100,000 levels", [400, -32700], raw("[".repeat(100_000))],
  ["one byte too many", [413, -32600, "too_large"], raw(" ".repeat(MAX_BODY_BYTES + 1))],
  [
    "a length that is declared too large",
    [413, -32600, "too_large"],
    raw(PING, { "content-length": "99999999" }),
  ],
];

/** JSON that is no message. */
export const ENVELOPES: readonly BadInput[] = [
  ["a batch", [400, -32600], message([call({})])],
  ["an empty batch", [400, -32600], message([])],
  ["a number", [400, -32600], message(7)],
  ["null", [400, -32600], message(null)],
  ["a text", [400, -32600], message("ping")],
  ["no members", [400, -32600], message({})],
  ["no jsonrpc", [400, -32600], message(without("jsonrpc"), "the-id")],
  ['jsonrpc "1.0"', [400, -32600], message(call({ jsonrpc: "1.0" }), "the-id")],
  ["jsonrpc 2", [400, -32600], message(call({ jsonrpc: 2 }), "the-id")],
  ["an id of null", [400, -32600], message(call({ id: null }))],
  ["an id with a fraction", [400, -32600], message(call({ id: 0.5 }))],
  ["an id beyond safe integers", [400, -32600], message(call({ id: 2 ** 53 }))],
  ["an id of 1,025 characters", [400, -32600], message(call({ id: "x".repeat(1025) }))],
  ["an id of half a character", [400, -32600], raw('{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}')],
  ["an id that is an object", [400, -32600], message(call({ id: {} }))],
  ["no method", [400, -32600], message(without("method"), "the-id")],
  ["an empty method", [400, -32600], message(call({ method: "" }), "the-id")],
  ["a method of 257 characters", [400, -32600], message(call({ method: "x".repeat(257) }), "the-id")],
  ["a method that is a number", [400, -32600], message(call({ method: 1 }), "the-id")],
  ["params that are a list", [400, -32600], message(call({ params: [] }), "the-id")],
  ["params that are a text", [400, -32600], message(call({ params: "x" }), "the-id")],
  ["result and error at once", [400, -32600], message({ jsonrpc: "2.0", id: 1, result: {}, error: {} }, 1)],
  ["a result without an id", [400, -32600], message({ jsonrpc: "2.0", result: {} })],
  ["a result that is a list", [400, -32600], message({ jsonrpc: "2.0", id: 1, result: [] }, 1)],
  ["an error without a code", [400, -32600], message({ jsonrpc: "2.0", id: 1, error: { message: "" } }, 1)],
  ["an error that is a text", [400, -32600], message({ jsonrpc: "2.0", id: 1, error: "no" }, 1)],
];

/** Answers of clients to requests that are not theirs. */
export const FOREIGN_ANSWERS: readonly BadInput[] = [
  [
    "an answer in another caller's session",
    [404, -32600, "session_not_found"],
    ({ session, asking }) => ({
      ...raw(
        JSON.stringify({ jsonrpc: "2.0", id: `${asking}/bmFtZQ/AAAAAAAA`, result: { action: "cancel" } }),
        {
          "authorization": EVE,
          "mcp-session-id": session,
        },
      )({} as never),
    }),
  ],
  [
    "a notification without a session",
    [400, -32600, "session_required"],
    raw(
      JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }),
      { "authorization": ADA, "mcp-session-id": undefined },
    ),
  ],
];
