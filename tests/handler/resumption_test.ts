import { assertEquals, assertMatch } from "@std/assert";
import { ProtocolError } from "../../src/protocol/mod.ts";
import type { Exchange, ResumedRequest } from "../../src/server/exchange.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { readSse } from "../support/sse.ts";
import { SESSION_ID } from "./fake_dispatcher.ts";
import { assertRefused, bare, createTestHandler, legacy, modern } from "./requests.ts";

const PROGRESS = { jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } } as const;

/** A handler whose requests hang, and what the last one was given. */
function createHanging() {
  let exchange: Exchange | undefined;
  const answered = Promise.withResolvers<void>();
  const parts = createTestHandler({
    answer: async ({ id }, given) => {
      exchange = given;
      await answered.promise;
      return { jsonrpc: "2.0", id, result: {} };
    },
  });
  return {
    ...parts,
    answer: answered.resolve,
    async start(request: Request): Promise<{ exchange: Exchange; response: Promise<Response> }> {
      const response = parts.fetch(request);
      await settle();
      return { exchange: exchange!, response };
    },
  };
}

verifies(
  ["T25-176", "T25-170", "T25-163"],
  "a GET that names an event goes on with its request, on a stream",
  async () => {
    const resumed: ResumedRequest = {
      id: "original",
      answer: (exchange) => {
        exchange.send(PROGRESS);
        return Promise.resolve({ jsonrpc: "2.0", id: "original", result: {} });
      },
    };
    const { fetch, dispatcher, runtime } = createTestHandler({ resumed: () => resumed });
    const response = await fetch(bare("GET", { "last-event-id": "post-abc.4" }));
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
    const blocks = await readSse(response).all();
    assertEquals(blocks.map(({ data }) => data), [
      "",
      JSON.stringify(PROGRESS),
      '{"jsonrpc":"2.0","id":"original","result":{}}',
    ]);
    assertEquals(dispatcher.calls.map(({ via, message, session }) => [via, message, session]), [
      ["resumeLegacy", "post-abc.4", SESSION_ID],
    ]);
    assertEquals(runtime.pendingTimers, 0);
  },
);

verifies("T25-170", "an answer that is there at once goes on a stream all the same", async () => {
  const answer = () => Promise.resolve({ jsonrpc: "2.0", id: 1, result: {} } as const);
  const { fetch } = createTestHandler({ resumed: () => ({ id: 1, answer }) });
  const blocks = await readSse(await fetch(bare("GET", { "last-event-id": "post-abc.4" }))).all();
  assertEquals(blocks.map(({ data }) => data), ["", '{"jsonrpc":"2.0","id":1,"result":{}}']);
});

Deno.test("a defect in a resumed request is answered under its id", async () => {
  const answer = () => Promise.reject(new Error("secret"));
  const { fetch } = createTestHandler({ resumed: () => ({ id: 1, answer }) });
  const blocks = await readSse(await fetch(bare("GET", { "last-event-id": "post-abc.4" }))).all();
  const { id, error } = JSON.parse(blocks.at(-1)!.data!);
  assertEquals([id, error.code], [1, -32603]);
});

Deno.test("an event of no request, none, and one too long to be ours all mean: listen", async () => {
  for (const lastEventId of ["get-abc.4", undefined, "", "x".repeat(4097)]) {
    const { fetch, dispatcher } = createTestHandler();
    const response = await fetch(bare("GET", { "last-event-id": lastEventId }));
    const reader = readSse(response);
    const { value } = await reader.next();
    assertMatch(value!.id!, /^get-[\w-]{16}\.0$/);
    await reader.stop();
    const isLookedAt = lastEventId === "get-abc.4";
    assertEquals(dispatcher.calls.map(({ via }) => via), [
      ...(isLookedAt ? ["resumeLegacy"] : []),
      "listenLegacy",
    ]);
  }
});

