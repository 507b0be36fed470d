import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { elicit, type TaskContext, type TaskHead } from "../../mod.ts";
import { scopeContext } from "../../src/execution/mod.ts";
import { TASKS } from "../support/modern_client.ts";
import { createTestServer, user } from "../support/test_server.ts";
import { settle } from "../support/settle.ts";

const ADA = user("ada");

/** Runs `work` as a task of a tool, and gives what is stored of it. */
async function inTask(work: (ctx: TaskContext) => Promise<unknown>): Promise<TaskHead> {
  const { server, modern } = createTestServer();
  server.registerTool("work", { task: { support: "required" } }, async (_, ctx) => String(await work(ctx)));
  const id = await modern(ADA).createTask("work");
  await settle();
  return await (await server.tasks.open(ADA, id)).get();
}

Deno.test("scopeContext() records behind the part's name, and counts names in each part", async () => {
  const task = await inTask(async (ctx) => {
    const one = await scopeContext(ctx, { name: "one" });
    const two = await scopeContext(ctx, { name: "two" });
    const inner = await scopeContext(one, { name: "#x" });
    for (const part of [ctx, one, two, inner]) {
      await part.step("s", () => 1);
      await part.step("s", () => 2);
    }
    await one.sleep("nap", 0);
  });
  assertEquals(task.status, "completed");
  assertEquals(task.journal.entries.map(({ key }) => key), [
    "s",
    "s#2",
    "one/s",
    "one/s#2",
    "two/s",
    "two/s#2",
    "one/#x/s",
    "one/#x/s#2",
    "one/nap",
  ]);
});

Deno.test("scopeContext() has an idempotency key per part, and shares the variables", async () => {
  const keys: string[] = [];
  await inTask(async (ctx) => {
    const one = await scopeContext(ctx, { name: "one" });
    const same = await scopeContext(ctx, { name: "one", prepared: { a: 1 } });
    const two = await scopeContext(ctx, { name: "two" });
    const unnamed = await scopeContext(one, { prepared: 7 });
    keys.push(...[ctx, one, same, two, unnamed].map(({ idempotencyKey }) => idempotencyKey));
    assertEquals([one.prepared, same.prepared, unnamed.prepared], [undefined, { a: 1 }, 7]);
    await one.variables.set("v", 1);
    assertEquals(await two.variables.get("v"), 1);
    await unnamed.step("s", () => 1);
    assertEquals([two.taskId, two.attempt, two.auth, two.isTask], [ctx.taskId, 1, { subject: "ada" }, true]);
    await assertRejects(() => one.step("a#b", () => 1), TypeError);
    await assertRejects(() => one.step("x".repeat(129), () => 1), TypeError);
  });
  const [root, one, same, two, unnamed] = keys;
  assertEquals([same, unnamed], [one, one]);
  assertEquals(new Set([root, one, two]).size, 3);
  assertEquals(one?.length, root?.length);
  assertNotEquals(one, two);
});

Deno.test("scopeContext() turns a part's progress into that of the whole", async () => {
  const { server, modern } = createTestServer();
  server.registerTool("work", {}, async (_, ctx) => {
    const outer = await scopeContext(ctx, {
      name: "outer",
      toProgress: ({ progress, total = 1, message }) => ({
        progress: 1 + progress / total,
        total: 2,
        message,
      }),
    });
    const inner = await scopeContext(outer, {
      name: "inner",
      toProgress: ({ progress, total }) => ({ progress: progress / 10, total, message: "inner" }),
    });
    await ctx.progress(1, 2, "whole");
    await inner.progress(5, 1);
    await outer.progress(1, 1, "outer");
    return "";
  });
  const { sent } = await modern(ADA).call("work", undefined, { meta: { progressToken: "p" } });
  assertEquals(sent.map(({ params }) => params), [
    { progressToken: "p", progress: 1, total: 2, message: "whole" },
    { progressToken: "p", progress: 1.5, total: 2, message: "inner" },
    { progressToken: "p", progress: 2, total: 2, message: "outer" },
  ]);
});

Deno.test("scopeContext() lets questions wait as long as the part says", async () => {
  const { server, modern, runtime } = createTestServer();
  server.registerTool("work", { task: { support: "required" } }, async (_, ctx) => {
    const part = await scopeContext(ctx, { name: "one", inputTimeoutMs: 5000 });
    const question = { message: "?", schema: z.object({ ok: z.boolean() }) };
    await part.ask({ short: elicit(question), long: elicit(question, { timeoutMs: 60_000 }) });
    return "";
  });
  const capabilities = { elicitation: { form: {} }, ...TASKS };
  const id = await modern(ADA).createTask("work", undefined, { capabilities });
  await settle();
  const { input } = await (await server.tasks.open(ADA, id)).get();
  const waits = Object.entries(input.outstanding).map((
    [key, { deadline }],
  ) => [key, deadline! - runtime.now()]);
  assertEquals(waits, [["one/short", 5000], ["one/long", 60_000]]);
});
