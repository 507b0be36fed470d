import { assertEquals } from "@std/assert";
import { z } from "zod";
import { elicit, ProtocolError, ToolError } from "../../mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const ALL = { "extensions": { "io.modelcontextprotocol/tasks": {} }, "elicitation": { form: {}, url: {} } };
const SERVER_META = { "io.modelcontextprotocol/serverInfo": { name: "test", version: "1.0.0" } };

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  parts.server.registerTool(
    "work",
    { task: { support: "required", publicVariables: ["seen"] } },
    gate.handler,
  );
  parts.server.registerTool("asking", { task: { support: "required" } }, async (_, ctx) => {
    const { name, page } = await ctx.ask({ name: ask("Name?"), page: ask("Age?", "age") });
    const again = await ctx.ask({ name: ask("Sure?") });
    return JSON.stringify([name, page, again.name]);
  });
  return { ...parts, ...gate };
}

function ask(message: string, field = "name") {
  return elicit({ message, schema: z.object({ [field]: z.string() }) });
}

verifies(
  ["T26-047", "T26-048", "T26-054", "T26-035"],
  "tasks/get of a working task answers it to the letter, its public variables in _meta",
  async () => {
    const { modern, runs, runtime } = withGate();
    const client = modern(user("ada"));
    const taskId = await client.createTask("work");
    const task = {
      resultType: "complete",
      taskId,
      status: "working",
      createdAt: "2026-01-01T00:00:00.000Z",
      lastUpdatedAt: "2026-01-01T00:00:00.000Z",
      ttlMs: 3_600_000,
      pollIntervalMs: 1000,
    };
    assertEquals((await client.request("tasks/get", { taskId })).result, { ...task, _meta: SERVER_META });
    await runtime.advance(3000);
    await runs[0]!.ctx.variables.set("seen", 1);
    await runs[0]!.ctx.variables.set("hidden", 2);
    const { result } = await modern(user("ada")).request("tasks/get", { taskId });
    assertEquals(result._meta, { seen: 1, ...SERVER_META });
  },
);

verifies(
  ["T26-045", "T26-046", "T26-051", "T26-053", "T26-055"],
  "each end shows as result or error, as a plain call would have answered it",
  async () => {
    const { modern, runs } = withGate();
    const client = modern(user("ada"));
    type Run = typeof runs[number];
    const ends: [(run: Run) => Promise<void>, Json][] = [
      [(run) => run.finish("fine"), {
        status: "completed",
        result: { content: [{ type: "text", text: "fine" }], resultType: "complete" },
      }],
      [(run) => run.finish({ content: [], structuredContent: [1], _meta: { own: 1 } }), {
        status: "completed",
        result: { content: [], structuredContent: [1], _meta: { own: 1 }, resultType: "complete" },
      }],
      [(run) => run.fail(new ToolError("bad")), {
        status: "completed",
        statusMessage: "bad",
        result: { content: [{ type: "text", text: "bad" }], isError: true, resultType: "complete" },
      }],
      [(run) => run.fail(new ProtocolError(-32000, "refused", { why: 1 })), {
        status: "failed",
        statusMessage: "refused",
        error: { code: -32000, message: "refused", data: { why: 1 } },
      }],
    ];
    for (const [end, expected] of ends) {
      const taskId = await client.createTask("work");
      await end(runs.at(-1)!);
      const { result } = await client.request("tasks/get", { taskId });
      const { status, statusMessage, result: outcome, error } = result;
      const shown = { status, statusMessage, result: outcome, error };
      assertEquals(JSON.parse(JSON.stringify(shown)), expected);
      assertEquals((await client.request("tasks/cancel", { taskId })).result, {
        resultType: "complete",
        _meta: SERVER_META,
      });
      assertEquals(
        (await client.request("tasks/get", { taskId })).result,
        result,
        "cancelling changes nothing",
      );
    }
  },
);

