import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import type { FakeRuntime } from "../support/fake_runtime.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { readSse } from "../support/sse.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";
import { createTwin, createWires, events, leave, messageOf, nextEvent, SessionWire } from "./session_wire.ts";

const RESULT_WAIT_MS = 300_000;
const RELATED = "io.modelcontextprotocol/related-task";
const TOKEN = /^[\w-]+\.[\w-]+\.\d+$/;

interface Fleet extends Gate {
  readonly first: TestServer;
  readonly second: TestServer;
  /** A session, at the first and at the second server. */
  readonly wires: readonly [SessionWire, SessionWire];
  readonly runtime: FakeRuntime;
  createTask(params?: Record<string, unknown>): Promise<string>;
}

/** Two servers over one store; the task's run is in the first. */
async function createFleet(options?: TestServerOptions): Promise<Fleet> {
  const first = createTestServer(options);
  const second = createTwin(first, options);
  const gate = createGate();
  for (const { server } of [first, second]) {
    server.registerTool("work", { task: { support: "optional" } }, gate.handler);
    server.registerTool("ask", { task: { support: "required" } }, async (_, ctx) => {
      const schema = z.object({ ok: z.boolean() });
      const questions = ["one", "two"].map((name) => ctx.elicit(name, { message: `${name}?`, schema }));
      return (await Promise.all(questions)).map(({ action }) => action).join(" ");
    });
  }
  const wires = await createWires([first, second], { capabilities: { elicitation: { form: {} } } });
  return {
    ...gate,
    first,
    second,
    wires: [wires[0]!, wires[1]!],
    runtime: first.runtime,
    async createTask(params = {}) {
      const call = { name: "work", task: {}, ...params };
      const response = await wires[0]!.post({ id: "make", method: "tools/call", params: call });
      const { result } = await response.json();
      await settle();
      return result.task.taskId;
    },
  };
}

verifies(
  ["T25-156", "T25-157", "T25-158", "T25-160", "T25-163", "T25-170", "T25-176", "T25-059", "lib-I14"],
  "a long tasks/result ends its connection, and goes on in another, on any instance",
  async () => {
    for (const id of ["request", 7]) {
      const { wires: [here, there], runtime, runs, createTask, first } = await createFleet();
      const taskId = await createTask();
      await leave(await here.open("warm-up", "tasks/result", { taskId }));
      const stored = first.backend.idsOf("session");
      const stream = await here.open(id, "tasks/result", { taskId });
      const opening = await nextEvent(stream);
      assertEquals([opening.data, opening.retry], ["", undefined]);
      assertMatch(opening.id!, TOKEN);
      assert(opening.id!.endsWith(".0"));
      const comment = stream.next();
      await runtime.advance(8000);
      assertEquals((await comment).value, { comments: [""] });
      await runtime.advance(RESULT_WAIT_MS * 0.9 - 8001);
      const rest = events(stream);
      let isClosed = false;
      rest.then(() => isClosed = true);
      await settle();
      assertEquals(isClosed, false);
      await runtime.advance(RESULT_WAIT_MS * 0.2 + 1);
      assertEquals(await rest, [{ retry: "1000", comments: [] }]);
      const resumed = await there.resume(opening.id);
      const again = await nextEvent(resumed);
      assertEquals(again.data, "");
      const answer = nextEvent(resumed);
      await runs[0]!.finish("at last");
      assertEquals(messageOf(await answer), {
        jsonrpc: "2.0",
        id,
        result: { content: [{ type: "text", text: "at last" }], _meta: { [RELATED]: { taskId } } },
      });
      assertEquals(await events(resumed), []);
      assertEquals(first.backend.idsOf("session"), stored, "nothing was stored for it");
      assertEquals(first.backend.idsOf("payload"), []);
    }
  },
);

