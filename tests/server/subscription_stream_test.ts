import { assertEquals } from "@std/assert";
import { z } from "zod";
import type { ModernClient } from "../support/modern_client.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { assertValid2026, assertValidTasksExt } from "../support/official_schemas.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { readSse } from "../support/sse.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const ADA = user("ada");
const ID = "io.modelcontextprotocol/subscriptionId";
const KNOWN: Readonly<Record<string, (message: Json) => void>> = {
  "notifications/subscriptions/acknowledged": (m) =>
    assertValid2026("SubscriptionsAcknowledgedNotification", m),
  "notifications/tools/list_changed": (m) => assertValid2026("ToolListChangedNotification", m),
  "notifications/prompts/list_changed": (m) => assertValid2026("PromptListChangedNotification", m),
  "notifications/resources/list_changed": (m) => assertValid2026("ResourceListChangedNotification", m),
  "notifications/resources/updated": (m) => assertValid2026("ResourceUpdatedNotification", m),
  "notifications/tasks": (m) => assertValidTasksExt("TaskStatusNotification", m),
  "notifications/cancelled": (m) => assertValid2026("CancelledNotification", m),
};

function withAll(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  const { server } = parts;
  server.registerTool("work", { task: { support: "required" } }, gate.handler);
  server.registerPrompt("p", {}, () => "");
  server.registerResource("a", "test://a", {}, () => "");
  server.registerResource("row", "test://rows/{id}", {}, () => "");
  return { ...parts, ...gate };
}

function open(client: ModernClient, notifications: Json, id = "sub"): Promise<Response> {
  return client.send(id, "subscriptions/listen", { notifications });
}

/** Reads a subscription; every message is judged and carries its id. */
function reading(response: Response, id = "sub") {
  const reader = readSse(response);
  return {
    async next(): Promise<Json | undefined> {
      const message = await reader.nextMessage();
      if (message === undefined) return undefined;
      if (message.result !== undefined) {
        assertValid2026("SubscriptionsListenResult", message.result);
        assertEquals(message.id, id);
        return message;
      }
      KNOWN[String(message.method)]!(message);
      assertEquals(((message.params as Json)._meta as Json)[ID], id);
      return message;
    },
    stop: () => reader.stop(),
  };
}

/** Ends the server, and gives what came before that, without the acknowledgement. */
async function heard(parts: TestServer, response: Response): Promise<Json[]> {
  const stream = reading(response);
  assertEquals((await stream.next())?.method, "notifications/subscriptions/acknowledged");
  await settle();
  await parts.server.close();
  const messages: Json[] = [];
  for (let message = await stream.next(); message !== undefined; message = await stream.next()) {
    if (message.method === "notifications/cancelled") {
      assertEquals((await stream.next())?.id, "sub");
      assertEquals(await stream.next(), undefined);
      return messages;
    }
    messages.push(message);
  }
  throw new Error("The stream ended without an end");
}

verifies(
  ["T26-205", "T26-201", "T26-096"],
  "the acknowledgement names what is served, and nothing else",
  async () => {
    const parts = withAll();
    const eve = await parts.modern(user("eve")).createTask("work");
    const mine = await parts.modern(ADA).createTask("work");
    const filters: readonly [Json, Json][] = [
      [{}, {}],
      [{ toolsListChanged: false, promptsListChanged: false }, {}],
      [{ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }, {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
      }],
      [{ resourceSubscriptions: ["test://rows/7", "test://b", "../x", "test://rows/%2e%2e", "test://a"] }, {
        resourceSubscriptions: ["test://rows/7", "test://a"],
      }],
      [{ taskIds: [eve, mine, "nobody", mine] }, { taskIds: [mine] }],
      [{ taskIds: [] }, { taskIds: [] }],
      [{ later: true }, {}],
    ];
    for (const [wanted, agreed] of filters) {
      const stream = reading(await open(parts.modern(ADA), wanted));
      const params = (await stream.next())?.params as Json;
      assertEquals(params.notifications, agreed, JSON.stringify(wanted));
      await stream.stop();
    }
    const bare = createTestServer();
    bare.server.registerTool("only", {}, () => "");
    const everything = {
      promptsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: ["test://a"],
    };
    const stream = reading(await open(bare.modern(ADA), { ...everything, taskIds: [mine] }));
    assertEquals(((await stream.next())?.params as Json).notifications, { taskIds: [] });
    await stream.stop();
  },
);

