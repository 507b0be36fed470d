import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { as, BIG_LENGTH, startFixture } from "./fixture.ts";
import {
  ModernClient,
  type ProgressParams,
  type SerializedTaskReference,
  type ToolResult,
} from "./modern_client.ts";

Deno.test("2026 client creates a task, polls it and gets its result", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  assertEquals(client.protocolVersion, "2026-07-28");
  const statuses: string[] = [];
  const running = client.run("gated", { key: "a" }, {
    onTask: (task) => {
      statuses.push(task.status);
      server.open("a");
    },
  });
  const outcome = await running;
  assert(outcome.status === "completed");
  assertEquals(outcome.result.content, [{ type: "text", text: "through a" }]);
  assertEquals(statuses[0], "working");
  assertEquals(statuses.at(-1), "completed");
  await client.close();
});

Deno.test("2026 client cancels a running task", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  const execution = await client.start("gated", { key: "a" });
  assert(execution.kind === "task");
  await execution.cancel();
  assertEquals(await server.aborted("a"), "cancelled");
  assertEquals((await execution.result()).status, "cancelled");
  assertEquals((await client.task(execution.handle.taskId).snapshot()).status, "cancelled");
  server.open("a");
  await client.close();
});

Deno.test("2026 client takes a task up again in a new session", async () => {
  await using server = startFixture();
  const first = await ModernClient.connect(server.url, as("ada"));
  const execution = await first.start("gated", { key: "a" });
  assert(execution.kind === "task");
  let kept: SerializedTaskReference | undefined;
  await execution.handoff((reference) => {
    kept = reference;
  });
  server.open("a");
  const second = await ModernClient.connect(server.url, as("ada"));
  const outcome = await second.resume(kept!);
  assert(outcome.status === "completed");
  assertEquals(outcome.result.content, [{ type: "text", text: "through a" }]);
  await second.close();
  await first.close();
});

Deno.test("2026 client of another owner finds no such task", async () => {
  await using server = startFixture();
  const ada = await ModernClient.connect(server.url, as("ada"));
  const bob = await ModernClient.connect(server.url, as("bob"));
  const execution = await ada.start("gated", { key: "a" });
  assert(execution.kind === "task");
  const { taskId } = execution.handle;
  const foreign = await assertRejects(() => bob.task(taskId).snapshot(), Error);
  const unknown = await assertRejects(() => bob.task("no-such-task").snapshot(), Error);
  assertEquals(foreign.message.replace(taskId, "*"), unknown.message.replace("no-such-task", "*"));
  server.open("a");
  await execution.result();
  await ada.close();
  await bob.close();
});

Deno.test("2026 client sees a tool's error in a completed task", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  const outcome = await client.run("tool_error", {});
  assert(outcome.status === "completed");
  assertEquals(outcome.task?.status, "completed");
  assertEquals(outcome.result.isError, true);
  assertEquals(outcome.result.content, [{ type: "text", text: "No paper in the printer" }]);
  await client.close();
});

Deno.test("2026 client gets a JSON-RPC error as the handler threw it", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  const outcome = await client.run("protocol_error", {});
  assert(outcome.status === "failed");
  assertEquals([outcome.error.code, outcome.error.message], [-32602, "Not these parameters"]);
  await client.close();
});

Deno.test("2026 client learns nothing of what a crashed handler said", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  const outcome = await client.run("crash", {});
  assert(outcome.status === "completed");
  assertEquals(outcome.result.isError, true);
  assertFalse(JSON.stringify(outcome).includes("hunter2"));
  await client.close();
});

Deno.test("2026 client gets a result of ten mebibytes", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  const outcome = await client.run("big", {});
  assert(outcome.status === "completed");
  assertEquals(outcome.result.content.map((item) => item.text?.length), [BIG_LENGTH]);
  await client.close();
});

Deno.test("2026 client gets progress while the call is inline", async () => {
  await using server = startFixture();
  const seen: ProgressParams[] = [];
  const client = await ModernClient.connect(server.url, {
    ...as("ada"),
    onProgress: (progress) => seen.push(progress),
  });
  server.open("a");
  const outcome = await client.run("gated", { key: "a" }, { progressToken: "t" });
  assertEquals(outcome.status, "completed");
  assertEquals(seen[0]?.progress, 1);
  await client.close();
});

Deno.test("2026 client answers the question of a task", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, {
    ...as("ada"),
    onElicit: () => ({ action: "accept", content: { name: "Ada" } }),
  });
  const outcome = await client.run("ask", {});
  assert(outcome.status === "completed");
  assertEquals(outcome.result.content, [{ type: "text", text: "Hello, Ada!" }]);
  await client.close();
});

Deno.test("2026 client answers the question of a plain call in a second round", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, {
    ...as("ada"),
    onElicit: () => ({ action: "accept", content: { name: "Ada" } }),
  });
  const execution = await client.start("ask_now", {});
  assertEquals(execution.kind, "immediate");
  const outcome = await execution.result();
  assert(outcome.status === "completed");
  assertEquals((outcome.result as ToolResult).content, [{ type: "text", text: "Hello, Ada!" }]);
  await client.close();
});

Deno.test("ext-tasks under 2025-11-25 runs a task", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, {
    ...as("ada"),
    era: "2025-11-25",
  });
  const doubled = await client.run("double", { number: 21 });
  assert(doubled.status === "completed");
  assertEquals(doubled.result.content, [{ type: "text", text: "42" }]);
  await client.close();
});
