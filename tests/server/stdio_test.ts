import { assertEquals, assertExists, assertRejects } from "@std/assert";
import { z } from "zod";
import { McpServer, type RecordKey, StorageUnavailableError } from "../../mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { modernMeta, modernRequest, type PipeClient, servePipe } from "../support/pipe_client.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";
import type { Json } from "../support/wire_judge.ts";

const ELICITATION = { elicitation: { form: {} } };

function withTools(options?: TestServerOptions): TestServer & { readonly gate: Gate } {
  const parts = createTestServer(options);
  const gate = createGate();
  const { server } = parts;
  server.registerTool("echo", { inputSchema: z.object({ text: z.string() }) }, ({ text }) => text);
  server.registerTool("slow", { task: { support: "optional", repeatable: true } }, gate.handler);
  server.registerTool("once", { task: { support: "optional" } }, gate.handler);
  server.registerTool("ask", { task: { support: "optional" } }, async (_, ctx) => {
    const answer = await ctx.elicit("q", { message: "Go on?", schema: z.object({ text: z.string() }) });
    return answer.action === "accept" ? answer.content.text : answer.action;
  });
  return { ...parts, gate };
}

function textOf({ result }: Json): unknown {
  return ((result as Json).content as Json[])[0]?.text;
}

function taskIdOf({ result }: Json): string {
  const { task = result } = result as Json;
  return String((task as Json).taskId);
}

function errorOf(answer: Json | undefined): Json {
  return answer?.error as Json;
}

/** Answers the question that the server has put last. */
async function accept(client: PipeClient, text: string): Promise<Json> {
  const question = client.sent("elicitation/create");
  assertExists(question, "nothing was asked");
  await client.send({ jsonrpc: "2.0", id: question.id, result: { action: "accept", content: { text } } });
  return question;
}

async function finish({ runtime }: TestServer, client: PipeClient, served: Promise<void>): Promise<void> {
  await client.close();
  await runtime.drive(served);
}

verifies(
  ["T25-194", "T25-134", "T25-127", "T26-184"],
  "a session lives on its pipe, and nothing of it is stored",
  async () => {
    const parts = withTools({ sessionTtlMs: 60_000 });
    const { server, runtime, backend } = parts;
    const touched: RecordKey[] = [];
    backend.beforePut = ({ key }) => void touched.push(key);
    const get = backend.get.bind(backend);
    backend.get = (keys) => (touched.push(...keys), get(keys));
    const { client, served } = servePipe(server);
    const { result } = await client.initialize(ELICITATION);
    assertEquals((result as Json).protocolVersion, "2025-11-25");
    assertEquals(((result as Json).capabilities as Json).tasks, {
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    });
    assertEquals(
      textOf(await client.legacy("tools/call", { name: "echo", arguments: { text: "hi" } })),
      "hi",
    );
    await client.legacy("logging/setLevel", { level: "debug" });
    await client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "ask" } });
    await runtime.advance(10_000);
    await accept(client, "yes");
    assertEquals(textOf(client.answerTo(1) ?? {}), "yes");
    // However long nobody says anything, and whatever answers to nothing may come.
    await runtime.advance(600_000);
    await client.send({ jsonrpc: "2.0", id: `call/${"x".repeat(16)}`, result: {} });
    assertEquals(
      textOf(await client.legacy("tools/call", { name: "echo", arguments: { text: "hi" } })),
      "hi",
    );
    assertEquals(touched.filter(({ kind }) => kind === "session"), []);
    await finish(parts, client, served);
    assertEquals(client.received, []);
    assertEquals(client.isClosed, true);
    await server.close();
  },
);

Deno.test("both revisions see one task on one pipe, and it belongs to the user of the process", async () => {
  const parts = withTools();
  const { server, gate } = parts;
  const { client, served } = servePipe(server);
  await client.initialize();
  const taskId = taskIdOf(await client.legacy("tools/call", { name: "slow", task: {} }));
  assertEquals((await client.modern("tasks/get", { taskId })).result !== undefined, true);
  const listed = (await client.legacy("tasks/list")).result as Json;
  assertEquals((listed.tasks as Json[]).map((task) => task.taskId), [taskId]);
  assertEquals(gate.runs[0]?.ctx.auth, { subject: "local", issuer: "urn:perdure:stdio", scopes: [] });
  await gate.runs[0]?.finish("done");
  assertEquals(textOf(await client.legacy("tasks/result", { taskId })), "done");
  assertEquals(((await client.modern("tasks/get", { taskId })).result as Json).status, "completed");
  // A later pipe of the same user finds it; somebody else does not, over HTTP or over a pipe of their own.
  const later = servePipe(server);
  await later.client.initialize();
  assertEquals(textOf(await later.client.legacy("tasks/result", { taskId })), "done");
  const other = servePipe(server, { principal: user("local") });
  await other.client.initialize();
  assertEquals(errorOf(await other.client.legacy("tasks/result", { taskId })).code, -32602);
  assertEquals((await parts.modern(user("local")).request("tasks/get", { taskId })).error.code, -32602);
  for (const pipe of [{ client, served }, later, other]) await finish(parts, pipe.client, pipe.served);
  await server.close();
});

