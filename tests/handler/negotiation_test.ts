import { assertEquals } from "@std/assert";
import { createTestHandler, legacy, modern } from "./requests.ts";

const JSON_TYPE = "application/json";
const EVENTS = "text/event-stream";

/** Accept headers, and what a 2025-11-25 request with them is answered as. */
const ANSWERED_AS: Readonly<Record<string, string>> = {
  "application/json, text/event-stream": JSON_TYPE,
  "text/event-stream, application/json": EVENTS,
  "text/event-stream": EVENTS,
  "application/json": JSON_TYPE,
  "*/*": JSON_TYPE,
  "text/event-stream;q=0.5, application/json": JSON_TYPE,
  "application/json;q=0.9, TEXT/Event-Stream": EVENTS,
  "text/*, application/json;q=0.1": EVENTS,
  "text/event-stream;q=0, */*": JSON_TYPE,
};

Deno.test("a client of 2025-11-25 gets the kind of answer it prefers", async () => {
  const { fetch } = createTestHandler();
  for (const [accept, type] of Object.entries(ANSWERED_AS)) {
    const response = await fetch(legacy("tools/list", {}, { accept }));
    assertEquals([response.status, response.headers.get("content-type")], [200, type], accept);
    const text = await response.text();
    if (type === EVENTS) {
      assertEquals(/^id: \S+\ndata: \n\nid: \S+\ndata: \{.+\}\n\n$/.test(text), true, text);
    }
  }
});

Deno.test("an answer with another status is never a stream", async () => {
  const { fetch } = createTestHandler();
  const accept = "text/event-stream, application/json";
  const response = await fetch(legacy("tools/list", {}, { accept, "mcp-session-id": "unknown-session-id" }));
  assertEquals([response.status, response.headers.get("content-type")], [404, JSON_TYPE]);
  await response.body?.cancel();
});

Deno.test("a 2026-07-28 answer is JSON, whatever the order", async () => {
  const { fetch } = createTestHandler();
  const accept = "text/event-stream, application/json";
  const response = await fetch(modern("tools/list", {}, { accept }));
  assertEquals(response.headers.get("content-type"), JSON_TYPE);
  await response.body?.cancel();
});
