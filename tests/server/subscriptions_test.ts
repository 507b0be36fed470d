import { assertEquals } from "@std/assert";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { TASKS } from "../support/modern_client.ts";
import { assertValid2026, assertValidTasksExt } from "../support/official_schemas.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { readSse } from "../support/sse.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;
type Message = { readonly method?: string; readonly params: Json; readonly result?: Json };

const ID = "io.modelcontextprotocol/subscriptionId";

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "required" } }, gate.handler);
  return { ...parts, ...gate };
}

/** Listens as `subject`; every message is judged and carries the subscription's id. */
async function listen({ modern }: TestServer, subject: string, notifications: Json, id = "sub1") {
  const reader = readSse(await modern(user(subject)).send(id, "subscriptions/listen", { notifications }));
  return {
    async next(): Promise<Message | undefined> {
      const message = await reader.nextMessage() as Message | undefined;
      if (message === undefined) return undefined;
      if (message.method === "notifications/subscriptions/acknowledged") {
        assertValid2026("SubscriptionsAcknowledgedNotification", message);
      } else if (message.method === "notifications/tasks") {
        assertValidTasksExt("TaskStatusNotification", message);
      } else if (message.method === "notifications/tools/list_changed") {
        assertValid2026("ToolListChangedNotification", message);
      } else if (message.result !== undefined) {
        assertValid2026("SubscriptionsListenResult", message.result);
        return message;
      }
      if (message.method !== "notifications/cancelled") assertEquals((message.params._meta as Json)[ID], id);
      return message;
    },
    stop: () => reader.stop(),
  };
}

verifies(
  ["T26-201", "T26-202", "T26-203", "T26-206", "T26-093", "lib-I18"],
  "a subscription begins with its acknowledgement, and ends where tasks/get does",
  async () => {
    const parts = withGate();
    const client = parts.modern(user("ada"));
    const taskId = await client.createTask("work");
    const other = await client.createTask("work");
    const stream = await listen(parts, "ada", { taskIds: [taskId] });
    assertEquals((await stream.next())?.params.notifications, { taskIds: [taskId] });
    const first = await stream.next();
    assertEquals([first?.method, first?.params.taskId, first?.params.status], [
      "notifications/tasks",
      taskId,
      "working",
    ]);
    await parts.runs[1]!.finish("unheard");
    await parts.runs[0]!.finish("heard");
    const last = await stream.next();
    const { _meta: _a, ...notified } = last!.params;
    const { _meta: _b, resultType: _c, ...read } = (await client.request("tasks/get", { taskId })).result;
    assertEquals(notified, read);
    assertEquals(other === taskId, false);
    await stream.stop();
  },
);

Deno.test("the tasks of a subscription are read together, and one that cannot be read hides no other", async () => {
  const parts = withGate({ limits: { activeTasks: 300, createsPerMinute: 1000 } });
  const client = parts.modern(user("ada"));
  const taskIds: string[] = [];
  for (let i = 0; i < 250; i++) taskIds.push(await client.createTask("work"));
  const broken = parts.backend.keys().find(({ id }) => id === taskIds[7])!;
  const [{ version } = { version: "" }] = await parts.backend.get([broken]);
  await parts.backend.put({ key: broken, value: new TextEncoder().encode("{}") }, { version });
  const sizes: number[] = [];
  const get = parts.backend.get.bind(parts.backend);
  parts.backend.get = (keys) => (sizes.push(keys.length), get(keys));
  const stream = await listen(parts, "ada", { taskIds });
  assertEquals((await stream.next())?.params.notifications, {
    taskIds: taskIds.filter((id) => id !== taskIds[7]),
  });
  assertEquals(sizes.filter((size) => size > 1), [100, 100, 50]);
  assertEquals(parts.events.map(({ type, taskId }) => [type, taskId]), [["record_undecodable", taskIds[7]]]);
  await stream.stop();
});

verifies(
  ["T26-096", "lib-I9"],
  "foreign, unknown and expired tasks are left out alike, and never heard of",
  async () => {
    const parts = withGate();
    const ada = parts.modern(user("ada"));
    const taskId = await ada.createTask("work");
    const stream = await listen(parts, "eve", { taskIds: [taskId, "nobody"] });
    assertEquals((await stream.next())?.params.notifications, { taskIds: [] });
    await parts.runs[0]!.finish("secret");
    await settle();
    await parts.server.close();
    assertEquals((await stream.next())?.method, "notifications/cancelled");
  },
);

verifies("T26-201", "a changed tool list is told to those who asked, and to nobody else", async () => {
  const parts = withGate();
  const asked = await listen(parts, "ada", { toolsListChanged: true }, "asked");
  const silent = [
    await listen(parts, "ada", {}, "s1"),
    await listen(parts, "eve", { toolsListChanged: false }, "s2"),
  ];
  for (const stream of [asked, ...silent]) await stream.next();
  parts.server.registerTool("late", {}, () => "");
  assertEquals((await asked.next())?.method, "notifications/tools/list_changed");
  await parts.server.close();
  for (const stream of silent) assertEquals((await stream.next())?.method, "notifications/cancelled");
});

verifies(
  "T26-008",
  "listening for tasks without the extension is -32021, however malformed they are",
  async () => {
    const { modern, unchanged } = withGate();
    const send = (taskIds: unknown, capabilities: Json) => {
      const params = { notifications: { taskIds } };
      return unchanged(() => modern(user("ada")).send("1", "subscriptions/listen", params, { capabilities }));
    };
    for (const taskIds of [["x"], [], "x", null, [7], ["é"]]) {
      const response = await send(taskIds, {});
      assertEquals([response.status, (await response.json()).error.code], [400, -32021]);
    }
    const response = await send("x", TASKS);
    assertEquals([response.status, (await response.json()).error.code], [200, -32602]);
  },
);

verifies(
  ["T26-210", "T26-211"],
  "a server that closes tells its subscribers, and ends the stream",
  async () => {
    const parts = withGate();
    const stream = await listen(parts, "ada", { toolsListChanged: true }, "s9");
    assertEquals((await stream.next())?.params.notifications, { toolsListChanged: true });
    await parts.server.close();
    const cancelled = await stream.next();
    assertEquals([cancelled?.method, cancelled?.params.requestId], ["notifications/cancelled", "s9"]);
    assertEquals((await stream.next())?.result?.resultType, "complete");
    assertEquals(await stream.next(), undefined);
  },
);

Deno.test("subscriptions of one owner are limited", async () => {
  const parts = withGate({ limits: { streams: 1 } });
  const open = await listen(parts, "ada", {});
  await open.next();
  const params = { notifications: {} };
  const refused = await parts.modern(user("ada")).send("2", "subscriptions/listen", params);
  assertEquals((await refused.json()).error.data, { reason: "limit", limit: "streams", retryAfterMs: 1000 });
  const other = await listen(parts, "eve", {});
  await open.stop();
  await settle();
  const again = await listen(parts, "ada", {});
  assertEquals((await again.next())?.method, "notifications/subscriptions/acknowledged");
  for (const stream of [other, again]) await stream.stop();
});