verifies(
  ["T25-050", "T25-057"],
  "tasks/result waits without bound on a pipe, and its cancellation ends the wait alone",
  async () => {
    const parts = withTools();
    const { server, runtime, gate } = parts;
    const { client, served } = servePipe(server);
    await client.initialize();
    const taskId = taskIdOf(await client.legacy("tools/call", { name: "slow", task: { ttl: 86_400_000 } }));
    for (const id of ["wait-1", "wait-2"]) {
      await client.send({ jsonrpc: "2.0", id, method: "tasks/result", params: { taskId } });
    }
    await runtime.advance(3_600_000);
    assertEquals(client.received, []);
    await client.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "wait-1" } });
    assertEquals(gate.runs[0]?.ctx.signal.aborted, false);
    await gate.runs[0]?.finish("at last");
    assertEquals(textOf(client.answerTo("wait-2") ?? {}), "at last");
    assertEquals((client.sent("notifications/tasks/status")?.params as Json).status, "completed");
    assertEquals(client.received, []);
    await finish(parts, client, served);
    await server.close();
  },
);

verifies(
  ["T25-246", "T25-248", "T26-179", "T26-180", "T26-264"],
  "a call is cancelled in either revision, also by a word that comes right behind it",
  async () => {
    const parts = withTools();
    const { server, gate, backend } = parts;
    const { client, served } = servePipe(server);
    await client.initialize();
    const cancel = (requestId: number) => ({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId },
    });
    const plain = { jsonrpc: "2.0", method: "tools/call", params: { name: "slow" } };
    await client.send({ ...plain, id: 1 }, modernRequest(2, "tools/call", { name: "slow" }));
    await client.send(cancel(1), cancel(2));
    assertEquals(gate.runs.map(({ ctx }) => ctx.signal.aborted), [true, true]);
    // All in one piece: the server has not looked at the session yet when it is told.
    await client.send(
      { ...plain, id: 3 },
      cancel(3),
      modernRequest(4, "tools/call", { name: "slow" }),
      cancel(4),
    );
    assertEquals(gate.runs.filter(({ ctx }) => !ctx.signal.aborted), []);
    await parts.runtime.advance(10_000);
    assertEquals(client.received, []);
    assertEquals(backend.idsOf("session"), []);
    assertEquals(backend.idsOf("task"), []);
    await finish(parts, client, served);
    await server.close();
  },
);

verifies(
  ["T25-061", "T25-258"],
  "a task asks its question over the pipe of its client, and on no other",
  async () => {
    const parts = withTools();
    const { server } = parts;
    const one = servePipe(server);
    const two = servePipe(server, { principal: user("bob") });
    await one.client.initialize(ELICITATION);
    await two.client.initialize(ELICITATION);
    const taskId = taskIdOf(await one.client.legacy("tools/call", { name: "ask", task: {} }));
    await one.client.send({ jsonrpc: "2.0", id: 1, method: "tasks/result", params: { taskId } });
    const question = await accept(one.client, "yes");
    assertEquals((question.params as Json)._meta, { "io.modelcontextprotocol/related-task": { taskId } });
    assertEquals(textOf(one.client.answerTo(1) ?? {}), "yes");
    assertEquals(two.client.received, []);
    for (const { client, served } of [one, two]) await finish(parts, client, served);
    await server.close();
  },
);

