import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { StorageUnavailableError } from "../../mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { postMessage } from "../support/http_client.ts";
import { TASKS } from "../support/modern_client.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const STARTED = "2026-01-01T00:00:00.000Z";
const SERVER_META = { "io.modelcontextprotocol/serverInfo": { name: "test", version: "1.0.0" } };

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer({ inlineMs: 1000, inlineMaxMs: 5000, ...options });
  const gate = createGate();
  parts.server.registerTool("plain", {}, gate.handler);
  parts.server.registerTool("optional", { task: { support: "optional" } }, gate.handler);
  parts.server.registerTool("required", { task: { support: "required", pollIntervalMs: 250 } }, gate.handler);
  return { ...parts, ...gate };
}

verifies(
  ["T26-134", "T26-014", "T26-137", "T26-214", "T26-216", "T26-267"],
  "server/discover names versions, capabilities and the extension, and no older tasks capability",
  async () => {
    const { result } = await withGate({ instructions: "Be kind." }).modern(user("ada")).request(
      "server/discover",
    );
    assertEquals(result, {
      resultType: "complete",
      supportedVersions: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"],
      capabilities: {
        tools: { listChanged: true },
        logging: {},
        extensions: { "io.modelcontextprotocol/tasks": {} },
      },
      instructions: "Be kind.",
      ttlMs: 60_000,
      cacheScope: "public",
      _meta: SERVER_META,
    });
  },
);

Deno.test("a server without slow tools neither declares the extension nor serves its methods", async () => {
  const { server, modern } = createTestServer();
  server.registerTool("plain", {}, () => "");
  const client = modern(user("ada"));
  assertEquals((await client.request("server/discover")).result.capabilities, {
    tools: { listChanged: true },
    logging: {},
  });
  for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
    const { status, error } = await client.request(method, { taskId: "x" });
    assertEquals([status, error.code], [404, -32601]);
  }
});

verifies(["T26-018", "T26-121"], "methods that are gone are 404 and -32601", async () => {
  const { modern, unchanged } = withGate();
  const client = modern(user("ada"));
  const gone = [
    "tasks/result",
    "tasks/list",
    "ping",
    "initialize",
    "logging/setLevel",
    "resources/subscribe",
  ];
  for (const method of [...gone, "nobody/knows", "__proto__", "constructor"]) {
    const { status, error } = await unchanged(() => client.request(method, { taskId: "x" }));
    assertEquals([status, error.code], [404, -32601], method);
  }
});

verifies(
  ["T26-223", "T26-224", "T26-218", "T26-220", "T26-227"],
  "tools/list is the same for every caller, session and capability",
  async () => {
    const { modern } = withGate({ allowAnonymous: true });
    const lists = [
      await modern(user("ada")).request("tools/list"),
      await modern(user("eve")).request("tools/list", {}, { capabilities: {} }),
      await modern(undefined).request("tools/list"),
    ].map(({ result }) => result);
    assertEquals(lists[0], lists[1]);
    assertEquals(lists[0], lists[2]);
    assertEquals([lists[0]?.cacheScope, lists[0]?.ttlMs], ["public", 60_000]);
    assertEquals((lists[0]?.tools as Json[]).map(({ name, execution }) => [name, execution]), [
      ["plain", undefined],
      ["optional", undefined],
      ["required", undefined],
    ]);
  },
);

verifies(["T26-109", "T26-110", "T26-023"], "a plain call answers complete, and stores nothing", async () => {
  const { modern, runs, unchanged } = withGate();
  for (const name of ["plain", "optional"]) {
    const { result } = await unchanged(async () => {
      const call = modern(user("ada")).call(name);
      await settle();
      await runs.at(-1)!.finish({ content: [], resultType: "task", _meta: { own: 1 } });
      return await call;
    });
    assertEquals(result, { content: [], resultType: "complete", _meta: { own: 1, ...SERVER_META } });
  }
});

