import { assertEquals, assertNotEquals } from "@std/assert";
import { verifies } from "../support/requirements.ts";
import { emptyResult, SESSION_ID } from "./fake_dispatcher.ts";
import {
  assertRefused,
  bare,
  createTestHandler,
  legacy,
  LEGACY_HEADERS,
  modernMeta,
  post,
} from "./requests.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
};
const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };
const ANSWER = { jsonrpc: "2.0", id: "call/1", result: { action: "accept" } };

verifies(["T25-178", "T25-155", "T25-122"], "initialize is answered as JSON with a session id", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const response = await fetch(post(INITIALIZE));
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(response.headers.get("mcp-session-id"), SESSION_ID);
  assertEquals(await response.json(), { jsonrpc: "2.0", id: 0, result: {} });
  assertEquals(dispatcher.calls.map(({ via }) => via), ["initialize"]);
});

Deno.test("createFetchHandler() takes initialize for 2025-11-25 whatever the headers say", async () => {
  for (
    const headers of [
      { "mcp-protocol-version": "2025-11-25", "mcp-method": "initialize" },
      { "mcp-protocol-version": "2026-07-28", "mcp-method": "initialize" },
      { "mcp-protocol-version": "nonsense" },
      { "mcp-session-id": "dead" },
    ]
  ) {
    const { fetch, dispatcher } = createTestHandler();
    assertEquals((await fetch(post(INITIALIZE, headers))).status, 200);
    assertEquals(dispatcher.calls.map(({ via }) => via), ["initialize"]);
  }
});

Deno.test("createFetchHandler() reports a defect when initialize sends something before its answer", async () => {
  const errors: unknown[] = [];
  const { fetch } = createTestHandler({
    answer: (request, exchange) => {
      exchange.send({ jsonrpc: "2.0", method: "notifications/message" });
      return Promise.resolve(emptyResult(request));
    },
  }, { onEvent: (event) => void (event.type === "defect" && errors.push(String(event.error))) });
  const response = await fetch(post(INITIALIZE));
  await assertRefused(response, { status: 500, code: -32603, names: "Internal error", id: 0 });
  assertEquals(errors, ['TypeError: Cannot send "notifications/message": "initialize" is not answered yet']);
});

verifies("T25-155", "a request within a session is answered as one JSON object", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const response = await fetch(legacy("tools/list", { cursor: "c" }));
  assertEquals([response.status, response.headers.get("content-type")], [200, "application/json"]);
  assertEquals(await response.json(), { jsonrpc: "2.0", id: 7, result: {} });
  assertEquals(dispatcher.calls.map(({ via, session }) => [via, session]), [["dispatchLegacy", SESSION_ID]]);
});

Deno.test("createFetchHandler() answers errors of 2025-11-25 with status 200", async () => {
  for (const code of [-32601, -32602, -32603, -32002, -32020]) {
    const { fetch } = createTestHandler({
      answer: ({ id }) => Promise.resolve({ jsonrpc: "2.0", id, error: { code, message: "no" } }),
    });
    assertEquals((await fetch(legacy("tools/list"))).status, 200);
  }
});

verifies("T25-153", "an accepted notification or response is 202 with an empty body", async () => {
  const { fetch, dispatcher } = createTestHandler();
  for (const body of [INITIALIZED, ANSWER, { jsonrpc: "2.0", error: { code: 1, message: "m" } }]) {
    const response = await fetch(post(body, LEGACY_HEADERS));
    assertEquals([response.status, await response.text()], [202, ""]);
  }
  assertEquals(dispatcher.calls.map(({ via }) => via), ["notifyLegacy", "respondLegacy", "respondLegacy"]);
});

verifies(["T25-154", "T25-182"], "what needs a session and names none is 400", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const refusal = { status: 400, code: -32600, names: '"Mcp-Session-Id"' };
  for (const session of [undefined, ""]) {
    const headers = { "mcp-session-id": session };
    await assertRefused(await fetch(legacy("tools/list", {}, headers)), { ...refusal, id: 7 });
    await assertRefused(await fetch(post(INITIALIZED, { ...LEGACY_HEADERS, ...headers })), refusal);
    await assertRefused(await fetch(post(ANSWER, { ...LEGACY_HEADERS, ...headers })), refusal);
    await assertRefused(await fetch(bare("GET", headers)), refusal);
    await assertRefused(await fetch(bare("DELETE", headers)), refusal);
  }
  assertEquals(dispatcher.calls, []);
});

verifies(["T25-183", "T25-154"], "what names a session that is not there is 404", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const refusal = { status: 404, code: -32600, names: '"Mcp-Session-Id"' };
  for (const session of ["dead", "the-session, dead", "__proto__", "x".repeat(4096)]) {
    const headers = { "mcp-session-id": session };
    await assertRefused(await fetch(legacy("tools/list", {}, headers)), { ...refusal, id: 7 });
    await assertRefused(await fetch(legacy("ping", {}, headers)), { ...refusal, id: 7 });
    await assertRefused(await fetch(post(INITIALIZED, { ...LEGACY_HEADERS, ...headers })), refusal);
    await assertRefused(await fetch(post(ANSWER, { ...LEGACY_HEADERS, ...headers })), refusal);
    await assertRefused(await fetch(bare("GET", headers)), refusal);
    await assertRefused(await fetch(bare("DELETE", headers)), refusal);
  }
  assertEquals(dispatcher.calls.length, 24);
});