verifies(
  "T25-174",
  "no two events of a session have one id, however often its client comes back",
  async () => {
    const { wires, runtime, createTask, runs } = await createFleet();
    const taskId = await createTask();
    const ids: string[] = [];
    let stream = await wires[0].open("r", "tasks/result", { taskId });
    for (let round = 1; round <= 4; round++) {
      ids.push((await nextEvent(stream)).id!);
      await runtime.advance(RESULT_WAIT_MS * 1.1);
      assertEquals((await events(stream)).map(({ retry }) => retry), ["1000"]);
      stream = await wires[round % 2]!.resume(ids.at(-1));
    }
    await runs[0]!.finish("fine");
    for (const { id } of await events(stream)) ids.push(id!);
    assertEquals(new Set(ids).size, 6);
  },
);

Deno.test("waits that began together end at different times", async () => {
  const { wires: [wire], runtime, createTask } = await createFleet();
  const taskId = await createTask();
  const endedAt: number[] = [];
  for (let i = 0; i < 5; i++) {
    const stream = await wire.open(i, "tasks/result", { taskId });
    stream.all().then(() => endedAt.push(runtime.monotonic()));
  }
  await runtime.advance(RESULT_WAIT_MS * 1.1);
  assertEquals([endedAt.length, new Set(endedAt).size], [5, 5]);
});

Deno.test("resultWaitMs sets how long one connection waits", async () => {
  const { wires: [wire], runtime, createTask } = await createFleet({ resultWaitMs: 1000 });
  const taskId = await createTask();
  const stream = await wire.open("r", "tasks/result", { taskId });
  await runtime.advance(1100);
  assertEquals((await events(stream)).map(({ retry }) => retry), [undefined, "1000"]);
});

Deno.test("a client that comes back gets what the task came to meanwhile", async () => {
  const { wires: [here, there], runs, createTask, first, runtime } = await createFleet();
  const ends: [string, (taskId: string) => Promise<unknown>, unknown][] = [
    ["completed", () => runs.at(-1)!.finish("done"), undefined],
    ["failed", () => runs.at(-1)!.fail(new Error("no")), undefined],
    ["cancelled", async (taskId) => {
      await (await here.post({ id: "c", method: "tasks/cancel", params: { taskId } })).text();
    }, [-32603, "cancelled"]],
    ["gone", () => runtime.advance(10_000), [-32602, "not_found"]],
  ];
  for (const [name, end, expected] of ends) {
    const taskId = await createTask({ task: { ttl: 5000 } });
    const stream = await here.open(name, "tasks/result", { taskId });
    const { id } = await nextEvent(stream);
    await leave(stream);
    await end(taskId);
    const [opening, answer, ...more] = await events(await there.resume(id));
    const message = messageOf(answer!) as { id: string; error?: { code: number; data: { reason: string } } };
    assertEquals([opening!.data, message.id, more], ["", name, []]);
    assertEquals(message.error && [message.error.code, message.error.data.reason], expected);
  }
  assertEquals(first.events.filter(({ type }) => type === "defect"), []);
});

verifies(
  "T25-177",
  "an event of another session, of another owner, or of no stream leads to no stream of a request",
  async () => {
    const { wires: [wire], createTask, first, runs, runtime } = await createFleet();
    const taskId = await createTask();
    const stream = await wire.open("r", "tasks/result", { taskId });
    const id = (await nextEvent(stream)).id!;
    const { sessionId } = await first.legacy(user("ada"));
    const foreign = await first.legacy(user("eve"));
    const other = new SessionWire(first, sessionId);
    const eve = new SessionWire(first, foreign.sessionId, user("eve"));
    const [body, mac] = id.split(".") as [string, string];
    const forged = btoa(JSON.stringify({ i: "r", t: taskId, q: [], n: "n" })).replaceAll("=", "");
    const cases: [SessionWire, string][] = [
      [other, id],
      [eve, id],
      [wire, `${body}.${mac.slice(1)}.0`],
      [wire, `${body.slice(2)}.${mac}.0`],
      [wire, `${forged}.${mac}.0`],
      [wire, `${body}.${mac}.${mac}.0`],
      [wire, `.${mac}.0`],
      [wire, "post-0123456789abcdef.0"],
      [wire, "post-0123456789abcdef~x.12"],
    ];
    for (const [from, lastEventId] of cases) {
      const response = await from.get(lastEventId);
      const { error } = await response.json();
      assertEquals([response.status, error.code, error.data], [400, -32600, { reason: "stream_unknown" }]);
    }
    for (
      const lastEventId of ["get-0123456789abcdef.3", "anything.3", "0", "", "x".repeat(5000), "..", "a b.1"]
    ) {
      const listening = await wire.resume(lastEventId);
      assertEquals((await nextEvent(listening)).data, "", "listens anew");
      await leave(listening);
    }
    const thief = new SessionWire(first, foreign.sessionId, user("ada"));
    assertEquals((await thief.get(id)).status, 404, "a session that is not the caller's");
    await runs[0]!.finish("fine");
    assertEquals((await runtime.drive(events(stream))).length, 1, "the stream itself was not disturbed");
  },
);