verifies(
  ["T26-022", "T26-031"],
  "a required tool answers CreateTaskResult, flat and to the letter",
  async () => {
    const { modern, backend } = withGate();
    const { result } = await modern(user("ada")).call("required");
    const { taskId } = result;
    assertMatch(String(taskId), /^[0-9A-Z]{36}$/);
    assertEquals(result, {
      resultType: "task",
      taskId,
      status: "working",
      createdAt: STARTED,
      lastUpdatedAt: STARTED,
      ttlMs: 3_600_000,
      pollIntervalMs: 250,
      _meta: SERVER_META,
    });
    assertEquals(backend.idsOf("task"), [taskId]);
  },
);

verifies(["T26-025", "T26-026"], "a task is announced only once it can be read", async () => {
  const { modern, backend } = withGate();
  const client = modern(user("ada"));
  const held = Promise.withResolvers<void>();
  backend.beforePut = () => held.promise;
  let isAnswered = false;
  const call = client.call("required").then((answer) => (isAnswered = true, answer));
  await settle();
  assertEquals(isAnswered, false);
  held.resolve();
  const { result } = await call;
  assertEquals((await client.request("tasks/get", { taskId: result.taskId })).result.status, "working");
});

verifies(
  ["T26-005", "T26-006", "T26-118"],
  "a call that needs a task is -32021 without the extension",
  async () => {
    const { modern, runs, unchanged } = withGate();
    const client = modern(user("ada"));
    await client.createTask("required");
    const undeclared: Json[] = [
      {},
      { extensions: {} },
      { extensions: { "io.modelcontextprotocol/other": {} } },
      { tasks: { requests: { tools: { call: {} } } } },
      JSON.parse('{"extensions":{"__proto__":{"io.modelcontextprotocol/tasks":{}}}}'),
    ];
    for (const capabilities of undeclared) {
      const { status, error } = await unchanged(() => client.call("required", undefined, { capabilities }));
      assertEquals([status, error.code, error.data], [400, -32021, {
        requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
      }]);
    }
    assertEquals(runs.length, 1);
  },
);

verifies("T26-005", "a slow call stays inline without the extension, and is ended at its limit", async () => {
  const { modern, runs, runtime, unchanged } = withGate();
  const client = modern(user("ada"));
  const { result } = await unchanged(async () => {
    const call = client.call("optional", undefined, { capabilities: {} });
    await runtime.advance(30_000);
    await runs[0]!.finish("slow but fine");
    return await call;
  });
  assertEquals(result.content, [{ type: "text", text: "slow but fine" }]);
});

verifies(
  ["T26-022", "T26-055"],
  "a slow optional call becomes a task after inlineMs, and ends as one",
  async () => {
    const { modern, runs, runtime, unchanged, backend } = withGate();
    const client = modern(user("ada"));
    const call = client.call("optional");
    await unchanged(() => runtime.advance(999));
    await runtime.advance(1);
    const { result } = await call;
    assertEquals([result.resultType, result.status], ["task", "working"]);
    assertEquals(backend.idsOf("task"), [result.taskId]);
    assertEquals(runs[0]!.ctx.taskId, result.taskId);
    await runs[0]!.finish("done");
    const got = await client.request("tasks/get", { taskId: result.taskId });
    assertEquals(got.result.result, { content: [{ type: "text", text: "done" }], resultType: "complete" });
  },
);

Deno.test("with inlineMs 0 an optional tool is a task at once where the client can, and inline where it cannot", async () => {
  for (const [inlineMs, own] of [[0, undefined], [5000, 0]]) {
    const { server, modern, legacy, runtime } = createTestServer({ inlineMs });
    const gate = createGate();
    server.registerTool("soon", { task: { support: "optional", inlineMs: own } }, gate.handler);
    server.registerTool("plain", {}, () => "plain");
    const client = modern(user("ada"));
    const { result } = await client.call("soon");
    assertEquals([result.resultType, gate.runs.length], ["task", 1]);
    const inline = client.call("soon", undefined, { capabilities: {} });
    await runtime.advance(10_000);
    await gate.runs[1]!.finish("inline");
    assertEquals((await inline).result.resultType, "complete");
    assertEquals((await client.call("plain")).result.resultType, "complete");
    const old = (await legacy(user("ada"))).call("soon");
    await runtime.advance(10_000);
    await gate.runs[2]!.finish("old");
    assertEquals((await old).result.content, [{ type: "text", text: "old" }]);
  }
});