verifies(["T26-081", "T26-082", "T26-052", "lib-I5"], "tasks/cancel is acknowledged and holds", async () => {
  const { modern, runs, unchanged } = withGate();
  const client = modern(user("ada"));
  const taskId = await client.createTask("work");
  const { result } = await client.request("tasks/cancel", { taskId });
  assertEquals(result, { resultType: "complete", _meta: SERVER_META });
  assertEquals(runs[0]!.ctx.signal.aborted, true);
  const task = (await client.request("tasks/get", { taskId })).result;
  assertEquals([task.status, "result" in task, "error" in task], ["cancelled", false, false]);
  await unchanged(() => client.request("tasks/cancel", { taskId }));
  await unchanged(() =>
    client.request("tasks/update", { taskId, inputResponses: { x: { action: "cancel" } } })
  );
});

verifies(
  ["T26-007", "T26-012"],
  "task methods without the extension are -32021 ahead of everything else",
  async () => {
    const { modern, unchanged } = withGate();
    const client = modern(user("ada"));
    const taskId = await client.createTask("work");
    const capabilities = {};
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      for (const params of [{ taskId }, { taskId: "nobody" }, { taskId: {} }, {}]) {
        const { status, error } = await unchanged(() => client.request(method, params, { capabilities }));
        assertEquals([status, error.code], [400, -32021], `${method} ${JSON.stringify(params)}`);
      }
    }
  },
);

verifies(
  "T26-016",
  "tasks of 2025-11-25 are open to clients that declare its capability, others are not",
  async () => {
    const { legacy, modern, runs } = withGate();
    const old = await legacy(user("ada"));
    const taskId = await old.createTask("work");
    const client = modern(user("ada"));
    const newer = await client.createTask("work");
    const capabilities = { tasks: {} };
    assertEquals((await client.request("tasks/get", { taskId }, { capabilities })).result.status, "working");
    for (const id of [newer, "nobody"]) {
      for (const method of ["tasks/get", "tasks/cancel"]) {
        assertEquals((await client.request(method, { taskId: id }, { capabilities })).error.code, -32021);
      }
    }
    const foreign = await modern(user("eve")).request("tasks/get", { taskId }, { capabilities });
    assertEquals(foreign.error.code, -32021);
    const update = await client.request("tasks/update", { taskId, inputResponses: {} }, { capabilities });
    assertEquals(update.error.code, -32021);
    assertEquals((await client.request("tasks/cancel", { taskId }, { capabilities })).status, 200);
    assertEquals(runs[0]!.ctx.signal.aborted, true);
  },
);

Deno.test("every task of an owner is readable in both revisions, and listed in the older one", async () => {
  const { legacy, modern, runs } = withGate();
  const old = await legacy(user("ada"));
  const client = modern(user("ada"));
  const ids = [await old.createTask("work"), await client.createTask("work")];
  await runs[0]!.fail(new ToolError("bad"));
  await runs[1]!.fail(new ToolError("bad"));
  for (const taskId of ids) {
    assertEquals((await old.request("tasks/get", { taskId })).result.status, "failed");
    assertEquals((await client.request("tasks/get", { taskId })).result.status, "completed");
    assertEquals((await old.request("tasks/result", { taskId })).result.isError, true);
  }
  const { tasks } = (await old.request("tasks/list")).result;
  assertEquals((tasks as Json[]).map(({ taskId }) => taskId), ids.toReversed());
});

verifies(["T26-063", "T26-103"], "an id that names nothing is -32602 for every method", async () => {
  const { modern, unchanged } = withGate();
  const client = modern(user("ada"));
  for (const taskId of ["nobody", "a:b/c", "__proto__", "x".repeat(128), "../x"]) {
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      const { status, error } = await unchanged(() => client.request(method, { taskId, inputResponses: {} }));
      assertEquals([status, error.code, error.data], [200, -32602, { reason: "not_found" }], taskId);
    }
  }
  for (const taskId of ["", " ", "\ud800", "ä", "x".repeat(10_240), 7, null, {}, [], undefined]) {
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      const headers = { "mcp-name": "" };
      const named = typeof taskId === "string" && taskId !== "" && taskId.isWellFormed() &&
        taskId.length < 200;
      const { error } = await unchanged(() =>
        client.request(method, { taskId, inputResponses: {} }, named ? {} : { headers })
      );
      assertEquals([-32602, -32020].includes(error.code), true, JSON.stringify(error));
      assertEquals(/taskId|Mcp-Name/.test(error.message), true, error.message);
    }
  }
});