Deno.test("createFetchHandler() answers ping before there is a session, with nothing in it", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const response = await fetch(post({ jsonrpc: "2.0", id: "p", method: "ping" }));
  assertEquals([response.status, await response.json()], [200, { jsonrpc: "2.0", id: "p", result: {} }]);
  assertEquals(dispatcher.calls, []);
});

verifies("T25-185", "DELETE ends the session", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const response = await fetch(bare("DELETE"));
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals(dispatcher.calls.map(({ via, session }) => [via, session]), [["endSession", SESSION_ID]]);
});

verifies("T25-189", "a version header that is not served is 400", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const refusal = { status: 400, code: -32600, names: '"MCP-Protocol-Version"' };
  for (const version of ["2024-11-05", "1", "2025-11-25x", "2025-11-25, 2025-06-18", "__proto__"]) {
    const headers = { "mcp-protocol-version": version };
    await assertRefused(await fetch(legacy("tools/list", {}, headers)), { ...refusal, id: 7 });
    await assertRefused(await fetch(legacy("ping", {}, headers)), { ...refusal, id: 7 });
    await assertRefused(await fetch(post(INITIALIZED, { ...LEGACY_HEADERS, ...headers })), refusal);
    await assertRefused(await fetch(bare("GET", headers)), refusal);
    await assertRefused(await fetch(bare("DELETE", headers)), refusal);
  }
  assertEquals(dispatcher.calls, []);
});

verifies(
  ["T25-188", "T25-189"],
  "older versions, an absent header and one sent twice are served",
  async () => {
    for (
      const version of ["2025-11-25", "2025-06-18", "2025-03-26", undefined, "", "2025-11-25, 2025-11-25"]
    ) {
      const { fetch } = createTestHandler();
      assertEquals((await fetch(legacy("tools/list", {}, { "mcp-protocol-version": version }))).status, 200);
    }
  },
);

Deno.test("createFetchHandler() counts a session id sent twice once", async () => {
  const { fetch } = createTestHandler();
  const headers = { "mcp-session-id": `${SESSION_ID}, ${SESSION_ID}` };
  assertEquals((await fetch(legacy("tools/list", {}, headers))).status, 200);
});

Deno.test("createFetchHandler() decides the revision by the body, not by method or session", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const params = { _meta: modernMeta() };
  const response = await fetch(legacy("tools/list", params));
  await assertRefused(response, { status: 400, code: -32020, names: '"MCP-Protocol-Version"', id: 7 });
  // Other members of `_meta` exist in both revisions.
  assertEquals((await fetch(legacy("tools/list", { _meta: { progressToken: 1 } }))).status, 200);
  assertEquals(dispatcher.calls.map(({ via }) => via), ["dispatchLegacy"]);
});

verifies(["T25-147", "T25-166"], "methods other than POST, GET and DELETE are 405 and named", async () => {
  const { fetch } = createTestHandler();
  for (const method of ["PUT", "PATCH", "HEAD", "OPTIONS", "PROPFIND"]) {
    const response = await fetch(bare(method));
    assertEquals(response.headers.get("allow"), "GET, POST, DELETE");
    await assertRefused(response, { status: 405, code: -32600, names: "POST" });
  }
});

verifies("T25-167", "a GET that takes no event stream is 406", async () => {
  const { fetch, dispatcher } = createTestHandler();
  for (const accept of ["application/json", "text/html, image/*", "text/event-stream;q=0"]) {
    const response = await fetch(bare("GET", { accept }));
    await assertRefused(response, { status: 406, code: -32600, names: '"Accept"' });
  }
  assertEquals(dispatcher.calls, []);
});

Deno.test("createFetchHandler() tells nobody but the listener what a defect was", async () => {
  const secret = new Error("password is hunter2");
  const seen: unknown[] = [];
  const { fetch } = createTestHandler({ answer: () => Promise.reject(secret) }, {
    onEvent: (event) => {
      seen.push(event);
      throw new Error("a listener may fail");
    },
  });
  const response = await fetch(legacy("tools/list"));
  const text = await response.clone().text();
  await assertRefused(response, { status: 500, code: -32603, names: "Internal error", id: 7 });
  assertEquals(text.includes("hunter2"), false);
  const { correlationId } = JSON.parse(text).error.data;
  assertEquals(seen, [{ type: "defect", during: "dispatch", correlationId, error: secret }]);
  const again = await (await fetch(legacy("tools/list"))).json();
  assertNotEquals(again.error.data.correlationId, correlationId);
});
