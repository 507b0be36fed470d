import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { LimitReachedError } from "../../src/tasks/mod.ts";
import { StorageUnavailableError } from "../../src/store/mod.ts";
import { away, loseReply, throwBefore } from "../support/faulty_backend.ts";
import { settle } from "../support/settle.ts";
import { OWNER, sampleHead, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";
import { gate, startInline, textOf } from "./harness.ts";

verifies(
  "T26-025",
  "A promoted call is stored as it stands: arguments, journal, variables, progress, lease",
  async () => {
    const { handler: wait, open } = gate();
    const call = startInline(async (args, ctx) => {
      await ctx.step("fetched", () => ({ rows: 3 }));
      await ctx.variables.set("stage", "printing");
      await ctx.progress(1, 2, "half");
      return await wait(args, ctx);
    });
    await call.runtime.advance(1000);
    assertEquals([call.backend.takeCounts(), call.run.isTask], [{}, false]);
    await call.run.promote(undefined);
    assertEquals([call.backend.takeCounts(), call.run.isTask], [{ put: 1 }, true]);
    const head = (await call.stored())!;
    assertEquals(head.args, { json: { year: 2026 } });
    assertEquals(head.journal.entries, [{ key: "fetched", kind: "step", value: { json: { rows: 3 } } }]);
    assertEquals([head.variables, head.statusMessage], [{ json: { stage: "printing" } }, "half"]);
    assertEquals(head.progress, { progress: 1, total: 2, message: "half" });
    assertEquals([head.status, head.exec.phase, head.exec.epoch, head.exec.leaseUntil], [
      "working",
      "running",
      1,
      START + 31_000,
    ]);
    // Its life begins when it becomes a task.
    assertEquals([head.createdAt, head.expiresAt - head.createdAt], [START + 1000, 3_600_000]);

    open("done");
    const settled = await call.settled;
    assertEquals([await call.run.finish(settled.outcome), call.backend.takeCounts()], [true, { put: 1 }]);
    assertEquals((await call.stored())?.status, "completed");
  },
);

Deno.test("What the handler does while the create is under way waits for it, and is stored", async () => {
  const { handler: wait, open } = gate();
  const reply = Promise.withResolvers<void>();
  const call = startInline(async (args, ctx) => {
    await wait(args, ctx);
    await Promise.all([ctx.step("during", () => 1), ctx.variables.set("during", 1), ctx.progress(1)]);
    return "";
  });
  call.backend.onPut("task", async (put) => {
    const done = await put();
    await reply.promise;
    return done;
  });
  const promotion = call.run.promote(undefined);
  await settle();
  open(undefined);
  await settle();
  assertEquals((await call.stored())?.rev, 1);
  reply.resolve();
  await promotion;
  await call.runtime.drive(call.settled);
  const head = (await call.stored())!;
  assertEquals([head.journal.entries.length, head.variables, head.progress], [1, { json: { during: 1 } }, {
    progress: 1,
  }]);
});

for (const outcome of ["limit", "away"] as const) {
  Deno.test(`A call that cannot become a task (${outcome}) goes on inline, unharmed`, async () => {
    const { handler: wait, open } = gate();
    const call = startInline(async (args, ctx) => {
      await wait(args, ctx);
      return String(await ctx.step("after", () => "went on"));
    }, { config: { maxWriteAttempts: 2 } });
    if (outcome === "limit") await call.store.create(sampleHead({ id: "another" }), 1);
    else call.backend.onPut("task", throwBefore, throwBefore);
    const promotion = call.runtime.drive(call.run.promote(1));
    const error = await assertRejects(() => promotion);
    assertInstanceOf(error, outcome === "limit" ? LimitReachedError : StorageUnavailableError);
    assertEquals([call.run.isTask, call.run.signal.aborted], [false, false]);
    open(undefined);
    assertEquals(textOf(await call.settled), "went on");
    assertEquals(await call.stored(), undefined);
  });
}

verifies("lib-I4", "A promotion whose reply was lost is a promotion", async () => {
  const { handler, open } = gate();
  const call = startInline(handler);
  call.backend.onPut("task", loseReply);
  await call.runtime.drive(call.run.promote(undefined));
  assert(call.run.isTask);
  open("done");
  assertEquals(await call.run.finish((await call.settled).outcome), true);
});

for (const repeatable of [true, false]) {
  const what = repeatable ? "stops a repeatable run" : "lets a once-tool go on inline";
  verifies("lib-I7", `A promotion still unheard of when its lease is almost over ${what}`, async () => {
    const { handler: wait, open } = gate();
    const call = startInline(async (args, ctx) => {
      await wait(args, ctx);
      return String(await ctx.step("after", () => "went on"));
    }, { task: { repeatable } });
    call.backend.onPut("task", loseReply);
    call.backend.onGet(...Array.from({ length: 100 }, () => away));
    const refused = assertRejects(() => call.run.promote(undefined), StorageUnavailableError);
    await call.runtime.advance(24_999);
    assertEquals([call.run.isPromoting, call.run.signal.aborted], [true, false]);
    await call.runtime.advance(1);
    await refused;
    assertEquals([call.run.isPromoting, call.run.isTask], [false, false]);
    assertEquals(call.run.signal.reason?.reason, repeatable ? "lease_lost" : undefined);
    open(undefined);
    assertEquals(textOf(await call.settled), repeatable ? "The call was asked to stop" : "went on");
    assertEquals((await call.stored())?.rev, 1);
    assertEquals(call.runtime.pendingTimers, 0);
  });
}

verifies(
  "lib-I4",
  "A promotion goes on inline once its create can no longer land, and not before",
  async () => {
    const { handler: wait, open } = gate();
    const call = startInline(async (args, ctx) => {
      await wait(args, ctx);
      return String(await ctx.step("after", () => "went on"));
    }, { task: { repeatable: true }, config: { maxWriteAttempts: 1 } });
    const landing = Promise.withResolvers<void>();
    const landed = Promise.withResolvers<unknown>();
    call.backend.onPut("task", (put) => {
      landing.promise.then(put).then(landed.resolve, landed.resolve);
      return throwBefore(put, undefined!);
    });
    const refused = assertRejects(() => call.run.promote(undefined), StorageUnavailableError);
    open(undefined);
    await call.runtime.advance(14_999);
    assertEquals(call.run.isPromoting, true);
    landing.resolve();
    assertInstanceOf(await landed.promise, StorageUnavailableError);
    await call.runtime.drive(refused, { limitMs: 2000 });
    assertEquals(textOf(await call.settled), "went on");
    assertEquals([call.run.signal.aborted, await call.stored()], [false, undefined]);
  },
);

verifies(
  "lib-I4",
  "A promotion that lands behind its last try is found, and held from then on",
  async () => {
    const { handler, open } = gate();
    const task = { repeatable: true };
    const call = startInline(handler, { task, config: { maxWriteAttempts: 1 } });
    const landing = Promise.withResolvers<void>();
    call.backend.onPut("task", (put) => {
      void landing.promise.then(put);
      return throwBefore(put, undefined!);
    });
    const promotion = call.run.promote(undefined);
    await call.runtime.advance(9_900);
    landing.resolve();
    assertEquals((await call.runtime.drive(promotion, { limitMs: 3000 })).rev, 1);
    // A third of the lease is over: the next heartbeat is due at once.
    const renewed = call.runtime.now() + 30_000;
    await call.runtime.advance(0);
    assertEquals((await call.stored())?.exec.leaseUntil, renewed);
    open("done");
    assertEquals(await call.run.finish((await call.settled).outcome), true);
  },
);

verifies(
  "lib-I2",
  "A handler that ends while the create is under way finishes the task behind it",
  async () => {
    const { handler, open } = gate();
    const reply = Promise.withResolvers<void>();
    const call = startInline(handler);
    call.backend.onPut("task", async (put) => {
      await reply.promise;
      return await put();
    });
    const promotion = call.run.promote(undefined);
    await settle();
    open("early");
    const finished = call.settled.then(({ outcome }) => call.run.finish(outcome));
    await settle();
    assertEquals(await call.stored(), undefined);
    reply.resolve();
    await promotion;
    assertEquals([await finished, (await call.stored())?.status], [true, "completed"]);
  },
);

Deno.test("An inline call that ends stores nothing at all", async () => {
  const call = startInline(async (_args, ctx) => {
    await ctx.step("s", () => 1);
    await ctx.variables.set("a", 1);
    await ctx.progress(1);
    return "inline";
  });
  assertEquals(textOf(await call.settled), "inline");
  assertEquals(await call.run.finish((await call.settled).outcome), false);
  assertEquals([call.backend.takeCounts(), call.runtime.pendingTimers], [{}, 0]);
});

verifies("lib-I5", "A promoted call that is cancelled aborts its handler", async () => {
  const { handler } = gate();
  const call = startInline(handler);
  await call.run.promote(undefined);
  await call.store.cancel(OWNER, "task-1");
  assertEquals(call.run.signal.reason?.reason, "cancelled");
});

Deno.test("Many reports during the create are stored at most twice a second afterwards", async () => {
  const { handler: wait, open } = gate();
  const reply = Promise.withResolvers<void>();
  const call = startInline(async (args, ctx) => {
    await wait(args, ctx);
    for (let i = 1; i <= 50; i++) void ctx.progress(i);
    await new Promise(() => {});
  });
  call.backend.onPut("task", async (put) => {
    const done = await put();
    await reply.promise;
    return done;
  });
  const promotion = call.run.promote(undefined);
  await settle();
  open(undefined);
  await settle();
  call.backend.takeCounts();
  reply.resolve();
  await promotion;
  await call.runtime.advance(1000);
  assertEquals(call.backend.takeCounts(), { put: 2 });
});
