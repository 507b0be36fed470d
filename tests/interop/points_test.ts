/**
 * What published clients do that a server has to cope with, one by one.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { as, type Fixture, startFixture } from "./fixture.ts";
import { LegacyClient } from "./legacy_client.ts";
import { ModernClient } from "./modern_client.ts";
import { createRawDispatch } from "./raw_dispatch.ts";

type Json = Record<string, unknown>;

const PREFIX = "io.modelcontextprotocol/";
const EXTENSION = "io.modelcontextprotocol/tasks";

/** `_meta` of a request, by what its client can do. */
function metaOf(capabilities: Json = { extensions: { [EXTENSION]: {} } }): Json {
  return { [`${PREFIX}protocolVersion`]: "2026-07-28", [`${PREFIX}clientCapabilities`]: capabilities };
}

/** Sends one request as ext-tasks does. */
async function dispatch(server: Fixture, method: string, params: Json): Promise<Json> {
  const send = createRawDispatch(server.url, as("ada"));
  return await send({ method, params: { _meta: metaOf(), ...params } } as never) as unknown as Json;
}

async function errorOf(server: Fixture, method: string, params: Json): Promise<unknown> {
  return ((await dispatch(server, method, params)).error as Json | undefined)?.code;
}

for (const era of ["2025-11-25", "2026-07-28"] as const) {
  Deno.test(`ext-tasks (${era}) cancels what it still drives when its host exits, and is obeyed at once`, async () => {
    await using server = startFixture();
    const client = await ModernClient.connect(server.url, { ...as("ada"), era });
    const execution = await client.start("gated_task", { key: "a" });
    assert(execution.kind === "task");
    const { taskId } = execution.handle;
    const outcome = execution.result().catch((error) => error);
    await client.close();
    assertEquals(await server.aborted("a"), "cancelled");
    await outcome;
    const later = await ModernClient.connect(server.url, { ...as("ada"), era });
    assertEquals((await later.task(taskId).snapshot()).status, "cancelled");
    server.open("a");
    await later.close();
  });

  Deno.test(`ext-tasks (${era}) cancels at its close even what it was told to let go of`, async () => {
    await using server = startFixture();
    const client = await ModernClient.connect(server.url, { ...as("ada"), era });
    const execution = await client.start("gated_task", { key: "a" });
    await execution.detach();
    await client.close();
    assertEquals(await server.aborted("a"), "cancelled");
    server.open("a");
  });

  Deno.test(`ext-tasks (${era}) leaves its tasks alone where its host only drops the connection`, async () => {
    await using server = startFixture();
    const client = await ModernClient.connect(server.url, { ...as("ada"), era });
    const execution = await client.start("gated_task", { key: "a" });
    assert(execution.kind === "task");
    const { taskId } = execution.handle;
    await execution.detach();
    await client.leave();
    const later = await ModernClient.connect(server.url, { ...as("ada"), era });
    const { status } = await later.task(taskId).snapshot();
    server.open("a");
    await later.close();
    assertEquals(status, "working");
  });

  Deno.test(`ext-tasks (${era}) gets every outcome of a task that is always one`, async () => {
    await using server = startFixture();
    const client = await ModernClient.connect(server.url, { ...as("ada"), era });
    const done = await client.run("double", { number: 4 });
    assert(done.status === "completed");
    assertEquals(done.result.content, [{ type: "text", text: "8" }]);
    const refused = await client.run("protocol_error", {});
    assert(refused.status === "failed");
    assertMatch(refused.error.message, /Not these parameters/);
    await client.close();
  });
}

Deno.test("a client that sends Mcp-Name twice, as ext-tasks and its host do together, is served", async () => {
  await using server = startFixture();
  const { result } = await dispatch(server, "tools/call", { name: "double", arguments: { number: 1 } });
  const { taskId } = result as { taskId: string };
  const headers = new Headers({
    ...as("ada").headers,
    "content-type": "application/json",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tasks/get",
  });
  headers.append("mcp-name", taskId);
  headers.append("Mcp-Name", taskId);
  assertEquals(headers.get("mcp-name"), `${taskId}, ${taskId}`);
  const params = { taskId, _meta: metaOf() };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/get", params });
  const response = await fetch(server.url, { method: "POST", headers, body });
  assertEquals([response.status, (await response.json()).result.taskId], [200, taskId]);
});

Deno.test("clients of 2026-07-28 get the numbers that they look for", async () => {
  await using server = startFixture();
  const { result } = await dispatch(server, "tools/call", { name: "double", arguments: { number: 1 } });
  const { taskId } = result as { taskId: string };
  const bare = { _meta: metaOf({}) };
  assertEquals(
    await errorOf(server, "tools/call", { name: "double", arguments: { number: 1 }, ...bare }),
    -32021,
  );
  assertEquals(await errorOf(server, "tasks/get", { taskId, ...bare }), -32021);
  assertEquals(await errorOf(server, "tasks/get", { taskId: "no-such-task" }), -32602);
  assertEquals(await errorOf(server, "tasks/result", { taskId }), -32601);
  assertEquals(await errorOf(server, "tasks/list", {}), -32601);
  const client = await ModernClient.connect(server.url, as("ada"));
  await client.run("double", { number: 1 });
  const cancelled = await dispatch(server, "tasks/cancel", { taskId });
  const { _meta, ...acknowledged } = cancelled.result as Json;
  assertEquals(acknowledged, { resultType: "complete" });
  await client.close();
});

Deno.test("a completed 2026-07-28 task shows its result in the form that ext-tasks demands", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, as("ada"));
  const { taskId } = (await dispatch(server, "tools/call", { name: "double", arguments: { number: 4 } }))
    .result as { taskId: string };
  const execution = await client.resume({
    endpointId: server.url,
    generation: "v2",
    taskId: taskId as never,
    originalOperation: "tools/call",
  });
  assertEquals(execution.status, "completed");
  const { result } = await dispatch(server, "tasks/get", { taskId });
  assertEquals((result as { result: Json }).result.resultType, "complete");
  await client.close();
});

Deno.test("the 2025 client never fetches the result of a failed task, so the status says why, or it is no failure", async () => {
  await using server = startFixture();
  const client = await LegacyClient.connect(server.url, as("ada"));
  const lost = await assertRejects(() => client.runTask("tool_error", {}));
  assertMatch(String(lost), /failed/);
  const { taskId } = await client.createTask("tool_error", {});
  assertEquals((await client.waitForTask(taskId)).statusMessage, "No paper in the printer");
  await client.endSession();

  await using lenient = startFixture({ toolErrorStatus: "completed" });
  const other = await LegacyClient.connect(lenient.url, as("ada"));
  const result = await other.runTask("tool_error", {});
  assertEquals([result.isError, result.content], [true, [{ type: "text", text: "No paper in the printer" }]]);
  await other.endSession();
});
