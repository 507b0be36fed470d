import { assertEquals } from "@std/assert";
import { claim, isTerminal } from "../../src/tasks/mod.ts";
import { StorageUnavailableError, type TaskStore } from "../../src/store/mod.ts";
import { away, loseReply, throwBefore } from "../support/faulty_backend.ts";
import { settle } from "../support/settle.ts";
import { OWNER, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";
import { gate, startTask } from "./harness.ts";

const LEASE = 30_000;

function takeOver(store: TaskStore): Promise<unknown> {
  return store.mutate(OWNER, "task-1", {
    decide: (head, now) => ({ write: claim(head, "there", now, LEASE), value: undefined }),
  });
}

function reasonOf(signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason.reason : undefined;
}

Deno.test("A holder beats every third of the lease, one put each", async () => {
  const { handler, open } = gate();
  const task = await startTask(handler);
  await task.runtime.advance(9_999);
  assertEquals(task.backend.takeCounts(), {});
  await task.runtime.advance(1);
  assertEquals(task.backend.takeCounts(), { put: 1 });
  assertEquals((await task.stored()).exec.leaseUntil, START + 10_000 + LEASE);
  await task.runtime.advance(600_000);
  assertEquals(task.backend.takeCounts().put, 60);
  open("done");
  await task.runtime.drive(task.done);
  assertEquals([(await task.stored()).status, task.runtime.pendingTimers], ["completed", 0]);
});

Deno.test("A holder does not beat while it writes anyway: each write extends the lease", async () => {
  const task = await startTask(async (_args, ctx) => {
    for (let i = 0; i < 10; i++) {
      await ctx.step("s", () => i);
      await new Promise<void>((resolve) => task.runtime.setTimer(6000, resolve));
    }
  });
  await task.runtime.advance(55_000);
  assertEquals(task.backend.takeCounts().put, 10);
  assertEquals((await task.stored()).exec.leaseUntil, START + 54_000 + LEASE);
  await task.runtime.drive(task.done);
});

verifies("lib-I8", "A holder whose store is away stops itself before the lease ends", async () => {
  const { handler } = gate();
  const task = await startTask(handler);
  task.backend.onPut("task", ...Array(500).fill(throwBefore));
  await task.runtime.advance(24_999);
  assertEquals(reasonOf(task.run.signal), undefined);
  await task.runtime.advance(2);
  // Watched at half a heartbeat: the latest moment is L - M and half a heartbeat, still inside of the lease.
  await task.runtime.advance(4_900);
  assertEquals(reasonOf(task.run.signal), "lease_lost");
});

verifies("lib-I8", "A holder's store that hangs does not hang the watchdog", async () => {
  const { handler } = gate();
  const task = await startTask(handler);
  task.backend.onPut("task", () => new Promise(() => {}));
  await task.runtime.advance(29_900);
  assertEquals(reasonOf(task.run.signal), "lease_lost");
});

verifies(
  "lib-I8",
  "A late timer is no excuse: every call of the context compares the clock first",
  async () => {
    const started = Promise.withResolvers<void>();
    const resumed = Promise.withResolvers<void>();
    let ran = false;
    const task = await startTask(async (_args, ctx) => {
      started.resolve();
      await resumed.promise;
      await ctx.step("late", () => void (ran = true));
    });
    await started.promise;
    // The process was stopped: monotonic time passes, but no timer fires before the handler goes on.
    const { monotonic } = task.runtime;
    task.runtime.monotonic = () => monotonic.call(task.runtime) + 25_000;
    resumed.resolve();
    await settle();
    assertEquals([reasonOf(task.run.signal), ran], ["lease_lost", false]);
  },
);

for (const jump of [300_000, -300_000]) {
  Deno.test(`A wall clock that jumps by ${jump} ms ends no lease`, async () => {
    const { handler, open } = gate();
    const task = await startTask(handler);
    task.runtime.jumpWallClock(jump);
    await task.runtime.advance(60_000);
    assertEquals(reasonOf(task.run.signal), undefined);
    open("done");
    await task.runtime.drive(task.done);
    assertEquals((await task.stored()).status, "completed");
  });
}

Deno.test("A store that is away for a while loses no task", async () => {
  const { handler, open } = gate();
  const task = await startTask(handler);
  await task.runtime.advance(9_000);
  task.backend.onPut("task", away, away);
  await task.runtime.advance(30_000);
  assertEquals(reasonOf(task.run.signal), undefined);
  open("done");
  await task.runtime.drive(task.done);
  assertEquals((await task.stored()).status, "completed");
});

verifies(["lib-I8", "lib-I3"], "A holder that was taken over stops, and its result is dropped", async () => {
  const { handler, open } = gate();
  const task = await startTask(handler);
  await takeOver(task.another());
  await task.runtime.advance(11_000);
  assertEquals(reasonOf(task.run.signal), "lease_lost");
  open("too late");
  await task.runtime.drive(task.done);
  const head = await task.stored();
  assertEquals([head.status, head.exec.leaseOwner, head.outcome], ["working", "there", undefined]);
  assertEquals(task.events.at(-1)?.type, "outcome_dropped");
});

verifies(
  "lib-I3",
  "A result that comes after a takeover nobody told of is refused by the epoch",
  async () => {
    const { handler, open } = gate();
    const task = await startTask(handler);
    await takeOver(task.another());
    open("too late");
    await task.runtime.drive(task.done);
    const head = await task.stored();
    assertEquals([head.status, head.exec.epoch, head.outcome], ["working", 2, undefined]);
  },
);

verifies("lib-I4", "A result that comes after the lease, but before a takeover, is kept", async () => {
  const { handler, open } = gate();
  const task = await startTask(handler);
  let isAway = true;
  task.backend.onPut("task", ...Array(500).fill((put: () => unknown) => isAway ? away() : put()));
  await task.runtime.advance(40_000);
  assertEquals(reasonOf(task.run.signal), "lease_lost");
  isAway = false;
  open("late, but whole");
  await task.runtime.drive(task.done);
  assertEquals((await task.stored()).status, "completed");
});

for (const how of ["this process", "another process"] as const) {
  verifies(
    ["T25-079", "T25-081", "lib-I5"],
    `A cancel by ${how} aborts the handler, whose result is dropped`,
    async () => {
      const { handler, open } = gate();
      const task = await startTask(handler);
      await (how === "this process" ? task.store : task.another()).cancel(OWNER, "task-1");
      await task.runtime.advance(how === "this process" ? 0 : 11_000);
      assertEquals(reasonOf(task.run.signal), "cancelled");
      open("ignored");
      await task.runtime.drive(task.done);
      const head = await task.stored();
      assertEquals([head.status, head.outcome, task.runtime.pendingTimers], ["cancelled", undefined, 0]);
    },
  );
}

verifies(
  ["T25-095", "lib-I12"],
  "A task that expires while it runs is aborted within a heartbeat, and stays gone",
  async () => {
    const { handler, open } = gate();
    const task = await startTask(handler, { task: { ttlMs: 15_000 } });
    await task.runtime.advance(20_000);
    assertEquals(reasonOf(task.run.signal), "expired");
    open("ignored");
    await task.runtime.drive(task.done);
    assertEquals(await task.another().find(OWNER, "task-1"), undefined);
  },
);

verifies("lib-I12", "A task that was removed while it runs is aborted as expired", async () => {
  const { handler } = gate();
  const task = await startTask(handler);
  const other = task.another();
  await other.remove((await other.get(OWNER, "task-1")).head);
  await task.runtime.advance(10_000);
  assertEquals(reasonOf(task.run.signal), "expired");
});

Deno.test("An outcome waits while the store is away, and is stored when it is back", async () => {
  const task = await startTask(() => "patient");
  task.backend.onPut("task", ...Array(40).fill(throwBefore));
  await task.runtime.drive(task.done);
  assertEquals((await task.stored()).status, "completed");
  assertEquals(task.events.map(({ type }) => type).includes("outcome_dropped"), false);
});

verifies("lib-I3", "An outcome whose put landed unheard is not called dropped", async () => {
  const task = await startTask(() => "landed");
  task.backend.onPut("task", loseReply);
  task.backend.onGet(away);
  await task.runtime.drive(task.done);
  const head = await task.stored();
  assertEquals([head.status, head.rev], ["completed", 2]);
  assertEquals(task.events.map(({ type }) => type), ["outcome_delayed"]);
});

verifies("lib-I1", "Heartbeats stop with the task, and never write an ended one", async () => {
  const task = await startTask(() => "quick");
  await task.runtime.drive(task.done);
  task.backend.takeCounts();
  await task.runtime.advance(120_000);
  assertEquals([task.backend.takeCounts(), task.runtime.pendingTimers], [{}, 0]);
  const head = await task.stored();
  assertEquals([isTerminal(head.status), head.rev], [true, 2]);
});

Deno.test("A heartbeat that fails for a strange reason is told of, and the next one is tried", async () => {
  const { handler, open } = gate();
  const task = await startTask(handler);
  task.backend.onPut("task", () => Promise.reject(new Error("strange")));
  await task.runtime.advance(20_000);
  assertEquals(task.events.map(({ type }) => type), ["heartbeat_failed"]);
  assertEquals(task.run.signal.aborted, false);
  open("done");
  await task.runtime.drive(task.done);
  assertEquals((await task.stored()).status, "completed");
});

Deno.test("A holder's own writes are queued: ten at once conflict with nobody", async () => {
  const task = await startTask(async (_args, ctx) => {
    await Promise.all(Array.from({ length: 10 }, (_, i) => ctx.step("s", () => i)));
  });
  await task.runtime.drive(task.done);
  assertEquals(task.backend.takeCounts(), { put: 11 });
  assertEquals((await task.stored()).journal.entries.map(({ key }) => key).length, 10);
});

Deno.test("StorageUnavailableError reaches the handler as it is, and the task goes on", async () => {
  const seen: unknown[] = [];
  const task = await startTask(async (_args, ctx) => {
    await ctx.step("s", () => 1).catch((error) => seen.push(error instanceof StorageUnavailableError));
    return "went on";
  }, { config: { maxWriteAttempts: 2 } });
  task.backend.onPut("task", throwBefore, throwBefore);
  await task.runtime.drive(task.done);
  assertEquals([seen, (await task.stored()).status], [[true], "completed"]);
});