Deno.test("a GET that may not go on is refused with a status", async () => {
  for (const [status, reason] of [[400, "stream_unknown"], [429, "limit"]] as const) {
    const { fetch, runtime } = createTestHandler({
      resumed: () => {
        throw new ProtocolError(-32600, "Invalid request", { reason }, { httpStatus: status });
      },
    });
    const response = await fetch(bare("GET", { "last-event-id": "post-abc.4" }));
    await assertRefused(response, { status, code: -32600, names: "Invalid request" });
    assertEquals(runtime.pendingTimers, 0);
  }
  const { fetch } = createTestHandler();
  const dead = await fetch(bare("GET", { "last-event-id": "post-abc.4", "mcp-session-id": "dead" }));
  await assertRefused(dead, { status: 404, code: -32600, names: '"Mcp-Session-Id"' });
});

for (const isOpen of [true, false]) {
  verifies(
    ["T25-156", "T25-157", "T25-158"],
    `a stream that is cut off ${isOpen ? "after" : "before"} a message tells when to come back, and no more`,
    async () => {
      const { start, answer, runtime } = createHanging();
      const { exchange, response } = await start(legacy("tools/call", { name: "slow" }));
      if (isOpen) exchange.send(PROGRESS);
      assertEquals(exchange.stream!.isCutOff, false);
      exchange.stream!.cutOff(1234);
      exchange.stream!.cutOff(99);
      exchange.send(PROGRESS);
      assertEquals([exchange.stream!.isCutOff, exchange.left.aborted], [true, false]);
      const blocks = await readSse(await response).all();
      answer();
      await settle();
      assertEquals(blocks[0]?.data, "");
      assertEquals(blocks.filter(({ data }) => data).length, isOpen ? 1 : 0);
      assertEquals(blocks.at(-1), { retry: "1234", comments: [] });
      assertEquals(runtime.pendingTimers, 0);
    },
  );
}

verifies(
  "T25-175",
  "a stream's name is what the ids of its events begin with, from when it is set",
  async () => {
    const { start, answer } = createHanging();
    const { exchange, response } = await start(legacy("tools/call", { name: "slow" }));
    const stream = exchange.stream!;
    const first = stream.name;
    assertEquals(stream.name, first);
    stream.prime();
    exchange.send(PROGRESS);
    stream.name = "other";
    stream.prime();
    exchange.send(PROGRESS);
    answer();
    const blocks = await readSse(await response).all();
    const ids = blocks.map(({ id }) => id);
    assertEquals(ids, [`${first}.0`, `${first}.1`, "other.2", "other.3", "other.4"]);
    assertEquals(blocks.map(({ data }) => data === ""), [true, false, true, false, false]);
  },
);

verifies(
  "T25-165",
  "a connection that breaks is told of, one that is answered or cut off is not",
  async () => {
    for (const how of ["left", "answered", "cut off"] as const) {
      const { start, answer } = createHanging();
      const { exchange, response } = await start(legacy("tools/call", { name: "slow" }));
      let lost = 0;
      exchange.stream!.onLost(() => lost++);
      exchange.send(PROGRESS);
      const reader = readSse(await response);
      await reader.next();
      if (how === "answered") answer();
      if (how === "cut off") exchange.stream!.cutOff(1);
      await settle();
      await reader.stop();
      assertEquals(lost, how === "left" ? 1 : 0, how);
      assertEquals(exchange.stream!.isCutOff, how !== "answered");
    }
  },
);

Deno.test("onOpen() tells when the stream of a request opens, once, and never for an answer in JSON", async () => {
  for (const how of ["before", "after", "never"] as const) {
    const { start, answer, runtime } = createHanging();
    const { exchange, response } = await start(legacy("tools/call", { name: "slow" }));
    let opened = 0;
    if (how !== "after") exchange.onOpen!(() => opened++);
    if (how !== "never") await runtime.advance(8000);
    if (how === "after") exchange.onOpen!(() => opened++);
    answer();
    await (await response).text();
    assertEquals(opened, how === "never" ? 0 : 1, how);
  }
});

Deno.test("clients that take no event ids, and those of 2026-07-28, have no stream to come back to", async () => {
  const requests = [
    legacy("tools/call", { name: "slow" }, { "mcp-protocol-version": "2025-06-18" }),
    legacy("tools/call", { name: "slow" }, { "mcp-protocol-version": undefined }),
    modern("tools/call", { name: "slow" }),
  ];
  for (const request of requests) {
    const { start, answer } = createHanging();
    const { exchange, response } = await start(request);
    assertEquals(exchange.stream, undefined);
    answer();
    await (await response).text();
  }
});
