import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { elicit, roots, type TaskContext } from "../../src/execution/mod.ts";
import { settle } from "../support/settle.ts";
import { StorageUnavailableError } from "../../src/store/mod.ts";
import { OWNER } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";
import { runAgain, type RunningTask, startInline, startTask, textOf } from "./harness.ts";

const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const form = { message: "Sure?", schema: z.object({ ok: z.boolean() }) };
const accept = (content: { readonly [name: string]: string | number | boolean }) => ({
  value: { action: "accept", content },
});

const asking = async (_args: unknown, ctx: TaskContext) => {
  const answers = await ctx.ask({ sure: elicit(form), where: roots() });
  return JSON.stringify(answers);
};

function start(handler = asking): Promise<RunningTask> {
  return startTask(handler, { task: { clientCapabilities: ALL } });
}

async function textStored(task: RunningTask): Promise<string | undefined> {
  const outcome = await task.store.getResult(OWNER, "task-1");
  return textOf({ outcome: outcome as never });
}

verifies(
  ["T25-060", "T26-049", "T26-050"],
  "Several questions are one put, and make the task wait for input",
  async () => {
    const task = await start();
    await task.runtime.advance(0);
    assertEquals(task.backend.takeCounts().put, 1);
    const head = await task.stored();
    assertEquals([head.status, Object.keys(head.input.outstanding)], ["input_required", ["sure", "where"]]);
    const requests = await task.store.loadInputRequests(head);
    assertEquals(requests.where, { method: "roots/list", params: {} });
  },
);

verifies(
  ["T25-063", "T26-072", "lib-I6"],
  "Answers come in any order, from any process, one by one",
  async () => {
    const task = await start();
    await task.runtime.advance(0);
    const roots = { roots: [{ uri: "file:///tmp" }] };
    await task.another().answer(OWNER, "task-1", { where: { value: roots } });
    assertEquals((await task.stored()).status, "input_required");
    await task.runtime.advance(300);
    await task.another().answer(OWNER, "task-1", { sure: accept({ ok: true }) });
    await task.runtime.drive(task.done);
    assertEquals(JSON.parse((await textStored(task))!), {
      sure: { action: "accept", content: { ok: true } },
      where: roots,
    });
    assertEquals(task.runtime.pendingTimers, 0);
  },
);

verifies(
  "lib-I6",
  "An answer by another process is found by polling, long before the heartbeat",
  async () => {
    const task = await start(async (_args, ctx) => (await ctx.elicit("sure", form)).action);
    await task.runtime.advance(0);
    await task.another().answer(OWNER, "task-1", { sure: { value: { action: "decline" } } });
    const before = task.runtime.monotonic();
    await task.runtime.drive(task.done);
    assert(task.runtime.monotonic() - before <= 250);
    assertEquals(await textStored(task), "decline");
  },
);

verifies(["lib-I6", "lib-I15"], "An answered question is not asked again by a later attempt", async () => {
  const handler = async (_args: unknown, ctx: TaskContext) => {
    const { action } = await ctx.elicit("sure", form);
    if (ctx.attempt === 1) await new Promise(() => {});
    return `${action} ${ctx.attempt}`;
  };
  const task = await start(handler);
  await task.runtime.advance(0);
  await task.store.answer(OWNER, "task-1", { sure: { value: { action: "decline" } } });
  const again = await runAgain(task, handler);
  assertEquals(textOf(await task.runtime.drive(again.settled)), "decline 2");
});

verifies(
  ["T26-067", "lib-I15"],
  "Another question under the same key in a later attempt fails the task",
  async () => {
    const task = await start(async (_args, ctx) => (await ctx.elicit("sure", form)).action);
    await task.runtime.advance(0);
    const { settled } = await runAgain(
      task,
      async (_args, ctx) => (await ctx.elicit("sure", { ...form, message: "Another?" })).action,
    );
    const { outcome } = await settled;
    assertEquals(outcome.kind === "rpcError" && outcome.error.data, { reason: "replay_mismatch" });
  },
);

verifies(
  ["T26-079", "T26-131"],
  "A kind the client did not declare is not asked, and nothing else of that call is",
  async () => {
    for (const clientCapabilities of [{}, { roots: {} }, { elicitation: { url: {} }, roots: {} }]) {
      const errors: unknown[] = [];
      const task = await startTask(async (args, ctx) => {
        await asking(args, ctx).catch((error) => errors.push(error.name));
      }, { task: { clientCapabilities } });
      await task.runtime.drive(task.done);
      const head = await task.stored();
      assertEquals([errors, head.input.outstanding], [["MissingCapabilityError"], {}]);
    }
  },
);

Deno.test("More than 64 open questions are refused, and none of them is asked", async () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`q${i}`, roots()]));
  const errors: unknown[] = [];
  const task = await start(async (_args, ctx) => {
    await ctx.ask(many(65)).catch((error) => errors.push(error.name));
    await ctx.ask(many(64));
    return "";
  });
  await task.runtime.advance(0);
  assertEquals([errors, Object.keys((await task.stored()).input.outstanding).length], [["RangeError"], 64]);
});

