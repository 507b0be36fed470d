import { assertEquals, assertMatch } from "@std/assert";
import { ProtocolError, ToolError } from "../../mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const STARTED = "2026-01-01T00:00:00.000Z";

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  parts.server.registerTool("work", {
    task: { support: "optional", pollIntervalMs: 250, immediateResponse: "Working on it." },
  }, gate.handler);
  return { ...parts, ...gate };
}

verifies(
  ["T25-019", "T25-022", "T25-023", "T25-025", "T25-028", "T25-029", "T25-030"],
  "a task-augmented call answers CreateTaskResult at once, its shape to the letter",
  async () => {
    const { legacy, runs } = withGate();
    const client = await legacy(user("ada"));
    const { result } = await client.call("work", undefined, { task: { ttl: 60_000 } });
    const { taskId } = result.task as { taskId: string };
    assertMatch(taskId, /^[0-9A-Z]{36}$/);
    assertEquals(result, {
      task: {
        taskId,
        status: "working",
        createdAt: STARTED,
        lastUpdatedAt: STARTED,
        ttl: 60_000,
        pollInterval: 250,
      },
      _meta: {
        "io.modelcontextprotocol/related-task": { taskId },
        "io.modelcontextprotocol/model-immediate-response": "Working on it.",
      },
    });
    assertEquals(runs.length, 1);
  },
);

verifies(
  ["T25-024", "T25-110"],
  "task ids of all owners differ, and the server alone makes them",
  async () => {
    const { legacy } = withGate({ limits: { activeTasks: 1000 } });
    const ids: string[] = [];
    for (const name of ["ada", "eve"]) {
      const client = await legacy(user(name));
      for (let i = 0; i < 20; i++) {
        ids.push(await client.createTask("work", undefined, { task: { taskId: "mine" } }));
      }
    }
    assertEquals(new Set(ids).size, 40);
    assertEquals(ids.includes("mine"), false);
  },
);

verifies("T25-030", "a ttl is clamped, and every answer says what holds", async () => {
  const { legacy } = withGate({ minTtlMs: 5000, ttlMs: 20_000, maxTtlMs: 30_000 });
  const client = await legacy(user("ada"));
  const wishes: [Json, number][] = [[{}, 20_000], [{ ttl: 0 }, 5000], [{ ttl: 7000 }, 7000], [{
    ttl: Number.MAX_SAFE_INTEGER,
  }, 30_000]];
  for (const [task, ttl] of wishes) {
    const { result } = await client.call("work", undefined, { task });
    assertEquals((result.task as Json).ttl, ttl);
    const { taskId } = result.task as Json;
    assertEquals((await client.request("tasks/get", { taskId })).result.ttl, ttl);
  }
  const { result } = await client.request("tasks/list");
  assertEquals((result.tasks as Json[]).map(({ ttl }) => ttl), [30_000, 7000, 5000, 20_000]);
});

verifies("T25-047", "tasks/get answers the flat task, and never its result", async () => {
  const { legacy, runs, runtime } = withGate();
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work");
  const task = { taskId, createdAt: STARTED, ttl: 3_600_000, pollInterval: 250 };
  assertEquals((await client.request("tasks/get", { taskId })).result, {
    ...task,
    status: "working",
    lastUpdatedAt: STARTED,
  });
  await runtime.advance(2000);
  await runs[0]!.ctx.progress(1, 2, "half way");
  assertEquals((await client.request("tasks/get", { taskId })).result, {
    ...task,
    status: "working",
    statusMessage: "half way",
    lastUpdatedAt: "2026-01-01T00:00:02.000Z",
  });
  await runs[0]!.finish("the result");
  const { result, text } = await client.request("tasks/get", { taskId });
  assertEquals([result.status, text.includes("the result")], ["completed", false]);
});

verifies("T25-067", "params.taskId wins over related-task metadata", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work");
  const other = await client.createTask("work");
  const _meta = { "io.modelcontextprotocol/related-task": { taskId: other } };
  assertEquals((await client.request("tasks/get", { taskId, _meta })).result.taskId, taskId);
  assertEquals((await client.request("tasks/cancel", { taskId, _meta })).result.taskId, taskId);
  assertEquals(runs.map(({ ctx }) => ctx.signal.aborted), [true, false]);
});

verifies(["T25-035", "T25-036"], "each way to end shows as its status, and stays", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const ends: [(run: typeof runs[number]) => Promise<void>, string, string | undefined][] = [
    [(run) => run.finish("fine"), "completed", undefined],
    [
      (run) => run.finish({ content: [{ type: "text", text: "bad year" }], isError: true }),
      "failed",
      "bad year",
    ],
    [(run) => run.fail(new ToolError("bad input")), "failed", "bad input"],
    [(run) => run.fail(new ProtocolError(-32000, "refused")), "failed", "refused"],
  ];
  for (const [end, status, statusMessage] of ends) {
    const taskId = await client.createTask("work");
    await end(runs.at(-1)!);
    const { result } = await client.request("tasks/get", { taskId });
    assertEquals([result.status, result.statusMessage], [status, statusMessage]);
    const cancelled = await client.request("tasks/cancel", { taskId });
    assertEquals([cancelled.error.code, cancelled.error.data], [-32602, { reason: "terminal", status }]);
    assertEquals((await client.request("tasks/get", { taskId })).result, result);
  }
});

Deno.test("toolErrorStatus decides how isError shows to 2025-11-25 clients", async () => {
  const { legacy, runs } = withGate({ toolErrorStatus: "completed" });
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work");
  await runs[0]!.fail(new ToolError("bad input"));
  assertEquals((await client.request("tasks/get", { taskId })).result.status, "completed");
  assertEquals((await client.request("tasks/result", { taskId })).result.isError, true);
});