verifies("T25-172", "of two connections for one request the one that came last gets the answer", async () => {
  const { wires: [wire], createTask, runs } = await createFleet();
  const taskId = await createTask();
  const half = await wire.open("r", "tasks/result", { taskId });
  const { id } = await nextEvent(half);
  const second = await wire.resume(id);
  assertEquals(await events(half), [{ retry: "1000", comments: [] }]);
  const third = await wire.resume((await nextEvent(second)).id);
  assertEquals((await events(second)).map(({ retry }) => retry), ["1000"]);
  await runs[0]!.finish("fine");
  assertEquals(messageOf((await events(third)).at(-1)!).id, "r");
});

verifies(
  ["T25-172", "T25-176"],
  "a question is not asked again on the next connection, unless it did not arrive",
  async () => {
    const { wires: [here, there], createTask, runtime } = await createFleet();
    const taskId = await createTask({ name: "ask" });
    const stream = await here.open("r", "tasks/result", { taskId });
    const opening = await nextEvent(stream);
    const asked = [await nextEvent(stream), await nextEvent(stream)];
    const texts = asked.map((event) => (messageOf(event).params as { message: string }).message);
    assertEquals(texts.toSorted(), ["one?", "two?"]);
    await leave(stream);
    const resumed: [string | undefined, string[]][] = [
      [opening.id, texts],
      [asked[0]!.id, texts.slice(1)],
      [asked[1]!.id, []],
    ];
    for (const [lastEventId, expected] of resumed) {
      const next = await there.resume(lastEventId);
      await nextEvent(next);
      await settle();
      const rest = events(next);
      await runtime.advance(RESULT_WAIT_MS * 1.1);
      const questions = (await rest).filter(({ data }) => data).map(messageOf);
      assertEquals(questions.map(({ params }) => (params as { message: string }).message), expected);
    }
    const last = await here.resume(asked[1]!.id);
    await nextEvent(last);
    const answer = nextEvent(last);
    for (const event of asked) {
      const { id } = messageOf(event);
      assertEquals((await there.post({ id, result: { action: "decline" } })).status, 202);
    }
    const { result } = await runtime.drive(answer.then(messageOf)) as {
      result: { content: { text: string }[] };
    };
    assertEquals(result.content[0]!.text, "decline decline");
  },
);

verifies(
  ["T25-244", "T25-248"],
  "notifications/cancelled ends the wait on whichever instance it goes on, and nothing else",
  async () => {
    const { wires: [here, there], createTask, runs, runtime } = await createFleet();
    const taskId = await createTask();
    const stream = await here.open("r", "tasks/result", { taskId });
    const { id } = await nextEvent(stream);
    await leave(stream);
    const bystander = await here.open("s", "tasks/result", { taskId });
    const resumed = await here.resume(id);
    await nextEvent(resumed);
    const answer = nextEvent(resumed).then(messageOf);
    const params = { requestId: "r" };
    assertEquals((await there.post({ method: "notifications/cancelled", params })).status, 202);
    const { id: answered, error } = await runtime.drive(answer, { limitMs: 15_000 }) as {
      id: string;
      error: { code: number; data: unknown };
    };
    assertEquals([answered, error.code, error.data], ["r", -32603, { reason: "cancelled" }]);
    assertEquals(runs[0]!.ctx.signal.aborted, false);
    await runs[0]!.finish("fine");
    assertEquals(messageOf((await runtime.drive(events(bystander))).at(-1)!).id, "s");
  },
);

