import { assertEquals } from "@std/assert";
import { z } from "zod";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";
import { createTwin, createWires, events, leave, messageOf, nextEvent, SessionWire } from "./session_wire.ts";

const MINUTE_MS = 60_000;
const KEPT_MS = 10 * MINUTE_MS;

interface Fleet extends Gate {
  readonly first: TestServer;
  readonly second: TestServer;
  /** A session, at the first and at the second server. */
  readonly wires: readonly [SessionWire, SessionWire];
}

/** Two servers over one store. */
async function createFleet(options?: TestServerOptions, twin?: TestServerOptions): Promise<Fleet> {
  const first = createTestServer(options);
  const second = createTwin(first, { ...options, ...twin });
  const gate = createGate();
  for (const { server } of [first, second]) {
    server.registerTool("work", { task: { support: "optional" } }, gate.handler);
    server.registerTool("ask", {}, async (_, ctx) => {
      const answer = await ctx.elicit("q", { message: "Go on?", schema: z.object({ text: z.string() }) });
      return answer.action === "accept" ? answer.content.text : answer.action;
    });
    server.registerTool("sample", {}, async (_, ctx) => {
      const message = { role: "user", content: { type: "text", text: "Write." } } as const;
      const { content } = await ctx.sample("s", { messages: [message], maxTokens: 9 });
      return `${JSON.stringify(content).length} characters`;
    });
  }
  const capabilities = { elicitation: { form: {} }, sampling: {} };
  const wires = await createWires([first, second], { capabilities });
  return { ...gate, first, second, wires: [wires[0]!, wires[1]!] };
}

/** Calls `work`; its run closes the stream. Gives the id to come back with. */
async function callAndClose({ wires: [wire], runs }: Fleet, id: unknown = "call"): Promise<string> {
  const answer = wire.open(id, "tools/call", { name: "work" });
  await settle();
  await runs.at(-1)!.ctx.closeStream();
  const blocks = await events(await answer);
  assertEquals(blocks.map(({ data, retry }) => [data, retry]), [["", undefined], [undefined, "1000"]]);
  return blocks[0]!.id!;
}

verifies(
  ["T25-157", "T25-158", "T25-160", "T25-163", "T25-170", "T25-176", "lib-I14"],
  "ctx.closeStream() ends the connection of a plain call; its response waits on any instance",
  async () => {
    for (const id of ["call", 0]) {
      const fleet = await createFleet();
      const { wires, runs, first: { runtime } } = fleet;
      const lastEventId = await callAndClose(fleet, id);
      const early = await wires[1].resume(lastEventId);
      assertEquals((await nextEvent(early)).data, "");
      const answer = events(early);
      await runs[0]!.finish("fine");
      const expected = { jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "fine" }] } };
      assertEquals((await runtime.drive(answer)).map(messageOf), [expected]);
      for (const wire of wires) {
        const [opening, message] = await events(await wire.resume(lastEventId));
        assertEquals([opening!.data, messageOf(message!)], ["", expected], "after the end, too");
      }
    }
  },
);

verifies(
  "T25-174",
  "the connections of one call have event ids of their own, and each leads back",
  async () => {
    const fleet = await createFleet();
    const { wires, runs } = fleet;
    const ids = [await callAndClose(fleet)];
    await runs[0]!.finish("fine");
    for (let round = 0; round < 3; round++) {
      const blocks = await events(await wires[round % 2]!.resume(ids.at(-1)));
      assertEquals(blocks.length, 2);
      for (const { id } of blocks) ids.push(id!);
    }
    assertEquals(new Set(ids).size, 7);
  },
);

Deno.test("a wait for the response of a call has pauses as well", async () => {
  const fleet = await createFleet();
  const { wires, runs, first: { runtime } } = fleet;
  let lastEventId = await callAndClose(fleet);
  for (let round = 0; round < 3; round++) {
    const stream = await wires[1].resume(lastEventId);
    lastEventId = (await nextEvent(stream)).id!;
    await runtime.advance(6 * MINUTE_MS);
    assertEquals((await events(stream)).map(({ retry }) => retry), ["1000"]);
  }
  await runs[0]!.finish("at last");
  const [, answer] = await events(await wires[0].resume(lastEventId));
  assertEquals(messageOf(answer!).id, "call");
});

Deno.test("a response is kept for ten minutes, whole, and then forgotten", async () => {
  const fleet = await createFleet();
  const { wires: [, there], runs, first } = fleet;
  const sessions = first.backend.idsOf("session").length;
  const lastEventId = await callAndClose(fleet);
  const text = "x".repeat(700_000);
  await runs[0]!.finish(text);
  await first.runtime.advance(KEPT_MS - 1000);
  const [, answer] = await events(await there.resume(lastEventId));
  assertEquals((messageOf(answer!).result as { content: unknown }).content, [{ type: "text", text }]);
  await first.runtime.advance(4 * KEPT_MS);
  assertEquals((await there.get(lastEventId)).status, 400);
  assertEquals([first.backend.idsOf("payload"), first.backend.idsOf("session").length], [[], sessions]);
});