Deno.test("a tool that allows no tasks is never promoted", async () => {
  const { modern, runs, runtime, unchanged } = withGate();
  await unchanged(async () => {
    const call = modern(user("ada")).call("plain");
    await runtime.advance(30_000);
    await runs[0]!.finish("done");
    assertEquals((await call).result.resultType, "complete");
  });
});

Deno.test("a promotion that the limit forbids leaves the call inline, up to inlineMaxMs", async () => {
  const { modern, runs, runtime, unchanged, events } = withGate({ limits: { activeTasks: 1 } });
  const client = modern(user("ada"));
  await client.createTask("required");
  const inTime = client.call("optional");
  await runtime.advance(3000);
  await runs[1]!.finish("done");
  assertEquals((await inTime).result.content, [{ type: "text", text: "done" }]);
  const { error } = await unchanged(async () => {
    const late = client.call("optional");
    await runtime.advance(5000);
    return await late;
  });
  assertEquals([error.code, error.data], [-32603, {
    reason: "limit",
    limit: "activeTasks",
    retryAfterMs: 1000,
  }]);
  assertEquals(runs[2]!.ctx.signal.aborted, true);
  assertEquals(events.map(({ type }) => type).filter((type) => type === "promotion_failed").length, 2);
});

verifies(
  "T26-100",
  "a store that fails at promotion kills no work, and is named if the work is too slow",
  async () => {
    const faults: [Error, string | undefined][] = [
      [new StorageUnavailableError("Cannot put: the engine is away"), "store_unavailable"],
      [new Error("disk on fire"), undefined],
    ];
    for (const [fault, reason] of faults) {
      const { modern, runs, runtime, backend, unchanged } = withGate();
      const client = modern(user("ada"));
      backend.beforePut = () => {
        throw fault;
      };
      await unchanged(async () => {
        const inTime = client.call("optional");
        await runtime.advance(3000);
        await runs[0]!.finish("done");
        assertEquals((await runtime.drive(inTime)).result.content, [{ type: "text", text: "done" }]);
        const { error } = await runtime.drive(client.call("optional"));
        assertEquals([error.code, error.data?.reason], [-32603, reason]);
        assertEquals(error.message.includes("fire"), false);
      });
      assertEquals(runs[1]!.ctx.signal.aborted, true);
    }
  },
);

for (const ends of ["by the signal", "never", "in time"] as const) {
  Deno.test(`a repeatable call that may have become a task unheard is stopped; it ends ${ends}`, async () => {
    const { server, modern, runtime, backend } = createTestServer({ inlineMaxMs: 60_000 });
    const gate = createGate();
    server.registerTool(
      "again",
      { task: { support: "optional", repeatable: true } },
      (args, ctx) => ends === "never" ? new Promise(() => {}) : gate.handler(args, ctx),
    );
    backend.afterPut = () => {
      backend.get = () => Promise.reject(new StorageUnavailableError("Cannot get: the engine is away"));
      throw new StorageUnavailableError("Cannot put: the reply was lost");
    };
    const call = modern(user("ada")).call("again");
    await runtime.advance(25_999);
    if (ends === "in time") await gate.runs[0]!.finish("done");
    await runtime.advance(1);
    const { result, error } = await call;
    if (ends === "in time") assertEquals(result.content, [{ type: "text", text: "done" }]);
    else assertEquals([error.code, error.data?.reason], [-32603, "store_unavailable"]);
    assertEquals(backend.idsOf("task").length, 1);
    await runtime.drive(server.close());
  });
}