Deno.test("Questions that are asked at the same moment count together against the limit", async () => {
  const errors: string[] = [];
  const some = (name: string) =>
    Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${name}${i}`, roots()]));
  const task = await start(async (_args, ctx) => {
    const both = [ctx.ask(some("a")), ctx.ask(some("b"))];
    for (const asked of both) asked.catch((error) => errors.push(error.message));
    await Promise.allSettled(both);
    return "";
  });
  await task.runtime.advance(0);
  assertEquals(errors, ["Cannot ask: a task has at most 64 questions open at once"]);
  const { input, journal } = await task.stored();
  assertEquals([Object.keys(input.outstanding).length, journal.entries.length], [40, 40]);
});

verifies("lib-I6", "A question that waits is ended by a cancel", async () => {
  const reasons: unknown[] = [];
  const task = await start(async (_args, ctx) => {
    await ctx.elicit("sure", form).catch((error) => reasons.push(error.reason));
    return "";
  });
  await task.runtime.advance(0);
  await task.store.cancel(OWNER, "task-1");
  await task.runtime.drive(task.done);
  assertEquals([reasons, task.runtime.pendingTimers, task.store.watcher.size], [["cancelled"], 0, 0]);
});

Deno.test("A question that is not answered in time ends without an answer, or with its fallback", async () => {
  const seen: unknown[] = [];
  const task = await start(async (_args, ctx) => {
    await ctx.elicit("a", form, { timeoutMs: 2000 }).catch((error) => seen.push(error.name));
    seen.push(await ctx.elicit("b", form, { timeoutMs: 2000, fallback: { action: "cancel" } }));
    return "";
  });
  await task.runtime.drive(task.done);
  assertEquals(seen, ["InputTimeoutError", { action: "cancel" }]);
  assertEquals(task.runtime.monotonic() < 1000 + 5000, true);
});

Deno.test("Questions of an inline call go through its caller, those without one are refused", async () => {
  const asked: string[][] = [];
  const call = startInline(asking, {
    task: { clientCapabilities: ALL },
    hooks: {
      askInline: (questions) => {
        asked.push(Object.keys(questions));
        return Promise.resolve({ sure: { action: "decline" }, where: { roots: [] } });
      },
    },
  });
  assertEquals(textOf(await call.settled), '{"sure":{"action":"decline"},"where":{"roots":[]}}');
  assertEquals([asked, call.backend.takeCounts()], [[["sure", "where"]], {}]);
  const alone = startInline(asking, { task: { clientCapabilities: ALL } });
  assertEquals((await alone.settled).outcome.kind, "rpcError");
});

Deno.test("An inline call that has to stop hears of it at its question, one that leaves never does", async () => {
  for (const reason of ["cancelled", "closing", "parked"] as const) {
    const seen: unknown[] = [];
    const call = startInline(async (_args, ctx) => {
      await ctx.elicit("sure", form).catch((error) => seen.push(error.reason));
      return "";
    }, { task: { clientCapabilities: ALL }, hooks: { askInline: () => new Promise(() => {}) } });
    await settle();
    call.run.abort(reason);
    await settle();
    assertEquals(seen, reason === "parked" ? [] : [reason]);
  }
});

Deno.test("A park that fails for a strange reason is told of, and the task goes on in memory", async () => {
  const task = await startTask(async (_args, ctx) => (await ctx.elicit("sure", form)).action, {
    task: { clientCapabilities: ALL, repeatable: true },
    tool: { repeatable: true, parkAfterMs: 3000 },
  });
  await task.runtime.advance(2999);
  task.backend.onPut("task", () => Promise.reject(new Error("strange")));
  await task.runtime.advance(10);
  assertEquals((await task.stored()).exec.phase, "running");
  await task.store.answer(OWNER, "task-1", { sure: { value: { action: "decline" } } });
  await task.runtime.drive(task.done);
  assertEquals([await textStored(task), task.events.map(({ type }) => type)], ["decline", ["park_failed"]]);
});

verifies("lib-I6", "An answer that comes in the moment of a park is heard at once", async () => {
  const answers = { sure: { value: { action: "decline" } } };
  for (const isAway of [false, true]) {
    const task = await startTask(async (_args, ctx) => (await ctx.elicit("sure", form)).action, {
      task: { clientCapabilities: ALL, repeatable: true },
      tool: { repeatable: true, parkAfterMs: 3000 },
    });
    await task.runtime.advance(2999);
    task.backend.onPut("task", async (put) => {
      await task.store.answer(OWNER, "task-1", answers);
      if (isAway) throw new StorageUnavailableError("The engine is away");
      return await put();
    });
    // Well before the heartbeat, which would bring it too.
    await task.runtime.advance(1000);
    assertEquals(await textStored(task), "decline");
  }
});
