import { assertEquals } from "@std/assert";
import { verifies } from "../support/requirements.ts";
import { away } from "../support/faulty_backend.ts";
import { type RunningTask, startTask } from "./harness.ts";

/** Runs a task whose store is away until its lease has ended; the handler learns of it from its next step. */
async function outliveLease(repeatable: boolean): Promise<RunningTask> {
  const resumed = Promise.withResolvers<void>();
  const task = await startTask(async (_args, ctx) => {
    await resumed.promise;
    await ctx.step("late", () => 1);
    return "done";
  }, { task: { repeatable, maxAttempts: repeatable ? 3 : 1 }, tool: { repeatable } });
  let isAway = true;
  task.backend.onPut("task", ...Array(500).fill((put: () => unknown) => isAway ? away() : put()));
  await task.runtime.advance(40_000);
  isAway = false;
  resumed.resolve();
  await task.runtime.drive(task.done);
  return task;
}

verifies("lib-I7", "What a handler throws because its lease ended is no outcome of its task", async () => {
  const task = await outliveLease(false);
  const { status, exec, outcome } = await task.stored();
  assertEquals([status, exec.phase, outcome], ["working", "running", undefined]);
  assertEquals(task.events.at(-1)?.type, "outcome_dropped");
});

verifies("lib-I7", "A holder that lost its lease hands nothing back: the attempt counts", async () => {
  const task = await outliveLease(true);
  const { exec } = await task.stored();
  assertEquals([exec.phase, exec.attempt, exec.epoch], ["running", 1, 1]);
});