verifies(
  [
    "T26-049",
    "T26-050",
    "T26-065",
    "T26-066",
    "T26-067",
    "T26-073",
    "T26-074",
    "T26-273",
    "lib-I6",
    "lib-I15",
  ],
  "questions of a task are listed until they are answered, one by one",
  async () => {
    const { modern, unchanged } = withGate();
    const client = modern(user("ada"));
    const taskId = await client.createTask("asking", undefined, { capabilities: ALL });
    const asked = async () => {
      const { result } = await client.request("tasks/get", { taskId });
      return [result.status, Object.keys((result.inputRequests ?? {}) as Json)];
    };
    const update = (inputResponses: Json) => client.request("tasks/update", { taskId, inputResponses });
    assertEquals(await asked(), ["input_required", ["name", "page"]]);
    const { result } = await client.request("tasks/get", { taskId });
    assertEquals((result.inputRequests as Record<string, Json>).name, {
      method: "elicitation/create",
      params: {
        message: "Name?",
        requestedSchema: {
          type: "object",
          properties: { name: { type: "string" } },
          required: ["name"],
        },
      },
    });
    await unchanged(() => update({ nobody: { action: "cancel" }, __proto__: { action: "cancel" } }));
    await unchanged(() => update({}));
    const answer = { action: "accept", content: { name: "Ada" } };
    assertEquals((await update({ name: answer, nobody: { action: "cancel" } })).result, {
      resultType: "complete",
      _meta: SERVER_META,
    });
    assertEquals(await asked(), ["input_required", ["page"]]);
    await unchanged(() => update({ name: { action: "cancel" } }));
    await update({ page: { action: "decline" } });
    assertEquals(await asked(), ["input_required", ["name#2"]]);
    await unchanged(() => update({ name: answer, page: answer }));
    await update({ "name#2": { action: "cancel" } });
    const done = (await client.request("tasks/get", { taskId })).result;
    assertEquals([done.status, done.inputRequests], ["completed", undefined]);
    const [block] = (done.result as { content: { text: string }[] }).content;
    assertEquals(JSON.parse(block!.text), [answer, { action: "decline" }, { action: "cancel" }]);
  },
);

Deno.test("an answer that cannot be one is -32602 by name, and none of its update counts", async () => {
  const { modern, unchanged } = withGate();
  const client = modern(user("ada"));
  const taskId = await client.createTask("asking", undefined, { capabilities: ALL });
  const good = { action: "accept", content: { name: "Ada" } };
  const bad: unknown[] = [
    {},
    { action: "maybe" },
    { action: 7 },
    { action: "accept", content: [] },
    { action: "accept", content: { name: { deep: 1 } } },
    null,
    "x",
    [],
  ];
  for (const page of bad) {
    const { error } = await unchanged(() =>
      client.request("tasks/update", { taskId, inputResponses: { name: good, page } })
    );
    assertEquals(error.code, -32602, JSON.stringify(page));
  }
  for (const inputResponses of [undefined, null, [], "x", 7]) {
    const { error } = await unchanged(() => client.request("tasks/update", { taskId, inputResponses }));
    assertEquals([error.code, error.message.includes("inputResponses")], [-32602, true]);
  }
});

verifies(
  ["T26-079", "T26-131"],
  "a kind of input the creating call did not declare is not asked for",
  async () => {
    const { modern } = withGate();
    const client = modern(user("ada"));
    const taskId = await client.createTask("asking");
    const { result } = await client.request("tasks/get", { taskId }, { capabilities: ALL });
    assertEquals([result.status, (result.error as Json).code], ["failed", -32021]);
  },
);

Deno.test("a task that waits for input is listed as such for 2025-11-25 clients, and can be cancelled", async () => {
  const { legacy, modern } = withGate();
  const taskId = await modern(user("ada")).createTask("asking", undefined, { capabilities: ALL });
  const old = await legacy(user("ada"));
  assertEquals(((await old.request("tasks/list")).result.tasks as Json[])[0]?.status, "input_required");
  assertEquals((await old.request("tasks/cancel", { taskId })).result.status, "cancelled");
  const { result } = await modern(user("ada")).request("tasks/get", { taskId });
  assertEquals([result.status, result.inputRequests], ["cancelled", undefined]);
});
