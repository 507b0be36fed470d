import { assertEquals } from "@std/assert";
import { ProtocolError, ToolError } from "../../mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import type { Answer } from "../support/http_client.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

const RELATED = "io.modelcontextprotocol/related-task";

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "optional" } }, gate.handler);
  return { ...parts, ...gate };
}

/** Notes whether a promise has settled. */
function watch<T>(promise: Promise<T>): { isSettled: boolean; readonly promise: Promise<T> } {
  const state = { isSettled: false, promise };
  const note = () => void (state.isSettled = true);
  promise.then(note, note);
  return state;
}

verifies(
  ["T25-051", "T25-052", "T25-054", "T25-055", "T25-065"],
  "tasks/result answers what a plain call would",
  async () => {
    const { legacy, runs } = withGate();
    const client = await legacy(user("ada"));
    const values: unknown[] = [
      "text",
      "",
      { content: [] },
      { content: [{ type: "text", text: "x" }], structuredContent: { a: [1, null] }, _meta: { own: 1 } },
      { content: [{ type: "text", text: "bad" }], isError: true },
      "x".repeat(300_000),
    ];
    for (const value of values) {
      const taskId = await client.createTask("work");
      await runs.at(-1)!.finish(value);
      const outcome = (await client.request("tasks/result", { taskId })).result;
      const plain = client.call("work");
      await settle();
      await runs.at(-1)!.finish(value);
      const { result } = await plain;
      const _meta = { ...(result._meta as object | undefined), [RELATED]: { taskId } };
      assertEquals(outcome, { ...result, _meta });
      assertEquals((await client.request("tasks/result", { taskId })).result, outcome, "the second time");
    }
  },
);

Deno.test("structured content that is no object is left out for 2025-11-25 clients", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  for (const structuredContent of [[1], "x", 1, null]) {
    const taskId = await client.createTask("work");
    await runs.at(-1)!.finish({ content: [], structuredContent });
    const { result } = await client.request("tasks/result", { taskId });
    assertEquals(result, { content: [], _meta: { [RELATED]: { taskId } } });
  }
});

verifies("T25-053", "tasks/result answers the same JSON-RPC error a plain call would", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const errors = [new ProtocolError(-32000, "refused", { why: "so" }), new ProtocolError(-32602, "bad")];
  for (const error of errors) {
    const taskId = await client.createTask("work");
    await runs.at(-1)!.fail(error);
    const plain = client.call("work");
    await settle();
    await runs.at(-1)!.fail(error);
    const expected = (await plain).error;
    assertEquals((await client.request("tasks/result", { taskId })).error, expected);
    assertEquals(expected.code, error.code);
  }
});

verifies(
  ["T25-050", "lib-I14"],
  "tasks/result waits for the end, over an event stream if it takes long",
  async () => {
    for (const waitMs of [0, 7_999, 60_000]) {
      const { legacy, runs, runtime } = withGate();
      const client = await legacy(user("ada"));
      const taskId = await client.createTask("work");
      const waiting = watch(client.request("tasks/result", { taskId }));
      await runtime.advance(waitMs);
      assertEquals(waiting.isSettled, false);
      await runs[0]!.finish("at last");
      await runtime.advance(1000);
      assertEquals((await waiting.promise).result.content, [{ type: "text", text: "at last" }]);
    }
  },
);

verifies("T25-050", "every waiter gets the outcome, in every session of the owner", async () => {
  const { legacy, runs, runtime } = withGate();
  const first = await legacy(user("ada"));
  const second = await legacy(user("ada"));
  const taskId = await first.createTask("work");
  const waiting = [first, first, second].map((client) => client.request("tasks/result", { taskId }));
  await settle();
  await runs[0]!.fail(new ToolError("no"));
  const answers = await runtime.drive(Promise.all(waiting));
  for (const { result } of answers) assertEquals(result.isError, true);
});

Deno.test("tasks/result of a task that is cancelled ends with -32603, before and after", async () => {
  const { legacy, runtime } = withGate();
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work");
  const waiting = client.request("tasks/result", { taskId });
  await settle();
  await client.request("tasks/cancel", { taskId });
  const expected = { code: -32603, data: { reason: "cancelled" } };
  for (const answer of [await runtime.drive(waiting), await client.request("tasks/result", { taskId })]) {
    assertEquals({ code: answer.error.code, data: answer.error.data }, expected);
  }
});

