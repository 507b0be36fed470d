/** What the simulator found, each as the shortest test that shows it. */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type ExecutableTool, Executor } from "../../src/execution/mod.ts";
import { claim, dueAt, newHead } from "../../src/tasks/mod.ts";
import { StorageUnavailableError } from "../../src/store/mod.ts";
import { type PutFault, refuse } from "../support/faulty_backend.ts";
import { createTestStore, OWNER, sampleHead, sampleTask, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

/** A put that is answered as lost, and takes effect when `landing` resolves. */
function late(landing: Promise<void>, onLanded: () => void): PutFault {
  return (put) => {
    landing.then(put).then(onLanded);
    return Promise.reject(new StorageUnavailableError("The reply was lost"));
  };
}

verifies(
  "lib-I10",
  "create() does not promise that nothing is stored while an earlier try may still land",
  async () => {
    const { store, backend, runtime } = createTestStore();
    const landing = Promise.withResolvers<void>();
    const landed = Promise.withResolvers<void>();
    backend.onPut("task", late(landing.promise, landed.resolve), refuse("limit"));
    const head = sampleHead({ args: { json: "x".repeat(5000) } });
    const error = await runtime.drive(store.create(head, 1).then(() => undefined, (error) => error));
    assertInstanceOf(error, StorageUnavailableError);
    landing.resolve();
    await landed.promise;
    const { head: stored } = await store.get(OWNER, "task-1");
    assertEquals(await store.load(stored, stored.args), "x".repeat(5000));
  },
);

verifies(
  "lib-I7",
  "a handler does not start when the reply to its create comes behind the end of the lease",
  async () => {
    const { store, backend, runtime } = createTestStore();
    const reply = Promise.withResolvers<void>();
    backend.onPut("task", async (put) => {
      const done = await put();
      await reply.promise;
      return done;
    });
    let starts = 0;
    const tool: ExecutableTool = {
      name: "report",
      repeatable: false,
      maxAttempts: 1,
      readArgs: (value) => Promise.resolve({ ok: true, value }),
      handler: () => `${++starts}`,
    };
    const executor = new Executor(store);
    const startedAt = runtime.monotonic();
    const creating = store.create(sampleHead());
    await runtime.advance(40_000);
    reply.resolve();
    const run = await executor.newHeldRun(tool, await runtime.drive(creating), startedAt, {});
    await runtime.drive(executor.finishOrLeave(run, executor.execute(run, { tool, args: {} })));
    assertEquals(starts, 0);
  },
);

verifies(
  "lib-I6",
  "answer() knows that it counted, though its answer has been sealed with the journal",
  async () => {
    const { store, backend, runtime, another } = createTestStore();
    const outstanding = { q: { request: { json: { method: "roots/list" } } } };
    await store.create(sampleHead({ status: "input_required", input: { outstanding, answers: {} } }));
    backend.onPut("task", async (put) => {
      await put();
      await another().mutate(OWNER, "task-1", {
        decide: (head) => ({ write: { ...head, input: { ...head.input, answers: {} } }, value: undefined }),
      });
      throw new StorageUnavailableError("The reply was lost");
    });
    const { value } = await runtime.drive(store.answer(OWNER, "task-1", { q: { value: { roots: [] } } }));
    assertEquals(value, ["q"]);
  },
);

verifies(
  "lib-I8",
  "a creator whose reply was lost does not write as the one who has taken over",
  async () => {
    const { store, backend, runtime, another } = createTestStore();
    const draft = sampleHead({}, { repeatable: true, maxAttempts: 3 });
    backend.onPut("task", async (put) => {
      await put();
      await another().mutate(OWNER, "task-1", {
        decide: (head, now) => ({ write: claim(head, "there", now, 30_000), value: undefined }),
      });
      throw new StorageUnavailableError("The reply was lost");
    });
    const startedAt = runtime.monotonic();
    const created = await runtime.drive(store.create(draft));
    const tool: ExecutableTool = {
      name: "report",
      repeatable: true,
      maxAttempts: 3,
      readArgs: (value) => Promise.resolve({ ok: true, value }),
      handler: () => "from the creator",
    };
    const executor = new Executor(store);
    const run = await executor.newHeldRun(tool, created, startedAt, {}, draft.exec);
    await runtime.drive(executor.finishOrLeave(run, executor.execute(run, { tool, args: {} })));
    const { head } = await store.get(OWNER, "task-1");
    assertEquals([head.status, head.exec.leaseOwner], ["working", "there"]);
  },
);

Deno.test("create() knows its own task, stored so slowly that it has expired", async () => {
  const { store, backend, runtime } = createTestStore();
  const outlive: PutFault = async (put) => {
    await put();
    runtime.jumpWallClock(2000);
    throw new StorageUnavailableError("The reply was lost");
  };
  backend.onPut("task", outlive);
  const draft = newHead(sampleTask({ ttlMs: 1000 }), START, "create-nonce");
  const { head } = await runtime.drive(store.create(draft));
  assertEquals(head.createNonce, "create-nonce");
  await assertRejects(() => store.get(OWNER, "task-1"));
});

Deno.test("create() does not take its own task, resent and removed since, for another's", async () => {
  const { store, backend, runtime, another } = createTestStore();
  const draft = newHead(sampleTask({ ttlMs: 1000 }), START, "create-nonce");
  backend.onPut("task", async (put) => {
    await put();
    const resent = await put();
    runtime.jumpWallClock(2000);
    await another().remove(draft);
    return resent;
  });
  const error = await runtime.drive(store.create(draft).then(() => undefined, (error) => error));
  assertInstanceOf(error, StorageUnavailableError);
  assertEquals(
    error.message,
    'Cannot create task "task-1": a record of its id was stored, and is gone again',
  );
});

verifies("lib-I11", "dueAt() of a task that waits for its next attempt is an earlier input deadline", () => {
  const { exec, ...head } = sampleHead();
  const request = { json: { method: "roots/list" } };
  const input = { outstanding: { q: { request, deadline: START + 500 } }, answers: {} };
  const queued = { ...exec, phase: "queued", notBefore: START + 4000 } as const;
  assertEquals(dueAt({ ...head, exec: queued, input }, 5000), START + 500);
});
