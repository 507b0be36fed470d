import { assertEquals, assertNotEquals } from "@std/assert";
import { z } from "zod";
import { createGate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

const KEY = "io.perdure/idempotencyKey";
const inputSchema = z.object({ n: z.number(), m: z.number().optional() });

function withJob(limits?: { readonly activeTasks: number }): TestServer & { readonly starts: () => number } {
  const parts = createTestServer({ limits });
  const gate = createGate();
  parts.server.registerTool("job", { inputSchema, task: { support: "required" } }, gate.handler);
  parts.server.registerTool("other", { inputSchema, task: { support: "optional" } }, gate.handler);
  return { ...parts, starts: () => gate.runs.length };
}

const keyed = (key: string) => ({ meta: { [KEY]: key } });

/** Keys that stand for a task. A key that was let go is a record that the engine may remove. */
function keysInUse({ backend }: TestServer): unknown[] {
  return backend.valuesOf("idem").filter(({ isReleased }) => !isReleased);
}

Deno.test("a call sent twice with one key makes one task, and starts one run", async () => {
  const { modern, starts } = withJob();
  const client = modern(user("ada"));
  const first = await client.createTask("job", { n: 1 }, keyed("k1"));
  const second = await client.createTask("job", { n: 1 }, keyed("k1"));
  assertEquals(second, first);
  assertEquals(starts(), 1);
});

Deno.test("arguments count as the same whatever the order of their members", async () => {
  const { modern } = withJob();
  const client = modern(user("ada"));
  const first = await client.createTask("job", { n: 1, m: 2 }, keyed("k"));
  assertEquals(await client.createTask("job", { m: 2, n: 1 }, keyed("k")), first);
});

Deno.test("twenty calls at once with one key make one task", async () => {
  const { modern, starts, runtime } = withJob();
  const client = modern(user("ada"));
  const calls = Array.from({ length: 20 }, () => client.createTask("job", { n: 1 }, keyed("k")));
  const ids = await runtime.drive(Promise.all(calls));
  assertEquals(new Set(ids).size, 1);
  assertEquals(starts(), 1);
});

Deno.test("one key with other arguments is -32602, and changes nothing", async () => {
  const { modern, unchanged } = withJob();
  const client = modern(user("ada"));
  await client.createTask("job", { n: 1 }, keyed("k1"));
  const { error } = await unchanged(() => client.call("job", { n: 2 }, keyed("k1")));
  assertEquals(error?.code, -32602);
  assertEquals(error?.data, { reason: "idempotency_conflict" });
});

Deno.test("keys of two owners, and of two tools, have nothing to do with each other", async () => {
  const { modern } = withJob();
  const ids = [
    await modern(user("ada")).createTask("job", { n: 1 }, keyed("k")),
    await modern(user("bob")).createTask("job", { n: 1 }, keyed("k")),
    await modern(user("ada")).createTask("other", { n: 1 }, keyed("k")),
  ];
  assertEquals(new Set(ids).size, 3);
});

Deno.test("a key serves both revisions", async () => {
  const { modern, legacy } = withJob();
  const session = await legacy(user("ada"));
  const params = { name: "job", arguments: { n: 1 }, task: {}, _meta: { [KEY]: "k" } };
  const { result } = await session.request("tools/call", params);
  const { taskId } = result.task as { readonly taskId: string };
  assertEquals(await modern(user("ada")).createTask("job", { n: 1 }, keyed("k")), taskId);
});

Deno.test("a task with a key lives longer than it may be created", async () => {
  const parts = createTestServer({ minTtlMs: 1000 });
  parts.server.registerTool("short", { task: { support: "required", ttlMs: 1000 } }, () => "done");
  const client = parts.modern(user("ada"));
  const { result } = await client.call("short", {}, keyed("k"));
  assertEquals(result.ttlMs, 15_000);
  assertEquals((await client.call("short")).result.ttlMs, 1000);
});

verifies("lib-I12", "a task with a key is not created after the time in which it may be", async () => {
  const { modern, backend, runtime } = withJob();
  const bounds: unknown[] = [];
  backend.beforePut = ({ key, notAfter }) => {
    bounds.push([key.kind, notAfter]);
    if (key.kind === "idem") runtime.jumpWallClock(4000);
  };
  const start = runtime.now();
  await modern(user("ada")).createTask("job", { n: 1 }, keyed("k"));
  assertEquals(bounds, [["idem", start + 10_000], ["task", start + 10_000]]);
});

Deno.test("a keyed call of an optional tool is a task at once", async () => {
  const { modern, starts } = withJob();
  const client = modern(user("ada"));
  const id = await client.createTask("other", { n: 1 }, keyed("k"));
  assertEquals(await client.createTask("other", { n: 1 }, keyed("k")), id);
  assertEquals(starts(), 1);
});

Deno.test("an anonymous caller cannot use a key: strangers could not be told apart", async () => {
  const parts = createTestServer({ allowAnonymous: true });
  parts.server.registerTool("job", { task: { support: "required" } }, () => "done");
  const { error } = await parts.unchanged(() => parts.modern(undefined).call("job", {}, keyed("k")));
  assertEquals(error?.data, { reason: "idempotency_anonymous" });
});

Deno.test("a key is free again when the limit refused its task", async () => {
  const parts = withJob({ activeTasks: 1 });
  const { modern } = parts;
  const client = modern(user("ada"));
  const first = await client.createTask("job", { n: 1 });
  const { error } = await client.call("job", { n: 2 }, keyed("k"));
  assertEquals((error?.data as { readonly reason: string }).reason, "limit");
  assertEquals(keysInUse(parts), []);
  await client.request("tasks/cancel", { taskId: first });
  assertNotEquals(await client.createTask("job", { n: 2 }, keyed("k")), first);
});

verifies("lib-I12", "a key whose task has been and gone makes a new task, never the old one", async () => {
  const { modern, runtime, server } = withJob();
  const client = modern(user("ada"));
  const first = await client.createTask("job", { n: 1 }, keyed("k"));
  await client.request("tasks/cancel", { taskId: first });
  await runtime.advance(3_600_001);
  await runtime.drive(server.recover());
  assertNotEquals(await client.createTask("job", { n: 1 }, keyed("k")), first);
});

verifies("lib-I11", "a key is let go with its task", async () => {
  const parts = withJob();
  const { modern, runtime, server, backend } = parts;
  const client = modern(user("ada"));
  await client.request("tasks/cancel", { taskId: await client.createTask("job", { n: 1 }, keyed("k")) });
  await runtime.advance(3_600_001);
  await runtime.drive(server.recover());
  assertEquals([keysInUse(parts), backend.idsOf("task")], [[], []]);
  await client.createTask("job", { n: 2 }, keyed("k"));
});

for (const key of ["", "x".repeat(129), "\ud800", 7, null, {}]) {
  Deno.test(`the key ${JSON.stringify(key)?.slice(0, 20)} is refused by its name`, async () => {
    const { modern, unchanged } = withJob();
    const client = modern(user("ada"));
    const { error } = await unchanged(() => client.call("job", { n: 1 }, { meta: { [KEY]: key } }));
    assertEquals(error?.code, -32602);
    assertEquals(error?.message.includes(KEY), true);
  });
}
