import { assertEquals } from "@std/assert";
import { z } from "zod";
import { elicit } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";
import { createWires, leave } from "./session_wire.ts";

type Json = Record<string, unknown>;

const CAPABILITIES = { elicitation: { form: {} } };

function withAsking(): TestServer {
  const parts = createTestServer();
  parts.server.registerTool("ask", { task: { support: "required" } }, async (_, ctx) => {
    const answer = await ctx.elicit("q", { message: "Go on?", schema: z.object({ text: z.string() }) });
    return answer.action === "accept" ? answer.content.text : answer.action;
  });
  return parts;
}

verifies(
  ["T25-061", "T25-065", "T25-066"],
  "a question of a task goes on tasks/result, names its task, and its answer reaches it",
  async () => {
    const { legacy, runtime } = withAsking();
    const asked: Json[] = [];
    const client = await legacy(user("ada"), {
      capabilities: CAPABILITIES,
      onRequest: (
        request,
      ) => (asked.push(request), { result: { action: "accept", content: { text: "yes" } } }),
    });
    const taskId = await client.createTask("ask");
    const { result } = await runtime.drive(client.request("tasks/result", { taskId }));
    assertEquals(result.content, [{ type: "text", text: "yes" }]);
    const [{ params }, ...more] = asked as [{ params: Json }];
    assertEquals(params._meta, { "io.modelcontextprotocol/related-task": { taskId } });
    assertEquals(more, []);
  },
);

verifies("T25-121", "each sending of a question has an id of its own", async () => {
  const { legacy, runtime } = withAsking();
  const ids: unknown[] = [];
  const silent = await legacy(user("ada"), { capabilities: CAPABILITIES });
  const taskId = await silent.createTask("ask");
  for (const name of ["one", "two"]) {
    const client = await legacy(user("ada"), {
      capabilities: CAPABILITIES,
      onRequest: ({ id }) => (ids.push(id), { result: { action: name === "one" ? "maybe" : "cancel" } }),
    });
    await runtime.drive(client.request("tasks/get", { taskId }));
  }
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(ids.length >= 1, true);
});

Deno.test("tasks/get carries a question once to each session that declared the kind", async () => {
  const { legacy } = withAsking();
  const asked: string[] = [];
  const connect = (name: string, capabilities: Json) =>
    legacy(user("ada"), { capabilities, onRequest: () => (asked.push(name), { result: {} }) });
  const mute = await connect("mute", {});
  const maker = await legacy(user("ada"), { capabilities: CAPABILITIES });
  const taskId = await maker.createTask("ask");
  assertEquals((await mute.request("tasks/get", { taskId })).sent, []);
  assertEquals(asked, []);
  assertEquals((await mute.request("tasks/get", { taskId })).result.status, "input_required");
});

verifies(
  ["T25-108", "T25-109", "T25-262"],
  "nobody else can answer a task's question, whatever id is forged",
  async () => {
    const { legacy, unchanged, server } = withAsking();
    let questionId: unknown;
    const ada = await legacy(user("ada"), {
      capabilities: CAPABILITIES,
      onRequest: ({ id }) => (questionId = id, { result: { action: "cancel" } }),
    });
    const maker = await legacy(user("ada"), { capabilities: CAPABILITIES });
    const taskId = await maker.createTask("ask");
    const eve = await legacy(user("eve"));
    const forged = [
      `${taskId}/cQ/x`,
      `${taskId}//x`,
      `${taskId}/cQ`,
      `/cQ/x`,
      `${taskId}/cQ/x/y`,
      `${taskId}/\u00e9/x`,
      "x",
      7,
    ];
    for (const id of forged) {
      await unchanged(async () => {
        const response = await server.fetch(
          new Request("http://127.0.0.1:8000/mcp", {
            method: "POST",
            headers: {
              "host": "127.0.0.1:8000",
              "content-type": "application/json",
              "accept": "application/json, text/event-stream",
              "authorization": encodeURIComponent(JSON.stringify(user("eve"))),
              "mcp-session-id": eve.sessionId,
              "mcp-protocol-version": "2025-11-25",
            },
            body: JSON.stringify({ jsonrpc: "2.0", id, result: { action: "cancel" } }),
          }),
        );
        assertEquals(response.status, 202);
      });
    }
    assertEquals((await maker.request("tasks/cancel", { taskId })).result.status, "cancelled");
    await settle();
    assertEquals(questionId, undefined);
    assertEquals((await ada.request("ping")).status, 200);
  },
);

