import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { claim, VariableLimitError } from "../../src/tasks/mod.ts";
import { verifies } from "../support/requirements.ts";
import { OWNER } from "../support/sample_tasks.ts";
import { gate, startInline, startTask } from "./harness.ts";

Deno.test("Variables are set, read, deleted, and stored with the task", async () => {
  const seen: unknown[] = [];
  const task = await startTask(async (_args, { variables }) => {
    await variables.set("a", 1);
    await variables.set({ b: [2], c: "3", a: null });
    seen.push(await variables.all(), await variables.get("b"), await variables.get("a"));
    await variables.delete("c");
    seen.push(await variables.get("c"), await variables.get("toString"));
  });
  await task.done;
  assertEquals(seen, [{ b: [2], c: "3" }, [2], undefined, undefined, undefined]);
  assertEquals(await task.store.getVariables(OWNER, "task-1"), { b: [2] });
});

Deno.test("A variable is read by a schema; one that does not fit is as if it were not set", async () => {
  const seen: unknown[] = [];
  const call = startInline(async (_args, { variables }) => {
    await variables.set({ n: 7, s: "x" });
    seen.push(await variables.get("n", z.number()), await variables.get("s", z.number()));
    return "";
  });
  await call.settled;
  assertEquals(seen, [7, undefined]);
});

Deno.test("Variables that are set at once are all there", async () => {
  const task = await startTask(async (_args, { variables }) => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => variables.set(`v${i}`, i)));
  });
  await task.done;
  assertEquals(Object.keys(await task.store.getVariables(OWNER, "task-1")).length, 20);
});

Deno.test("Variables beyond the limit are refused, and those before and after count", async () => {
  const variableLimits = { maxBytes: 50, maxDepth: 3, maxStringBytes: 50, maxNameBytes: 8 };
  const task = await startTask(async (_args, { variables }) => {
    await variables.set("a", "x".repeat(20));
    await assertRejects(() => variables.set("b", "x".repeat(40)), VariableLimitError);
    await variables.set("c", 1);
  }, { config: { variableLimits } });
  await task.done;
  assertEquals(await task.store.getVariables(OWNER, "task-1"), { a: "x".repeat(20), c: 1 });
});

Deno.test("A handler's variables do not undo what was set from outside meanwhile", async () => {
  const { handler: wait, open } = gate();
  const task = await startTask(async (args, ctx) => {
    await ctx.variables.set("inside", 1);
    await wait(args, ctx);
    await ctx.variables.set("later", 1);
  });
  await task.runtime.advance(0);
  await task.another().setVariables(OWNER, "task-1", { outside: 1 });
  open(undefined);
  await task.runtime.drive(task.done);
  assertEquals(await task.store.getVariables(OWNER, "task-1"), { inside: 1, outside: 1, later: 1 });
});

verifies(
  "lib-I8",
  "A run that was overtaken is told so, and never reads what its successor has set",
  async () => {
    const { handler: wait, open } = gate();
    const seen: unknown[] = [];
    const large = "x".repeat(10_000);
    const task = await startTask(async (args, ctx) => {
      await ctx.variables.set("mine", large);
      await wait(args, ctx);
      seen.push(await ctx.variables.all().catch((error) => error.reason));
    });
    await task.runtime.advance(0);
    const successor = task.another();
    await successor.mutate(OWNER, "task-1", {
      decide: (head, now) => ({ write: claim(head, "successor", now, 1000), value: undefined }),
    });
    await successor.setVariables(OWNER, "task-1", { theirs: large });
    await successor.setVariables(OWNER, "task-1", { theirs: `${large}!` });
    open(undefined);
    await task.runtime.drive(task.done);
    assertEquals(seen, ["lease_lost"]);
  },
);
