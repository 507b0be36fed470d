import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Progress } from "../../src/tasks/mod.ts";
import type { RunningTask } from "./harness.ts";
import { gate, startInline, startTask } from "./harness.ts";
import { verifies } from "../support/requirements.ts";

const pause = (task: () => RunningTask, ms: number) =>
  new Promise<void>((resolve) => task().runtime.setTimer(ms, resolve));

Deno.test("Progress of a task is stored at most twice a second, the last one in the end", async () => {
  const told: Progress[] = [];
  const task: RunningTask = await startTask(async (_args, ctx) => {
    for (let i = 1; i <= 500; i++) {
      await ctx.progress(i, 500);
      await pause(() => task, 10);
    }
    await new Promise(() => {});
  }, { hooks: { onProgress: (progress) => void told.push(progress) } });
  await task.runtime.advance(5_600);
  const { put = 0 } = task.backend.takeCounts();
  assert(put >= 9 && put <= 11, `${put} puts`);
  const head = await task.stored();
  assertEquals([head.progress, head.statusMessage], [{ progress: 500, total: 500 }, "500 of 500"]);
  assertEquals(told.length, 500);
});

Deno.test("Progress that nobody waits for is stored at most twice a second as well", async () => {
  const task = await startTask(async (_args, ctx) => {
    for (let i = 1; i <= 100; i++) void ctx.progress(i);
    await new Promise(() => {});
  });
  await task.runtime.advance(2_000);
  assertEquals(task.backend.takeCounts(), { put: 2 });
  assertEquals((await task.stored()).progress, { progress: 100 });
});

verifies(["T25-240", "T26-260"], "Progress that does not rise is not told, and never goes back", async () => {
  const told: number[] = [];
  const task: RunningTask = await startTask(async (_args, ctx) => {
    for (const done of [1, 5, 5, 3, 6]) {
      await ctx.progress(done, 10, `at ${done}`);
      await pause(() => task, 600);
      if (done === 3) {
        const { progress, statusMessage } = await task.stored();
        assertEquals([progress?.progress, statusMessage], [5, "at 3"]);
      }
    }
  }, { hooks: { onProgress: ({ progress }) => void told.push(progress) } });
  await task.runtime.drive(task.done);
  assertEquals([told, (await task.stored()).status], [[1, 5, 6], "completed"]);
});

Deno.test("A status text does not drop the progress that waits to be stored", async () => {
  const task = await startTask(async (_args, ctx) => {
    await ctx.progress(1, 3);
    await ctx.progress(2, 3);
    await ctx.status("nearly there");
    await new Promise(() => {});
  });
  await task.runtime.advance(600);
  const head = await task.stored();
  assertEquals([head.progress, head.statusMessage], [{ progress: 2, total: 3 }, "nearly there"]);
});

for (const args of [[NaN], [Infinity], [1, NaN], [1, Infinity]] as const) {
  Deno.test(`Progress of ${args} is refused`, async () => {
    const call = startInline(async (_args, ctx) => {
      await assertRejects(() => ctx.progress(...args as unknown as [number]), RangeError, "finite");
      return "";
    });
    assertEquals((await call.settled).hasThrown, undefined);
  });
}

verifies("T25-092", "Nothing is stored or told once the task has ended", async () => {
  const told: number[] = [];
  let late: (() => Promise<void>) | undefined;
  const task = await startTask(async (_args, ctx) => {
    await ctx.progress(1);
    await ctx.progress(2);
    late = () => ctx.progress(3);
    return "done";
  }, { hooks: { onProgress: ({ progress }) => void told.push(progress) } });
  await task.runtime.drive(task.done);
  task.backend.takeCounts();
  await late?.().catch(() => {});
  await task.runtime.advance(2_000);
  assertEquals([task.backend.takeCounts(), told, task.runtime.pendingTimers], [{}, [1, 2], 0]);
});

Deno.test("A store that is away at a report does not disturb the handler", async () => {
  const { handler: wait, open } = gate();
  const task = await startTask(async (args, ctx) => {
    await ctx.progress(1);
    void ctx.progress(2);
    return await wait(args, ctx);
  }, { config: { maxWriteAttempts: 1 } });
  await task.runtime.advance(0);
  task.backend.onPut("task", () => Promise.reject(new Error("strange")));
  await task.runtime.advance(600);
  open("done");
  await task.runtime.drive(task.done);
  assertEquals((await task.stored()).status, "completed");
});

Deno.test("Progress of an inline call is told at once and stored nowhere", async () => {
  const told: number[] = [];
  const call = startInline(async (_args, ctx) => {
    for (let i = 0; i < 5; i++) await ctx.progress(i);
    return "";
  }, { hooks: { onProgress: ({ progress }) => void told.push(progress) } });
  await call.settled;
  assertEquals([told, call.backend.takeCounts(), call.run.head.progress], [[0, 1, 2, 3, 4], {}, {
    progress: 4,
  }]);
});