Deno.test("a subscription that is malformed is -32602", async () => {
  const parts = withAll();
  const bad: unknown[] = [
    undefined,
    null,
    [],
    "tools",
    { toolsListChanged: "yes" },
    { resourceSubscriptions: "test://a" },
    { resourceSubscriptions: [7] },
    { resourceSubscriptions: [""] },
    { resourceSubscriptions: Array(1001).fill("test://a") },
    { taskIds: "x" },
    { taskIds: ["a b"] },
    { taskIds: [""] },
    { taskIds: Array(1001).fill("x") },
  ];
  for (const notifications of bad) {
    const response = await parts.modern(ADA).send("1", "subscriptions/listen", { notifications });
    assertEquals((await response.json()).error.code, -32602, JSON.stringify(notifications)?.slice(0, 80));
  }
});

verifies(
  ["T26-201", "T26-239", "T26-246", "T26-255"],
  "each change is told to those who asked for it",
  async () => {
    const changes = {
      tools: "toolsListChanged",
      prompts: "promptsListChanged",
      resources: "resourcesListChanged",
    };
    for (const [list, filter] of Object.entries(changes)) {
      const parts = withAll();
      const response = await open(parts.modern(ADA), { [filter]: true });
      parts.server.registerTool("new", {}, () => "");
      parts.server.registerPrompt("new", {}, () => "");
      parts.server.registerResource("new", "test://new", {}, () => "");
      parts.server.sendResourceUpdated("test://a");
      const messages = await heard(parts, response);
      assertEquals(messages.map(({ method }) => method), [`notifications/${list}/list_changed`]);
    }
  },
);

verifies(["T26-201", "T26-248"], "an update is told to those who subscribed to the resource", async () => {
  const parts = withAll();
  const response = await open(parts.modern(ADA), { resourceSubscriptions: ["test://a", "test://rows/7"] });
  for (const uri of ["test://rows/7", "test://rows/8", "test://b", "test://a"]) {
    parts.server.sendResourceUpdated(uri);
  }
  const messages = await heard(parts, response);
  assertEquals(messages.map(({ params }) => (params as Json).uri), ["test://rows/7", "test://a"]);
});

Deno.test("for a reader who is slow only the newest of everything waits", async () => {
  const parts = withAll();
  const taskId = await parts.modern(ADA).createTask("work");
  const response = await open(parts.modern(ADA), {
    taskIds: [taskId],
    toolsListChanged: true,
    resourceSubscriptions: ["test://a"],
  });
  for (let i = 0; i < 50; i++) {
    parts.runs[0]!.ctx.status(`at ${i}`);
    parts.server.sendListChanged("tools");
    parts.server.sendResourceUpdated("test://a");
    await parts.runtime.advance(1000);
  }
  await parts.runs[0]!.finish("done");
  const stream = reading(response);
  assertEquals((await stream.next())?.method, "notifications/subscriptions/acknowledged");
  const rest = [await stream.next(), await stream.next(), await stream.next()];
  assertEquals(rest.map((message) => message?.method), [
    "notifications/tasks",
    "notifications/tools/list_changed",
    "notifications/resources/updated",
  ]);
  assertEquals((rest[0]?.params as Json).status, "completed");
  await parts.server.close();
  assertEquals((await stream.next())?.method, "notifications/cancelled");
});

