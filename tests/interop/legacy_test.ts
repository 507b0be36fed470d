import { assertEquals, assertFalse, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { as, BIG_LENGTH, startFixture } from "./fixture.ts";
import { LegacyClient, type Progress, type Task } from "./legacy_client.ts";

Deno.test("2025 client creates a task, polls it and gets its result", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  assertEquals(client.protocolVersion, "2025-11-25");
  assertEquals((await client.listTools()).gated, "optional");
  const created = await client.createTask("gated", { key: "a" });
  assertEquals(created.status, "working");
  assertEquals((await client.getTask(created.taskId)).status, "working");
  server.open("a");
  assertEquals((await client.waitForTask(created.taskId)).status, "completed");
  const result = await client.getTaskResult(created.taskId);
  assertEquals(result.content, [{ type: "text", text: "through a" }]);
  assertEquals(result._meta?.["io.modelcontextprotocol/related-task"], { taskId: created.taskId });
  await client.endSession();
});

Deno.test("2025 client is blocked in tasks/result until the task ends", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const { taskId } = await client.createTask("gated", { key: "a" });
  const result = client.getTaskResult(taskId);
  assertEquals((await client.getTask(taskId)).status, "working");
  server.open("a");
  assertEquals((await result).content, [{ type: "text", text: "through a" }]);
  await client.endSession();
});

Deno.test("2025 client drives a task its own way", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const statuses: string[] = [];
  const result = await client.runTask("double", { number: 21 }, {
    onTask: (task) => statuses.push(task.status),
  });
  assertEquals(result.content, [{ type: "text", text: "42" }]);
  assertEquals(statuses[0], "working");
  assertEquals(statuses.at(-1), "completed");
  await client.endSession();
});

Deno.test("2025 client cancels a running task", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const { taskId } = await client.createTask("gated", { key: "a" });
  const blocked = assertRejects(() => client.getTaskResult(taskId));
  assertEquals((await client.cancelTask(taskId)).status, "cancelled");
  assertEquals(await server.aborted("a"), "cancelled");
  await blocked;
  assertEquals((await client.getTask(taskId)).status, "cancelled");
  assertMatch(String(await assertRejects(() => client.cancelTask(taskId))), /-32602/);
  server.open("a");
  await client.endSession();
});

Deno.test("2025 client is told when a task ends", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const ended = Promise.withResolvers<Task>();
  client.onTaskStatus((task) => task.status === "completed" && ended.resolve(task));
  const { taskId } = await client.createTask("gated", { key: "a" });
  server.open("a");
  assertEquals((await ended.promise).taskId, taskId);
  await client.endSession();
});

Deno.test("2025 client lists its tasks and no others", async () => {
  await using server = startFixture();
  const ada = await LegacyClient.connect(server.url, as("ada"));
  const bob = await LegacyClient.connect(server.url, as("bob"));
  const first = await ada.createTask("double", { number: 1 });
  const second = await ada.createTask("double", { number: 2 });
  const ids = (tasks: Task[]) => tasks.map((task) => task.taskId).sort();
  assertEquals(ids((await ada.listTasks()).tasks), [first.taskId, second.taskId].sort());
  assertEquals((await bob.listTasks()).tasks, []);
  const foreign = String(await assertRejects(() => bob.getTask(first.taskId)));
  const unknown = String(await assertRejects(() => bob.getTask("no-such-task")));
  assertEquals(foreign.replace(first.taskId, "*"), unknown.replace("no-such-task", "*"));
  await ada.endSession();
  await bob.endSession();
});

Deno.test("2025 client fetches a result in a new session", async () => {
  await using server = startFixture();
  const first = await LegacyClient.connect(server.url, as("ada"));
  const { taskId } = await first.createTask("gated", { key: "a" });
  await first.endSession();
  server.open("a");
  const second = await LegacyClient.connect(server.url, as("ada"));
  assertNotEquals(second.sessionId, first.sessionId);
  assertEquals((await second.getTaskResult(taskId)).content, [{ type: "text", text: "through a" }]);
  await second.endSession();
});

Deno.test("2025 client sees a tool's error as a failed task and gets the result that says why", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const { taskId } = await client.createTask("tool_error", {});
  const task = await client.waitForTask(taskId);
  assertEquals(task.status, "failed");
  assertMatch(task.statusMessage ?? "", /No paper in the printer/);
  const result = await client.getTaskResult(taskId);
  assertEquals(result.isError, true);
  assertEquals(result.content, [{ type: "text", text: "No paper in the printer" }]);
  await client.endSession();
});

Deno.test("2025 client gets a JSON-RPC error as the handler threw it", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const { taskId } = await client.createTask("protocol_error", {});
  assertEquals((await client.waitForTask(taskId)).status, "failed");
  const error = await assertRejects(() => client.getTaskResult(taskId));
  assertMatch(String(error), /-32602.*Not these parameters/);
  await client.endSession();
});

Deno.test("2025 client learns nothing of what a crashed handler said", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const { taskId } = await client.createTask("crash", {});
  const task = await client.waitForTask(taskId);
  assertEquals(task.status, "failed");
  const result = await client.getTaskResult(taskId);
  assertEquals(result.isError, true);
  assertFalse(JSON.stringify([task, result]).includes("hunter2"));
  await client.endSession();
});

Deno.test("2025 client gets a result of ten mebibytes", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const { content } = await client.runTask("big", {});
  assertEquals(content.map((item) => item.type === "text" && item.text.length), [BIG_LENGTH]);
  await client.endSession();
});

Deno.test("2025 client gets the progress of a plain call", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const seen: Progress[] = [];
  const result = await client.callTool("gated", { key: "a" }, {
    onProgress: (progress) => {
      seen.push(progress);
      server.open("a");
    },
  });
  assertEquals(result.content, [{ type: "text", text: "through a" }]);
  assertEquals(seen.map(({ progress, total }) => [progress, total]), [[1, 2], [2, 2]]);
  await client.endSession();
});

Deno.test("2025 client gets the progress of a task under the token of its call", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const finished = Promise.withResolvers<Progress>();
  const { taskId } = await client.createTask("gated", { key: "a" }, {
    onProgress: (step) => step.progress === 2 && finished.resolve(step),
  });
  const result = client.getTaskResult(taskId);
  await client.waitForTask(taskId, (task) => task.statusMessage !== undefined);
  server.open("a");
  assertEquals((await finished.promise).message, "through the gate");
  await result;
  await client.endSession();
});

Deno.test("2025 client answers the question of a plain call", async () => {
  await using server = startFixture();
  const asked: string[] = [];
  const client = await LegacyClient.connect(server.url, {
    ...as("ada"),
    onElicit: ({ message }) => {
      asked.push(message);
      return { action: "accept", content: { name: "Ada" } };
    },
  });
  const result = await client.callTool("ask_now", {});
  assertEquals(result.content, [{ type: "text", text: "Hello, Ada!" }]);
  assertEquals(asked, ["Your name?"]);
  await client.endSession();
});
