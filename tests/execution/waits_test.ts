import { assert, assertEquals } from "@std/assert";
import { TaskAbortError } from "../../src/execution/mod.ts";
import { gate, runAgain, startInline, startTask, textOf } from "./harness.ts";

const DAY_MS = 86_400_000;

Deno.test("A sleep lasts as long as was said, also when the wall clock is set back or the wait is very long", async () => {
  for (const [jump, ms] of [[0, 5000], [-60_000, 5000], [-DAY_MS, 5000], [0, 40 * DAY_MS]] as const) {
    const call = startInline(async (_args, ctx) => {
      await ctx.sleep("nap", ms);
      return "awake";
    });
    const startedAt = call.runtime.monotonic();
    await call.runtime.advance(1000);
    call.runtime.jumpWallClock(jump);
    const settled = await call.runtime.drive(call.settled, { limitMs: 1e12 });
    assertEquals(textOf(settled), "awake");
    assertEquals(call.runtime.monotonic() - startedAt, ms);
    assertEquals(call.runtime.pendingTimers, 0);
    assertEquals(call.executor.running, 0);
  }
});

Deno.test("A sleep that is recorded while the wall clock is set back ends within a minute", async () => {
  let awakeAt = 0;
  const task = await startTask(async (_args, ctx) => {
    await ctx.sleep("nap", 5000);
    awakeAt = task.runtime.monotonic();
    return "";
  });
  const startedAt = task.runtime.monotonic();
  task.backend.onPut("task", (put) => {
    task.runtime.jumpWallClock(-DAY_MS);
    return put();
  });
  await task.runtime.advance(70_000);
  assert(awakeAt > 0 && awakeAt - startedAt <= 60_000, `awake at ${awakeAt}`);
});

Deno.test("A later attempt sleeps for what is left, also when the wall clock is set back", async () => {
  const task = await startTask((_args, ctx) => ctx.sleep("nap", 5000));
  await task.runtime.advance(2000);
  // What is asked for now does not count: the record does.
  const { settled } = await runAgain(task, async (_args, ctx) => {
    await ctx.sleep("nap", 1);
    return "awake";
  });
  const resumedAt = task.runtime.monotonic();
  await task.runtime.advance(1000);
  task.runtime.jumpWallClock(-DAY_MS);
  assertEquals(textOf(await task.runtime.drive(settled)), "awake");
  assertEquals(task.runtime.monotonic() - resumedAt, 3000);
});

Deno.test("A wait looks at the clock each minute: it may have been wrong for a while", async () => {
  const { run, runtime } = startInline(gate().handler);
  const at = runtime.now() + 5000;
  let isOver = false;
  const waiting = run.until(() => runtime.now() >= at, at).then(() => isOver = true);
  await runtime.advance(4990);
  runtime.jumpWallClock(-DAY_MS);
  await runtime.advance(20);
  runtime.jumpWallClock(DAY_MS);
  await runtime.advance(59_000);
  assertEquals(isOver, false);
  await runtime.advance(1000);
  await waiting;
});

Deno.test("A run that is told to stop at any moment of a wait hears of it", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const { run, runtime } = startInline(gate().handler);
    let reason: unknown;
    run.until(() => false).catch((error) => reason = error instanceof TaskAbortError ? error.reason : error);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    run.abort("cancelled");
    await runtime.advance(0);
    assertEquals([turns, reason], [turns, "cancelled"]);
  }
});