Deno.test("what did not change is not told again, however long the task goes on", async () => {
  const parts = withAll();
  const taskId = await parts.modern(ADA).createTask("work");
  const stream = reading(await open(parts.modern(ADA), { taskIds: [taskId] }));
  await stream.next();
  assertEquals(((await stream.next())?.params as Json).status, "working");
  await parts.runtime.advance(120_000); // polls and heartbeats
  await parts.runs[0]!.finish("done");
  assertEquals(((await stream.next())?.params as Json).status, "completed");
  await parts.runtime.advance(120_000);
  await parts.server.close();
  assertEquals((await stream.next())?.method, "notifications/cancelled");
});

Deno.test("a task that has ended is told once", async () => {
  const parts = withAll();
  const client = parts.modern(ADA);
  const taskId = await client.createTask("work");
  await client.request("tasks/cancel", { taskId });
  const messages = await heard(parts, await open(client, { taskIds: [taskId] }));
  assertEquals(messages.map(({ params }) => (params as Json).status), ["cancelled"]);
});

verifies(
  ["T26-092", "T26-094", "T26-208", "T26-266"],
  "a task's question is told whole, its progress and log messages are not",
  async () => {
    const parts = createTestServer();
    const schema = z.object({ ok: z.boolean() });
    parts.server.registerTool("asking", { task: { support: "required" } }, async (_, ctx) => {
      ctx.log("emergency", "unheard");
      const answer = await ctx.elicit("sure", { message: "Sure?", schema });
      await ctx.progress(1, 2, "unheard");
      return answer.action;
    });
    const client = parts.modern(ADA);
    const capabilities = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };
    const logged = { "io.modelcontextprotocol/logLevel": "debug", progressToken: "p" };
    const taskId = await client.createTask("asking", undefined, { capabilities, meta: logged });
    const response = await client.send("sub", "subscriptions/listen", {
      notifications: { taskIds: [taskId] },
    }, {
      meta: logged,
    });
    const stream = reading(response);
    await stream.next();
    const { _meta: _a, ...told } = (await stream.next())?.params as Json;
    const { _meta: _b, resultType: _c, ...read } = (await client.request("tasks/get", { taskId })).result;
    assertEquals(told, read);
    assertEquals([told.status, Object.keys(told.inputRequests as Json)], ["input_required", ["sure"]]);
    await client.request("tasks/update", {
      taskId,
      inputResponses: { sure: { action: "accept", content: { ok: true } } },
    });
    await parts.runtime.advance(1000);
    const statuses: unknown[] = [];
    while (statuses.at(-1) !== "completed") statuses.push(((await stream.next())?.params as Json).status);
    await stream.stop();
  },
);

verifies(
  ["T26-093", "T26-206", "T26-209", "T26-210"],
  "the id may be a number, and stands on every message to the end",
  async () => {
    const parts = withAll();
    const response = await open(parts.modern(ADA), { toolsListChanged: true }, 0 as unknown as string);
    const stream = reading(response, 0 as unknown as string);
    await stream.next();
    parts.server.sendListChanged("tools");
    assertEquals((await stream.next())?.method, "notifications/tools/list_changed");
    await parts.server.close();
    const cancelled = await stream.next();
    assertEquals([cancelled?.method, (cancelled?.params as Json).requestId], ["notifications/cancelled", 0]);
    const result = (await stream.next())?.result as Json;
    assertEquals([result.resultType, (result._meta as Json)[ID]], ["complete", 0]);
    assertEquals(await stream.next(), undefined);
  },
);

verifies(
  ["T26-212", "T26-207"],
  "a client that leaves is forgotten, and others are not disturbed",
  async () => {
    const parts = withAll();
    const taskId = await parts.modern(ADA).createTask("work");
    const [gone, here] = [
      reading(await open(parts.modern(ADA), { taskIds: [taskId] }, "gone"), "gone"),
      reading(await open(parts.modern(ADA), { taskIds: [taskId] })),
    ];
    await gone.next();
    await gone.stop();
    await here.next();
    await here.next();
    await parts.runs[0]!.finish("done");
    assertEquals(((await here.next())?.params as Json).status, "completed");
    await here.stop();
    await settle();
    await parts.runtime.advance(60_000);
    assertEquals(parts.events, []);
  },
);