Deno.test("tasks/result of a task that vanishes ends with -32602", async () => {
  const { legacy, runtime } = withGate();
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work", undefined, { task: { ttl: 5000 } });
  const waiting = client.request("tasks/result", { taskId });
  const { error } = await runtime.drive(waiting, { limitMs: 60_000 });
  assertEquals([error.code, error.data], [-32602, { reason: "not_found" }]);
});

verifies(["T25-244", "T25-248"], "notifications/cancelled ends the wait, and the task goes on", async () => {
  const { legacy, runs, runtime } = withGate();
  const client = await legacy(user("ada"));
  const other = await legacy(user("ada"));
  const taskId = await client.createTask("work");
  const waiting = watch(client.request("tasks/result", { taskId }, "w1"));
  await settle();
  for (const params of [{ requestId: "nobody" }, {}, { requestId: {} }, { requestId: "w1", reason: 7 }]) {
    assertEquals(await client.notify("notifications/cancelled", params), 202);
  }
  await other.notify("notifications/cancelled", { requestId: "w1" });
  await settle();
  assertEquals(
    waiting.isSettled,
    false,
    "another session, another id, or a broken notification ends nothing",
  );
  await client.notify("notifications/cancelled", { requestId: "w1", reason: "bored" });
  assertEquals((await runtime.drive(waiting.promise)).error.code, -32603);
  assertEquals((await client.request("tasks/get", { taskId })).result.status, "working");
  assertEquals(runs[0]!.ctx.signal.aborted, false);
  await runs[0]!.finish("fine");
  assertEquals((await client.request("tasks/result", { taskId })).result.content, [{
    type: "text",
    text: "fine",
  }]);
  assertEquals(await client.notify("notifications/cancelled", { requestId: "w1" }), 202, "too late, no harm");
});

Deno.test("notifications/cancelled ends a plain call, and its handler is told", async () => {
  const { legacy, runs, unchanged } = withGate();
  const client = await legacy(user("ada"));
  const { error } = await unchanged(async () => {
    const waiting = client.request("tools/call", { name: "work" }, "c1");
    await settle();
    await client.notify("notifications/cancelled", { requestId: "c1" });
    return await waiting;
  });
  assertEquals([error.code, error.data], [-32603, { reason: "cancelled" }]);
  assertEquals((runs[0]!.ctx.signal.reason as { reason: string }).reason, "cancelled");
});

Deno.test("a request id that is in flight twice loses neither answer", async () => {
  const { legacy, runs, runtime } = withGate();
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work");
  const waiting: Promise<Answer>[] = [];
  for (const id of ["same", "same", 5, "5"]) {
    waiting.push(client.request("tasks/result", { taskId }, id));
    await settle();
  }
  await runs[0]!.finish("fine");
  const answers = await runtime.drive(Promise.all(waiting));
  assertEquals(answers.map(({ status }) => status), [200, 200, 200, 200]);
});

Deno.test("a capability that a 2026-07-28 client lacked reads as a tool's error, not as a number of that revision", async () => {
  const { server, legacy, modern } = createTestServer();
  server.registerTool("ask", { task: { support: "required" } }, async (_, ctx) => {
    return (await ctx.listRoots("where")).roots.length.toString();
  });
  const taskId = await modern(user("ada")).createTask("ask");
  const newer = (await modern(user("ada")).request("tasks/get", { taskId })).result;
  assertEquals([newer.status, (newer.error as Record<string, unknown>).code], ["failed", -32021]);
  const older = await legacy(user("ada"));
  assertEquals((await older.request("tasks/get", { taskId })).result.status, "failed");
  const { result } = await older.request("tasks/result", { taskId });
  assertEquals([result.isError, result.content], [true, [{
    type: "text",
    text: "Missing required client capability",
  }]]);
  assertEquals(result._meta, { "io.modelcontextprotocol/related-task": { taskId } });
});