verifies(
  ["T25-078", "T25-080", "T25-081", "lib-I5"],
  "tasks/cancel holds, whatever the handler does",
  async () => {
    const { legacy, backend, server, runtime } = createTestServer();
    let release = (_: string) => {};
    const late = new Promise<string>((resolve) => release = resolve);
    server.registerTool("stubborn", { task: { support: "required" } }, () => late);
    const client = await legacy(user("ada"));
    const taskId = await client.createTask("stubborn");
    const { result } = await client.request("tasks/cancel", { taskId });
    assertEquals([result.status, result.taskId], ["cancelled", taskId]);
    assertEquals(backend.valuesOf("task").map(({ status }) => status), ["cancelled"]);
    const stored = backend.dump();
    release("too late");
    await runtime.advance(60_000);
    assertEquals(backend.dump(), stored);
    const again = await client.request("tasks/cancel", { taskId });
    assertEquals([again.status, again.error.code], [200, -32602]);
    assertEquals(again.error.message, 'Cannot cancel a task that is already "cancelled"');
  },
);

verifies("T25-103", "an id that names nothing is -32602 for every method", async () => {
  const { legacy, unchanged } = withGate();
  const client = await legacy(user("ada"));
  for (const taskId of ["nobody", "a:b/c", "__proto__", "x".repeat(128), "../x", "%2e%2e"]) {
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      const { status, error } = await unchanged(() => client.request(method, { taskId }));
      assertEquals([status, error.code, error.data], [200, -32602, { reason: "not_found" }], taskId);
    }
  }
});

Deno.test("an id that cannot be one is -32602 and named", async () => {
  const { legacy, unchanged } = withGate();
  const client = await legacy(user("ada"));
  const ids = ["", " ", "\ud800", "ä", "x".repeat(10_240), "a\nb", 7, null, {}, [], true, undefined];
  for (const taskId of ids) {
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      const { error } = await unchanged(() => client.request(method, { taskId }));
      assertEquals([error.code, error.message.includes("taskId")], [-32602, true], error.message);
    }
  }
});

verifies(
  ["T25-072", "T25-074", "T25-075"],
  "tasks/list shows the owner's tasks, all and only, newest first",
  async () => {
    const { legacy } = withGate({ pageSize: 3 });
    const ada = await legacy(user("ada"));
    const eve = await legacy(user("eve"));
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) {
      ids.push(await ada.createTask("work"));
      await eve.createTask("work");
    }
    const seen: unknown[] = [];
    let cursor: unknown;
    let pages = 0;
    do {
      const { result } = await ada.request("tasks/list", cursor === undefined ? {} : { cursor });
      for (const task of result.tasks as Json[]) {
        assertEquals(task, (await ada.request("tasks/get", { taskId: task.taskId })).result);
        seen.push(task.taskId);
      }
      cursor = result.nextCursor;
      pages++;
    } while (cursor !== undefined && pages < 10);
    assertEquals(seen, ids.toReversed());
  },
);

verifies("T25-077", "a cursor that this list did not give is -32602", async () => {
  const { legacy, unchanged } = withGate({ pageSize: 1 });
  const ada = await legacy(user("ada"));
  const eve = await legacy(user("eve"));
  for (let i = 0; i < 3; i++) {
    await ada.createTask("work");
    await eve.createTask("work");
  }
  const cursor = String((await ada.request("tasks/list")).result.nextCursor);
  const [body = "", mac = ""] = cursor.split(".");
  const flipped = (text: string) => (text[0] === "A" ? "B" : "A") + text.slice(1);
  const bad: unknown[] = [
    "",
    "x",
    ".",
    `${flipped(body)}.${mac}`,
    `${body}.${flipped(mac)}`,
    `${cursor}.`,
    body,
    `${cursor}x`,
    "x".repeat(2048),
    "x".repeat(10_240),
    "\ud800",
    7,
    null,
    {},
  ];
  for (const value of bad) {
    const { error } = await unchanged(() => ada.request("tasks/list", { cursor: value }));
    assertEquals([error.code, error.message.includes("cursor")], [-32602, true], error.message);
  }
  assertEquals((await unchanged(() => eve.request("tasks/list", { cursor }))).error.code, -32602);
  assertEquals((await unchanged(() => ada.request("tools/list", { cursor }))).error.code, -32602);
  assertEquals((await ada.request("tasks/list", { cursor })).result.tasks !== undefined, true);
});

verifies("T25-108", "a task outlives its session: a new one of the owner finds it", async () => {
  const { legacy, runs } = withGate();
  const first = await legacy(user("ada"));
  const taskId = await first.createTask("work");
  await first.bare("DELETE");
  await runs[0]!.finish("the result");
  const second = await legacy(user("ada"));
  assertEquals((await second.request("tasks/get", { taskId })).result.status, "completed");
  assertEquals((await second.request("tasks/result", { taskId })).result.content, [{
    type: "text",
    text: "the result",
  }]);
});

Deno.test("a task is gone for every method once its ttl has passed", async () => {
  const { legacy, runtime } = withGate();
  const client = await legacy(user("ada"));
  const taskId = await client.createTask("work", undefined, { task: { ttl: 5000 } });
  runtime.jumpWallClock(4999);
  assertEquals((await client.request("tasks/get", { taskId })).result.status, "working");
  runtime.jumpWallClock(1);
  for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
    assertEquals((await client.request(method, { taskId })).error.data, { reason: "not_found" });
  }
  assertEquals((await client.request("tasks/list")).result.tasks, []);
});