Deno.test("a call that ends while it becomes a task is answered with the task", async () => {
  const { modern, runs, runtime, backend } = withGate();
  const client = modern(user("ada"));
  const held = Promise.withResolvers<void>();
  backend.beforePut = () => held.promise;
  const call = client.call("optional");
  await runtime.advance(1000);
  await runs[0]!.finish("done");
  held.resolve();
  const { result } = await runtime.drive(call);
  assertEquals(result.resultType, "task");
  const { result: task } = await client.request("tasks/get", { taskId: result.taskId });
  assertEquals([task.status, (task.result as Json).content], ["completed", [{ type: "text", text: "done" }]]);
});

verifies("T26-005", "a task member means nothing in this revision", async () => {
  const { modern, runs, unchanged } = withGate();
  for (const task of [{ ttl: 1000 }, { ttl: -1 }, 7, null, "x"]) {
    const { result } = await unchanged(async () => {
      const call = modern(user("ada")).call("plain", undefined, { params: { task } });
      await settle();
      await runs.at(-1)!.finish("done");
      return await call;
    });
    assertEquals(result.resultType, "complete");
  }
});

verifies(
  ["T26-260", "T26-265", "T26-266", "T26-148"],
  "progress and logs come only to who asked, on that stream",
  async () => {
    const { server, modern } = createTestServer();
    server.registerTool("chatty", {}, async (_, ctx) => {
      ctx.log("debug", "d");
      ctx.log("warning", { w: 1 }, "chat");
      for (const done of [1, 2, 2, 1, 3]) await ctx.progress(done, 3, `step ${done}`);
      return "done";
    });
    const client = modern(user("ada"));
    assertEquals((await client.call("chatty")).sent, []);
    const meta = { "io.modelcontextprotocol/logLevel": "info", "progressToken": "p" };
    const { sent } = await client.call("chatty", undefined, { meta });
    assertEquals(sent.map(({ method, params }) => [method, params]), [
      ["notifications/message", { level: "warning", logger: "chat", data: { w: 1 } }],
      ["notifications/progress", { progressToken: "p", progress: 1, total: 3, message: "step 1" }],
      ["notifications/progress", { progressToken: "p", progress: 2, total: 3, message: "step 2" }],
      ["notifications/progress", { progressToken: "p", progress: 3, total: 3, message: "step 3" }],
    ]);
    assertEquals((await client.call("chatty")).sent, [], "nothing is remembered of earlier requests");
  },
);

verifies("T26-094", "once a call is a task its progress shows in tasks/get, and nowhere else", async () => {
  const { modern, runs, runtime } = withGate();
  const client = modern(user("ada"));
  const meta = { "io.modelcontextprotocol/logLevel": "debug", "progressToken": "p" };
  const call = client.call("optional", undefined, { meta });
  await settle();
  await runs[0]!.ctx.progress(1, 9);
  await runtime.advance(1000);
  await runs[0]!.ctx.progress(2, 9);
  runs[0]!.ctx.log("error", "x");
  const { result, sent } = await call;
  assertEquals(sent.map(({ params }) => (params as Json).progress), [1]);
  assertEquals((await client.request("tasks/get", { taskId: result.taskId })).result.statusMessage, "2 of 9");
});

verifies("T26-180", "a client that leaves ends its inline call, and stores nothing", async () => {
  const { modern, runs, runtime, unchanged } = withGate();
  await unchanged(async () => {
    const leaving = new AbortController();
    const call = modern(user("ada")).send("1", "tools/call", { name: "optional" }, {
      signal: leaving.signal,
    });
    await settle();
    leaving.abort();
    await runtime.advance(10_000);
    await call;
  });
  assertEquals((runs[0]!.ctx.signal.reason as { reason: string }).reason, "cancelled");
});