Deno.test("two waiting requests of one session ask one question once", async () => {
  const { legacy, runtime } = withAsking();
  let asked = 0;
  const client = await legacy(user("ada"), {
    capabilities: CAPABILITIES,
    onRequest: () => (asked++, { result: { action: "decline" } }),
  });
  const taskId = await client.createTask("ask");
  const waiting = [1, 2].map(() => client.request("tasks/result", { taskId }));
  for (const { result } of await runtime.drive(Promise.all(waiting))) {
    assertEquals(result.content, [{ type: "text", text: "decline" }]);
  }
  assertEquals(asked, 1);
});

Deno.test("a question whose stream closed unanswered goes to the next one", async () => {
  const { legacy, runtime } = withAsking();
  const client = await legacy(user("ada"), { capabilities: CAPABILITIES });
  const taskId = await client.createTask("ask");
  const first = await client.open("tasks/result", { taskId }, "first");
  assertEquals((await first.next())?.method, "elicitation/create");
  const opening = client.open("tasks/result", { taskId }, "second");
  await runtime.advance(1000);
  await client.notify("notifications/cancelled", { requestId: "first" });
  const second = await runtime.drive(opening, { limitMs: 1000 });
  assertEquals((await second.next())?.method, "elicitation/create");
  await client.request("tasks/cancel", { taskId });
  for (const stream of [first, second]) await stream.stop();
});

Deno.test("a question of a plain call that nobody answers ends at its deadline, the latest with a task's life", async () => {
  const parts = createTestServer({ ttlMs: 600_000, autoRecover: false });
  const { server, runtime } = parts;
  const schema = z.object({ text: z.string() });
  const question = { message: "Go on?", schema };
  server.registerTool("patient", {}, async (_, ctx) => (await ctx.elicit("q", question)).action);
  server.registerTool("hasty", {}, async (_, ctx) => {
    const both = ctx.ask({
      first: elicit(question, { timeoutMs: 5000, fallback: { action: "cancel" } }),
      second: elicit(question, { timeoutMs: 60_000, fallback: { action: "decline" } }),
    });
    const { first, second } = await both;
    return `${first.action} ${second.action}`;
  });
  server.registerTool("failing", {}, async (_, ctx) => {
    try {
      return (await ctx.elicit("q", question, { timeoutMs: 5000 })).action;
    } catch (error) {
      return (error as Error).name;
    }
  });
  const [wire] = await createWires([parts], { capabilities: CAPABILITIES });
  const ends: [string, number, string | undefined][] = [
    ["hasty", 60_000, "cancel decline"],
    ["failing", 5000, "InputTimeoutError"],
    ["patient", 600_000, undefined],
  ];
  for (const [name, ms, text] of ends) {
    const stream = await wire!.open(name, "tools/call", { name, arguments: {} });
    for (let i = name === "hasty" ? 2 : 1; i > 0; i--) {
      assertEquals((await stream.nextMessage())?.method, "elicitation/create");
    }
    let isOver = false;
    const answer = stream.nextMessage().then((message) => (isOver = true, message?.result as Json));
    await runtime.advance(ms - 1);
    assertEquals([name, isOver], [name, false]);
    await runtime.advance(1);
    const { content, isError } = await answer;
    if (text === undefined) assertEquals(isError, true);
    else assertEquals(content, [{ type: "text", text }]);
  }
  await settle();
  assertEquals(runtime.pendingTimers, 0, "nobody waits, and nothing is looked at any more");
});

Deno.test("plain calls that wait for an answer count as streams of their owner, also when their client left", async () => {
  const parts = createTestServer({ limits: { streams: 2 } });
  parts.server.registerTool("ask", {}, async (_, ctx) => {
    return (await ctx.elicit("q", { message: "Go on?", schema: z.object({ text: z.string() }) })).action;
  });
  const [wire] = await createWires([parts], { capabilities: CAPABILITIES });
  const call = { name: "ask", arguments: {} };
  const left = await wire!.open(1, "tools/call", call);
  await left.nextMessage();
  await leave(left);
  const waiting = await wire!.open(2, "tools/call", call);
  const asked = await waiting.nextMessage();
  const refused = await wire!.post({ id: 3, method: "tools/call", params: call });
  const { error } = await refused.json();
  assertEquals([refused.status, error.code, error.data], [200, -32603, {
    reason: "limit",
    limit: "streams",
    retryAfterMs: 1000,
  }]);
  await wire!.post({ id: asked!.id, result: { action: "decline" } });
  assertEquals(((await waiting.nextMessage())?.result as Json).content, [{ type: "text", text: "decline" }]);
  const next = await wire!.open(4, "tools/call", call);
  assertEquals((await next.nextMessage())?.method, "elicitation/create");
  await leave(next);
});