Deno.test("errors of a call that closed its stream are kept like results", async () => {
  const fleet = await createFleet();
  const { wires: [here, there], runs } = fleet;
  const lastEventId = await callAndClose(fleet);
  await here.post({ method: "notifications/cancelled", params: { requestId: "call" } });
  await settle();
  assertEquals(runs[0]!.ctx.signal.aborted, true);
  const [, answer] = await events(await there.resume(lastEventId));
  const { error } = messageOf(answer!) as { error: { code: number; data: unknown } };
  assertEquals([error.code, error.data], [-32603, { reason: "cancelled" }]);
});

verifies(
  ["T25-165", "T25-176"],
  "a call whose connection broke goes on, and its client gets the response",
  async () => {
    const { wires: [here, there], runs, first } = await createFleet();
    const opened = here.open("call", "tools/call", { name: "work", _meta: { progressToken: 1 } });
    await settle();
    await runs[0]!.ctx.progress(1, 2);
    const stream = await opened;
    await nextEvent(stream);
    const progress = await nextEvent(stream);
    assertEquals(messageOf(progress).method, "notifications/progress");
    await leave(stream);
    assertEquals(runs[0]!.ctx.signal.aborted, false);
    const resumed = await there.resume(progress.id);
    await nextEvent(resumed);
    const answer = nextEvent(resumed);
    await runs[0]!.ctx.progress(2, 2);
    await runs[0]!.finish("fine");
    assertEquals(messageOf(await first.runtime.drive(answer)).id, "call");
  },
);

Deno.test("who waits for a call whose process was lost is told so", async () => {
  const runtime = new FakeRuntime({ seed: 3 });
  const fleet = await createFleet(undefined, { runtime });
  const { wires: [, there], first } = fleet;
  const lastEventId = await callAndClose(fleet);
  const stream = await there.resume(lastEventId);
  await nextEvent(stream);
  let isAnswered = false;
  const answer = nextEvent(stream).then(messageOf).finally(() => isAnswered = true);
  for (let i = 0; i < 9; i++) {
    await first.runtime.advance(10_000);
    await runtime.advance(10_000);
  }
  assertEquals(isAnswered, false, "while it lives");
  // The clock of the first process stands still from here on, and with it the process.
  const startedAt = runtime.now();
  const { id, error } = await runtime.drive(answer) as { id: string; error: { code: number; data: unknown } };
  assertEquals([id, error.code, error.data], ["call", -32603, { reason: "worker_lost" }]);
  assertEquals(runtime.now() - startedAt < 45_000, true);
});

verifies("T25-177", "no other session gets the response", async () => {
  const fleet = await createFleet();
  const { first, runs } = fleet;
  const lastEventId = await callAndClose(fleet);
  await runs[0]!.finish("secret");
  for (const name of ["ada", "eve"]) {
    const { sessionId } = await first.legacy(user(name));
    const response = await new SessionWire(first, sessionId, user(name)).get(lastEventId);
    assertEquals([response.status, (await response.json()).error.data.reason], [400, "stream_unknown"]);
  }
});

Deno.test("ctx.closeStream() does nothing where the client cannot come back", async () => {
  const { first, wires: [wire], runs } = await createFleet();
  for (const version of ["2025-06-18", ""]) {
    const call = { id: version, method: "tools/call", params: { name: "work" } };
    const answer = wire.post(call, { "mcp-protocol-version": version });
    await settle();
    await runs.at(-1)!.ctx.closeStream();
    await runs.at(-1)!.finish("fine");
    assertEquals((await (await answer).json()).id, version);
  }
  const modern = first.modern(user("ada"));
  const called = modern.call("work");
  await settle();
  await runs.at(-1)!.ctx.closeStream();
  await runs.at(-1)!.finish("fine");
  assertEquals((await called).result.content, [{ type: "text", text: "fine" }]);
  const client = await first.legacy(user("ada"));
  const taskId = await client.createTask("work");
  await runs.at(-1)!.ctx.closeStream();
  await runs.at(-1)!.finish("fine");
  assertEquals((await client.request("tasks/result", { taskId })).result.content, [{
    type: "text",
    text: "fine",
  }]);
});

Deno.test("a store that is away leaves the stream open, and the call goes on", async () => {
  const { wires: [wire], runs, first } = await createFleet();
  const answer = wire.post({ id: "call", method: "tools/call", params: { name: "work" } });
  await settle();
  first.backend.beforePut = () => {
    throw new Error("away");
  };
  await runs[0]!.ctx.closeStream();
  await runs[0]!.finish("fine");
  assertEquals((await (await answer).json()).id, "call");
  assertEquals(first.events.map(({ type }) => type), ["response_not_kept"]);
});

Deno.test("a closed stream carries no question, and the tool is told", async () => {
  const { wires: [wire], first } = await createFleet();
  first.server.registerTool("late", {}, async (_, ctx) => {
    await ctx.closeStream();
    await ctx.closeStream();
    await ctx.progress(1);
    return (await ctx.elicit("q", { message: "?", schema: z.object({}) })).action;
  });
  const [opening] = await events(await wire.open("call", "tools/call", { name: "late" }));
  const [, answer] = await events(await wire.resume(opening!.id));
  const { isError, content } = messageOf(answer!).result as { isError: boolean; content: { text: string }[] };
  assertEquals([isError, content[0]!.text], [
    true,
    "The client could not be asked: the stream of the call is closed",
  ]);
});