Deno.test("a client that leaves while its call becomes a task leaves no running task", async () => {
  const { modern, backend, runs, runtime } = withGate();
  const leaving = new AbortController();
  const held = Promise.withResolvers<void>();
  backend.beforePut = () => held.promise;
  const call = modern(user("ada")).send("1", "tools/call", { name: "optional" }, { signal: leaving.signal });
  await runtime.advance(1000);
  leaving.abort();
  held.resolve();
  await runtime.advance(1000);
  await (await call).body?.cancel();
  assertEquals(backend.valuesOf("task").map(({ status }) => status), ["cancelled"]);
  assertEquals(runs[0]!.ctx.signal.aborted, true);
});

verifies(["T26-229", "T26-240"], "arguments and structured results are checked", async () => {
  const { server, modern, unchanged } = createTestServer();
  const shape = z.object({ n: z.number() });
  server.registerTool("twice", { inputSchema: shape, outputSchema: shape }, ({ n }) => ({ n: 2 * n }));
  server.registerTool("list", { outputSchema: z.array(z.number()) }, () => [1, 2]);
  server.registerTool("wrong", { outputSchema: shape }, () => ({ n: "x" }));
  const client = modern(user("ada"));
  assertEquals((await client.call("twice", { n: 2 })).result.structuredContent, { n: 4 });
  assertEquals((await client.call("list")).result.structuredContent, [1, 2]);
  assertEquals((await client.call("wrong")).result.isError, true);
  for (const args of [{}, { n: "x" }, { n: null }]) {
    const { result } = await unchanged(() => client.call("twice", args));
    assertEquals(result.isError, true);
    assertMatch(JSON.stringify(result.content), /\bn\b/);
  }
});

verifies(["T26-233", "T26-234", "T26-235"], "x-mcp-header is refused wherever it may not stand", () => {
  const bad: Json[] = [
    { a: { "type": "string", "x-mcp-header": "" } },
    { a: { "type": "string", "x-mcp-header": "a b" } },
    { a: { "type": "string", "x-mcp-header": 7 } },
    { a: { "type": "number", "x-mcp-header": "A" } },
    { a: { "type": "object", "x-mcp-header": "A" } },
    { a: { "type": "string", "x-mcp-header": "A" }, b: { "type": "string", "x-mcp-header": "a" } },
    { a: { type: "array", items: { "type": "string", "x-mcp-header": "A" } } },
  ];
  for (const properties of bad) {
    const { server } = createTestServer();
    let message = "";
    try {
      const inputSchema = {
        "~standard": {
          version: 1 as const,
          vendor: "test",
          validate: (value: unknown) => ({ value }),
          jsonSchema: { input: () => ({ type: "object", properties }), output: () => ({}) },
        },
      };
      server.registerTool("t", { inputSchema }, () => "");
    } catch (error) {
      message = String(error);
    }
    assertMatch(message, /^TypeError: Cannot register tool "t": "x-mcp-header" is misplaced/);
  }
});

verifies("T26-020", "the extension means nothing in a session of 2025-11-25", async () => {
  const { legacy, runs, runtime, unchanged } = withGate();
  const client = await legacy(user("ada"), { capabilities: TASKS });
  assertEquals("extensions" in (client.initialized.capabilities as Json), false);
  assertEquals((await unchanged(() => client.call("required"))).error.code, -32601);
  const { result } = await unchanged(async () => {
    const call = client.call("optional");
    await runtime.advance(30_000);
    await runs[0]!.finish("slow");
    return await call;
  });
  assertEquals(result, { content: [{ type: "text", text: "slow" }] });
});

verifies("T26-113", "notifications of 2026-07-28 get no answer", async () => {
  const { server, unchanged } = withGate({ allowAnonymous: true });
  for (const method of ["notifications/cancelled", "notifications/nobody-knows"]) {
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": method };
    const response = await unchanged(() => postMessage(server.fetch, { jsonrpc: "2.0", method }, headers));
    assertEquals([response.status, await response.text()], [202, ""]);
  }
});