Deno.test("waiting requests count among an owner's streams, the resumed ones too", async () => {
  const { wires: [wire], createTask, runs } = await createFleet({ limits: { streams: 2 } });
  const taskId = await createTask();
  const one = await wire.open("one", "tasks/result", { taskId });
  const { id } = await nextEvent(one);
  await leave(one);
  const two = await wire.open("two", "tasks/result", { taskId });
  const three = await wire.open("three", "tasks/result", { taskId });
  const refused = await wire.post({ id: "four", method: "tasks/result", params: { taskId } });
  const { error } = await refused.json();
  assertEquals([refused.status, error.code, error.data.reason], [200, -32603, "limit"]);
  const late = await wire.get(id);
  assertEquals([late.status, (await late.json()).error.data.reason], [429, "limit"]);
  await leave(two);
  const resumed = await wire.resume(id);
  await runs[0]!.finish("fine");
  assertEquals(messageOf((await events(resumed)).at(-1)!).id, "one");
  assertEquals(messageOf((await events(three)).at(-1)!).id, "three");
});

Deno.test("a client that takes no event ids waits in one connection without a bound", async () => {
  const { wires: [wire], createTask, runs, runtime } = await createFleet();
  const taskId = await createTask();
  const request = { id: "r", method: "tasks/result", params: { taskId } };
  const answer = wire.post(request, { "mcp-protocol-version": "" });
  await runtime.advance(8000);
  const rest = events(readSse(await answer));
  await runtime.advance(4 * RESULT_WAIT_MS);
  await runs[0]!.finish("fine");
  assertEquals((await rest).map(({ id, retry }) => [id, retry]), [[undefined, undefined]]);
});

Deno.test("a request id too long for the ids of events is waited for without a bound", async () => {
  const { wires: [wire], createTask, runs, runtime } = await createFleet();
  const taskId = await createTask();
  const id = "i".repeat(300);
  const answer = wire.open(id, "tasks/result", { taskId });
  await runtime.advance(8000);
  const rest = (await answer).all();
  await runtime.advance(2 * RESULT_WAIT_MS);
  await runs[0]!.finish("fine");
  const blocks = await rest;
  assertEquals(messageOf(blocks.at(-1)!).id, id);
  assert(blocks.every(({ id = "" }) => id.length < 40));
});

Deno.test("a server that closes sends waiting clients elsewhere", async () => {
  const { wires: [here, there], createTask, runs, first, runtime } = await createFleet();
  const taskId = await createTask();
  const stream = await here.open("r", "tasks/result", { taskId });
  const { id } = await nextEvent(stream);
  first.backend.close = () => Promise.resolve(); // the other server goes on with it
  const closed = first.server.close();
  assertEquals(await events(stream), [{ retry: "1000", comments: [] }]);
  const resumed = await there.resume(id);
  await nextEvent(resumed);
  await runs[0]!.finish("fine");
  await runtime.drive(closed);
  assertEquals(messageOf(await runtime.drive(nextEvent(resumed))).id, "r");
});

Deno.test("a client whose stream opened while the store was slow can come back all the same", async () => {
  const { wires: [here, there], createTask, runs, first, runtime } = await createFleet({
    resultWaitMs: 1000,
  });
  const taskId = await createTask();
  const slow = Promise.withResolvers<void>();
  first.backend.beforePut = ({ key }) => key.kind === "meta" ? slow.promise : undefined;
  const opened = here.open("r", "tasks/result", { taskId });
  await runtime.advance(9000);
  slow.resolve();
  await runtime.advance(1200);
  const ids = (await events(await opened)).flatMap(({ id = [] }) => id);
  const resumed = await there.resume(ids.at(-1));
  await runs[0]!.finish("fine");
  assertEquals(messageOf((await events(resumed)).at(-1)!).id, "r");
});