for (const hasHints of [true, false]) {
  const how = hasHints ? "where the store tells of it" : "where the store is polled";
  verifies(
    "T25-065",
    `the answer to a plain call's question is taken on any instance, once, ${how}`,
    async () => {
      const { wires: [here, there], first: { runtime, backend } } = await createFleet();
      if (!hasHints) backend.watch = async function* () {};
      const before = backend.idsOf("session").length;
      const stream = await here.open("call", "tools/call", { name: "ask" });
      await nextEvent(stream);
      const { id } = messageOf(await nextEvent(stream));
      const answer = nextEvent(stream).then(messageOf);
      await runtime.advance(MINUTE_MS);
      for (const text of ["first", "second"]) {
        const result = { action: "accept", content: { text } };
        assertEquals((await there.post({ id, result })).status, 202);
      }
      const { result } = await runtime.drive(answer, { limitMs: hasHints ? 0 : 5000 }) as {
        result: { content: unknown };
      };
      assertEquals(result.content, [{ type: "text", text: "first" }]);
      await runtime.advance(10 * MINUTE_MS);
      assertEquals(backend.idsOf("session").length, before, "nothing stays behind");
    },
  );
}

Deno.test("a large answer, and a refusal, reach another instance as they are", async () => {
  const { wires: [here, there], first: { runtime, backend } } = await createFleet();
  const content = { type: "text", text: "y".repeat(100_000) };
  const answers: [string, object, string][] = [
    [
      "sample",
      { result: { role: "assistant", model: "m", content } },
      `${JSON.stringify(content).length} characters`,
    ],
    ["ask", { error: { code: -1, message: "not now" } }, "The client refused to answer: not now"],
  ];
  for (const [name, answer, text] of answers) {
    const stream = await here.open(name, "tools/call", { name });
    await nextEvent(stream);
    const { id } = messageOf(await nextEvent(stream));
    const last = nextEvent(stream).then(messageOf);
    assertEquals((await there.post({ id, ...answer })).status, 202);
    const { result } = await runtime.drive(last) as { result: { content: unknown } };
    assertEquals(result.content, [{ type: "text", text }]);
    await settle();
    assertEquals([backend.idsOf("payload"), backend.idsOf("session").length], [[], 1], "taken away");
  }
});

verifies("T25-244", "notifications/cancelled ends a plain call from any instance", async () => {
  const { wires: [here, there], runs, first: { runtime } } = await createFleet();
  const opened = here.open(5, "tools/call", { name: "work" });
  await runtime.advance(8000);
  const stream = await opened;
  await nextEvent(stream);
  const answer = nextEvent(stream).then(messageOf);
  for (const requestId of ["5", 6]) {
    await there.post({ method: "notifications/cancelled", params: { requestId } });
  }
  await runtime.advance(20_000);
  assertEquals(runs[0]!.ctx.signal.aborted, false, "other ids");
  await there.post({ method: "notifications/cancelled", params: { requestId: 5 } });
  const { error } = await runtime.drive(answer) as { error: { data: unknown } };
  assertEquals(error.data, { reason: "cancelled" });
});

Deno.test("what is left for other instances is limited by owner, and does not stay", async () => {
  const { wires: [wire], first } = await createFleet({ limits: { createsPerMinute: 3 } });
  const before = first.backend.idsOf("session").length;
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) {
    const response = await wire.post({ id: `call/012345678901234${i}`, result: {} });
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assertEquals(statuses, [202, 202, 202, 429]);
  assertEquals(first.backend.idsOf("session").length, before + 3);
  await first.runtime.advance(5 * MINUTE_MS);
  assertEquals(first.backend.idsOf("session").length, before);
});

Deno.test("cancelling a call reaches it where its client waits on another instance", async () => {
  const fleet = await createFleet();
  const { wires: [, there], runs, first: { runtime } } = fleet;
  const resumed = await there.resume(await callAndClose(fleet));
  await nextEvent(resumed);
  const answer = nextEvent(resumed).then(messageOf);
  await there.post({ method: "notifications/cancelled", params: { requestId: "call" } });
  const { error } = await runtime.drive(answer) as { error: { data: unknown } };
  assertEquals([error.data, runs[0]!.ctx.signal.aborted], [{ reason: "cancelled" }, true]);
});

Deno.test("waits for the response of a call count among an owner's streams", async () => {
  const fleet = await createFleet({ limits: { streams: 1 } });
  const { wires: [here, there] } = fleet;
  const lastEventId = await callAndClose(fleet);
  const waiting = await there.resume(lastEventId);
  await settle();
  assertEquals((await there.get(lastEventId)).status, 429);
  const elsewhere = await here.resume(lastEventId);
  await nextEvent(elsewhere);
  await leave(waiting);
  await nextEvent(await there.resume(lastEventId));
});