verifies(
  "T25-064",
  "a question goes over a pipe once, however its client waits for the answer to matter",
  async () => {
    const parts = withTools();
    const { server, runtime } = parts;
    const { client, served } = servePipe(server);
    await client.initialize(ELICITATION);
    const taskId = taskIdOf(await client.legacy("tools/call", { name: "ask", task: {} }));
    await client.legacy("tasks/get", { taskId });
    const question = client.sent("elicitation/create");
    assertExists(question);
    for (const id of [1, 2]) {
      await client.send({
        jsonrpc: "2.0",
        id,
        method: "tasks/result",
        params: { taskId },
      });
    }
    await client.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await runtime.advance(600_000);
    await client.legacy("tasks/get", { taskId });
    assertEquals([client.sent("elicitation/create"), client.answerTo(2)], [undefined, undefined]);
    const result = { action: "accept", content: { text: "once" } };
    await client.send({ jsonrpc: "2.0", id: question.id, result });
    assertEquals(textOf(client.answerTo(2) ?? {}), "once");
    // Another session has not been asked yet, be it on a pipe or not.
    const other = servePipe(server);
    await other.client.initialize(ELICITATION);
    const asking = taskIdOf(await client.legacy("tools/call", { name: "ask", task: {} }));
    for (const one of [client, other.client]) {
      await one.legacy("tasks/get", { taskId: asking });
      assertExists(one.sent("elicitation/create"));
    }
    for (const pipe of [{ client, served }, other]) await finish(parts, pipe.client, pipe.served);
    await runtime.drive(server.close());
  },
);

verifies(
  ["T26-202", "T26-206", "T26-207", "T26-209", "T26-210", "T26-211"],
  "subscriptions share a pipe, and end when they are cancelled or the server closes",
  async () => {
    const parts = withTools();
    const { server, runtime, gate } = parts;
    const { client, served } = servePipe(server);
    const listen = (id: string, notifications: Json) =>
      modernRequest(id, "subscriptions/listen", { notifications });
    const taskId = taskIdOf(
      await runtime.drive((async () => {
        await client.send(modernRequest("call", "tools/call", { name: "slow" }));
        await runtime.advance(1000);
        return client.answerTo("call") ?? {};
      })()),
    );
    await client.send(listen("tools", { toolsListChanged: true }), listen("task", { taskIds: [taskId] }));
    const idsOf = (method: string) =>
      client.received.filter((message) => message.method === method).map((message) =>
        ((message.params as Json)._meta as Json)["io.modelcontextprotocol/subscriptionId"]
      );
    assertEquals(idsOf("notifications/subscriptions/acknowledged"), ["tools", "task"]);
    server.registerTool("another", {}, () => "x");
    await settle();
    assertEquals(idsOf("notifications/tools/list_changed"), ["tools"]);
    client.received.length = 0;
    await client.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "tools" } });
    server.registerTool("yet_another", {}, () => "x");
    await gate.runs[0]?.finish("done");
    assertEquals(client.received.map(({ method }) => method), ["notifications/tasks"]);
    client.received.length = 0;
    await runtime.drive(server.close());
    await served;
    const [cancelled, result] = client.received;
    assertEquals((cancelled?.params as Json).requestId, "task");
    assertEquals(result?.id, "task");
    assertEquals(client.received.length, 2);
    assertEquals(client.isClosed, true);
  },
);

Deno.test("server/discover is answered while the store is away", async () => {
  const parts = withTools();
  const { server, backend } = parts;
  backend.beforePut = () => {
    throw new StorageUnavailableError("away");
  };
  backend.get = () => Promise.reject(new StorageUnavailableError("away"));
  const { client, served } = servePipe(server);
  assertExists((await client.modern("server/discover")).result);
  assertEquals(errorOf(await client.modern("tasks/get", { taskId: "x".repeat(36) })).code, -32603);
  await finish(parts, client, served);
});

verifies(
  ["T25-193", "T26-181"],
  "with the server's only pipe the server closes: what can be repeated is handed back, the rest may end",
  async () => {
    const parts = withTools();
    const { server, runtime, backend, gate } = parts;
    const { client, served } = servePipe(server, { closeServer: true });
    await client.initialize();
    const repeatable = taskIdOf(await client.legacy("tools/call", { name: "slow", task: {} }));
    const once = taskIdOf(await client.legacy("tools/call", { name: "once", task: {} }));
    await client.send({ jsonrpc: "2.0", id: 1, method: "tasks/result", params: { taskId: once } });
    await client.close();
    await gate.runs[1]?.finish("just in time");
    await runtime.drive(served, { limitMs: 1500 });
    const heads = new Map(backend.valuesOf("task").map((head) => [head.id, head]));
    assertEquals((heads.get(repeatable)?.exec as Json).phase, "queued");
    assertEquals(heads.get(once)?.status, "completed");
    assertEquals(runtime.pendingTimers, 0);
    assertEquals(client.isClosed, true);
  },
);

