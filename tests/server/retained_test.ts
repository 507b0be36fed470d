import { assertEquals } from "@std/assert";
import { fromJsonSchema } from "../../mod.ts";
import { StorageUnavailableError } from "../../src/store/mod.ts";
import type { Answer } from "../support/http_client.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

const TTL_MS = 3_600_000;

/** A server whose tool returns a text as long as it is told, and whose calls are tasks. */
function withTexts(options: TestServerOptions): TestServer {
  const parts = createTestServer(options);
  parts.server.registerTool("text", {
    inputSchema: fromJsonSchema<{ readonly length: number }>({
      type: "object",
      properties: { length: { type: "number" } },
    }),
    task: { support: "required" },
  }, ({ length = 1 }) => "x".repeat(length));
  return parts;
}

function refusalOf({ status, error }: Answer): unknown[] {
  return [status, error?.code, error?.data];
}

function limited(limit: string, retryAfterMs: number): unknown[] {
  return [200, -32603, { reason: "limit", limit, retryAfterMs }];
}

Deno.test("retainedTasks counts tasks until they expire, ended or not, in both revisions", async () => {
  const { modern, legacy, unchanged, runtime } = withTexts({
    limits: { retainedTasks: 3 },
    ttlMs: TTL_MS,
  });
  const client = modern(user("ada"));
  const old = await legacy(user("ada"));
  await client.createTask("text");
  await runtime.advance(60_000);
  await old.createTask("text");
  await client.createTask("text");
  for (const call of [() => client.call("text"), () => old.call("text", undefined, { task: {} })]) {
    assertEquals(refusalOf(await unchanged(call)), limited("retainedTasks", TTL_MS - 60_000));
  }
  await modern(user("eve")).createTask("text");
  await runtime.advance(TTL_MS - 60_000);
  await client.createTask("text");
  assertEquals((await client.call("text")).error.data?.limit, "retainedTasks");
});

Deno.test("retainedTasks does not count tasks that were not made", async () => {
  const { modern, backend, runtime } = withTexts({ limits: { retainedTasks: 2, createsPerMinute: 5 } });
  const client = modern(user("ada"));
  backend.beforePut = ({ key }) => {
    if (key.kind === "task") throw new StorageUnavailableError("The engine is away");
  };
  for (let i = 0; i < 2; i++) {
    const { error } = await runtime.drive(client.call("text"));
    assertEquals(error.data?.reason, "store_unavailable");
  }

  backend.beforePut = () => {};
  await client.createTask("text");
  await client.createTask("text");
  // What this limit refuses is no creation either.
  for (let i = 0; i < 5; i++) assertEquals((await client.call("text")).error.data?.limit, "retainedTasks");
});

Deno.test("retainedBytes refuses further tasks of who keeps as much, and cuts nothing off", async () => {
  const { modern, unchanged, runtime } = withTexts({ limits: { retainedBytes: 100_000 }, ttlMs: TTL_MS });
  const client = modern(user("ada"));
  await client.createTask("text", { length: 60_000 });
  const taskId = await client.createTask("text", { length: 60_000 });
  const { result } = await client.request("tasks/get", { taskId });
  assertEquals(result.result, {
    resultType: "complete",
    content: [{ type: "text", text: "x".repeat(60_000) }],
  });
  assertEquals(refusalOf(await unchanged(() => client.call("text"))), limited("retainedBytes", TTL_MS));
  await modern(user("eve")).createTask("text");
  await runtime.advance(TTL_MS);
  await client.createTask("text");
});

Deno.test("retainedBytes counts a value that is replaced once", async () => {
  const { server, modern } = createTestServer({ limits: { retainedBytes: 100_000 } });
  server.registerTool("rewrite", { task: { support: "required" } }, async (_args, ctx) => {
    for (let i = 0; i < 12; i++) await ctx.variables.set("draft", `${i} `.padEnd(20_000, "x"));
    return "written";
  });
  const client = modern(user("ada"));
  for (let i = 0; i < 3; i++) {
    const taskId = await client.createTask("rewrite");
    assertEquals((await client.request("tasks/get", { taskId })).result.status, "completed");
  }
});

Deno.test("anonymous callers share what they may keep", async () => {
  const { modern, unchanged } = withTexts({
    allowAnonymous: true,
    limits: { anonymousRetained: 3, anonymousRetainedBytes: 1_000_000, retainedTasks: 1, retainedBytes: 1 },
    ttlMs: TTL_MS,
  });
  for (let i = 0; i < 3; i++) await modern(undefined).createTask("text");
  assertEquals(
    refusalOf(await unchanged(() => modern(undefined).call("text"))),
    limited("anonymousRetained", TTL_MS),
  );
  await modern(user("ada")).createTask("text");
});

Deno.test("anonymous callers share the bytes they may keep", async () => {
  const { modern, unchanged } = withTexts({
    allowAnonymous: true,
    limits: { anonymousRetainedBytes: 100_000, retainedBytes: 1 },
    ttlMs: TTL_MS,
  });
  for (let i = 0; i < 2; i++) await modern(undefined).createTask("text", { length: 60_000 });
  assertEquals(
    refusalOf(await unchanged(() => modern(undefined).call("text"))),
    limited("anonymousRetainedBytes", TTL_MS),
  );
});

Deno.test("a slow call stays inline when its owner may keep no further task", async () => {
  const { server, modern, runtime } = withTexts({ limits: { retainedTasks: 1 } });
  let finish = (_text: string) => {};
  server.registerTool(
    "slow",
    { task: { support: "optional" } },
    () => new Promise((resolve) => finish = resolve),
  );
  const client = modern(user("ada"));
  await client.createTask("text");
  const call = client.call("slow");
  await runtime.advance(2000);
  finish("inline");
  assertEquals((await call).result.content, [{ type: "text", text: "inline" }]);
});