Deno.test("a call under way is answered after its client has said all it has to say", async () => {
  const parts = withTools();
  const { server, runtime, gate } = parts;
  const { client, served } = servePipe(server, { closeServer: true });
  await client.initialize();
  await client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "slow" } });
  await client.send(modernRequest(2, "tools/call", { name: "slow" }));
  await client.close();
  await runtime.advance(500);
  for (const run of gate.runs) await run.finish("in time");
  await runtime.drive(served, { limitMs: 1 });
  assertEquals([1, 2].map((id) => textOf(client.answerTo(id) ?? {})), ["in time", "in time"]);
});

Deno.test("a pipe that ends leaves a server with other transports alone", async () => {
  const parts = withTools();
  const { server } = parts;
  const { client, served } = servePipe(server);
  await client.initialize();
  await finish(parts, client, served);
  assertEquals((await parts.modern(user("ada")).request("tools/list")).error, undefined);
  await server.close();
  const late = servePipe(server);
  await late.client.send(modernRequest(1, "tools/call", { name: "slow" }));
  assertEquals(errorOf(late.client.answerTo(1)).data, { reason: "closing", retryAfterMs: 1000 });
  await finish(parts, late.client, late.served);
});

Deno.test("a server that is closed twice at once closes its store once", async () => {
  const { server, backend, runtime } = withTools();
  let closed = 0;
  const close = backend.close.bind(backend);
  backend.close = () => (closed++, close());
  await runtime.drive(server.recover());
  await runtime.drive(Promise.all([server.close(), server.close()]));
  assertEquals(closed, 1);
});

for (
  const [what, options, error] of [
    ["one direction only", { readable: new ReadableStream() }, TypeError],
    ["a principal of no name", { principal: {} }, TypeError],
    ["an endless name", { principal: { subject: "x".repeat(2000) } }, TypeError],
    ["a grace that is none", { graceMs: -1 }, RangeError],
    ["half a grace", { graceMs: 0.5 }, RangeError],
  ] as const
) {
  Deno.test(`serveStdio() refuses ${what}`, async () => {
    const { server } = withTools();
    const client = servePipe(withTools().server).client;
    const pipe = "readable" in options ? {} : client.pipe;
    await assertRejects(() => server.serveStdio({ ...pipe, ...options } as never), error);
    await server.close();
  });
}

Deno.test("serveStdio() refuses streams that somebody else uses", async () => {
  const { server } = withTools();
  const { client, served } = servePipe(server);
  await assertRejects(() => server.serveStdio(client.pipe), TypeError);
  await client.close();
  await served;
  await server.close();
});

verifies(
  ["T25-280", "T26-284"],
  "scopes are for remote callers: who starts the process has them all, unless somebody is named",
  async () => {
    const parts = createTestServer({ requiredScopes: ["use"], impliedScopes: { all: ["use"] } });
    const { server } = parts;
    server.registerTool("guarded", { scopes: ["reports"] }, (_, ctx) => String(ctx.auth?.scopes));
    const local = servePipe(server);
    assertEquals(textOf(await local.client.modern("tools/call", { name: "guarded" })), "use,all,reports");
    server.registerTool("later", { scopes: ["other"] }, () => "served");
    assertEquals(textOf(await local.client.modern("tools/call", { name: "later" })), "served");
    const named = servePipe(server, { principal: { subject: "ada", scopes: ["all"] } });
    assertEquals(errorOf(await named.client.modern("tools/call", { name: "guarded" })).data, {
      reason: "insufficient_scope",
      scopes: ["use", "reports", "all"],
    });
    await assertRejects(() => server.serveStdio({ principal: user("eve") }), Error, "needs the scopes");
    for (const { client, served } of [local, named]) await finish(parts, client, served);
    await server.close();
  },
);

Deno.test("a message of megabytes passes both ways", async () => {
  const parts = withTools();
  const { client, served } = servePipe(parts.server);
  const text = "é".repeat(2_000_000);
  await client.initialize();
  assertEquals(textOf(await client.legacy("tools/call", { name: "echo", arguments: { text } })), text);
  await client.send(JSON.stringify({ text: "é".repeat(3_000_000) }));
  assertEquals((errorOf(client.take()).data as Json).reason, "too_large");
  await finish(parts, client, served);
  await parts.server.close();
});

Deno.test("a server without tools for tasks, authentication or Host names serves a pipe as well", async () => {
  const { backend, runtime } = createTestServer();
  const server = new McpServer({ name: "plain", version: "1.0.0" }, { backend, runtime });
  const { client, served } = servePipe(server);
  assertExists((await client.initialize()).result);
  assertEquals(errorOf(await client.legacy("tasks/list")).code, -32601);
  assertEquals(errorOf(await client.modern("tools/list", { _meta: modernMeta() })).code, -32601);
  await client.close();
  await served;
  await server.close();
});
