import { assertEquals, assertRejects } from "@std/assert";
import {
  ConcurrentModificationError,
  isTerminal,
  LimitReachedError,
  TaskError,
  type TaskHead,
  TaskNotFoundError,
  TooLargeError,
} from "../../src/tasks/mod.ts";
import { type Mutation, StorageUnavailableError, type TaskStore } from "../../src/store/mod.ts";
import {
  after,
  away,
  conflictWithItself,
  loseReply,
  loseReplyKnowingVersion,
  refuse,
  throwBefore,
} from "../support/faulty_backend.ts";
import {
  createTestStore,
  OWNER,
  sampleHead,
  sampleTask,
  START,
  type TestStore,
} from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const BIG = "x".repeat(100_000);

/** A change that counts how often it took effect, in the task's variables. */
const increment: Mutation<void> = {
  decide: (head) => ({ write: { ...head, variables: { json: { n: countOf(head) + 1 } } }, value: undefined }),
};

function countOf({ variables }: TaskHead): number {
  return "json" in variables ? (variables.json as { n?: number }).n ?? 0 : NaN;
}

async function storedCount(store: TaskStore): Promise<number> {
  return countOf((await store.get(OWNER, "task-1")).head);
}

async function withTask(changes: Partial<TaskHead> = {}): Promise<TestStore> {
  const test = createTestStore();
  await test.store.create(sampleHead(changes));
  test.backend.takeCounts();
  return test;
}

verifies(["T26-025", "T26-026", "lib-I4"], "create() answers only once the task can be read", async () => {
  const { store, another } = createTestStore();
  const { head } = await store.create(sampleHead());
  assertEquals(head.rev, 1);
  assertEquals((await another().get(OWNER, "task-1")).head, JSON.parse(JSON.stringify(head)));
});

for (const [name, fault] of Object.entries({ loseReply, loseReplyKnowingVersion, conflictWithItself })) {
  verifies("lib-I4", `create() finds its own record after ${name}`, async () => {
    const { store, backend, runtime } = createTestStore();
    backend.onPut("task", fault);
    const { head } = await runtime.drive(store.create(sampleHead()));
    assertEquals([head.rev, head.createNonce], [1, "create-nonce"]);
    assertEquals(backend.takeCounts(), { put: 1, get: 1 });
  });
}

Deno.test("create() repeats a put that did not reach the engine", async () => {
  const { store, backend, runtime } = createTestStore();
  backend.onPut("task", throwBefore, throwBefore);
  await runtime.drive(store.create(sampleHead()));
  assertEquals(backend.takeCounts(), { put: 3, get: 2 });
});

verifies("lib-I10", "create() does not believe a limit that hides its own landed record", async () => {
  const { store, backend, runtime } = createTestStore();
  // The first put takes effect unheard, and the owner is full because of it.
  backend.onPut("task", async (put) => {
    await put();
    throw new StorageUnavailableError("The reply was lost");
  }, refuse("limit"));
  backend.onGet(() => Promise.resolve([undefined]));
  const { head } = await runtime.drive(store.create(sampleHead(), 1));
  assertEquals(head.id, "task-1");
});

verifies("lib-I10", "create() stops at the limit of active tasks and stores nothing", async () => {
  const { store, backend } = createTestStore();
  await store.create(sampleHead(), 2);
  await store.create(sampleHead({ id: "task-2" }), 2);
  const third = sampleHead({ id: "task-3" }, { args: { BIG } });
  const error = await assertRejects(() => store.create(third, 2), LimitReachedError);
  assertEquals([error.code, error.limit, error.retryAfterMs], ["limit", "activeTasks", 1000]);
  const { records } = await backend.list({ owner: OWNER, kind: "payload", limit: 10 });
  assertEquals(records, []);
  assertEquals(await store.find(OWNER, "task-3"), undefined);
});

verifies("lib-I10", "A finished and a cancelled task no longer count against the limit", async () => {
  const { store } = createTestStore();
  await store.create(sampleHead(), 1);
  await store.cancel(OWNER, "task-1");
  await store.create(sampleHead({ id: "task-2" }), 1);
  const holder = { epoch: 1, leaseOwner: "here" };
  await store.finish({ owner: OWNER, id: "task-2", ...holder }, { kind: "result", result: {} });
  await store.create(sampleHead({ id: "task-3" }), 1);
});

Deno.test("create() refuses an id that is taken by another task", async () => {
  const { store } = await withTask();
  const twin = sampleHead({ createNonce: "another" });
  await assertRejects(() => store.create(twin), TaskError, 'Cannot create task "task-1": the id is taken');
});

verifies("lib-I12", "create() states the instant after which the engine must refuse it", async () => {
  const { store, backend } = createTestStore();
  let notAfter: number | undefined;
  backend.onPut("task", (put, write) => {
    notAfter = write.notAfter;
    return put();
  });
  await store.create(sampleHead());
  assertEquals(notAfter, START + 10_000);
});

Deno.test("create() gives up after bounded attempts with the engine's error", async () => {
  const { store, backend, runtime } = createTestStore({ maxWriteAttempts: 5 });
  backend.onPut("task", ...Array(9).fill(throwBefore));
  await assertRejects(() => runtime.drive(store.create(sampleHead())), StorageUnavailableError);
  assertEquals(backend.takeCounts().put, 5);
});

for (
  const fault of [throwBefore, loseReply, loseReplyKnowingVersion, conflictWithItself, refuse("conflict")]
) {
  verifies(
    "lib-I16",
    `mutate() takes effect exactly once after ${fault.name || "a false conflict"}`,
    async () => {
      const { store, backend, runtime } = await withTask();
      backend.onPut("task", fault);
      const { current } = await runtime.drive(store.mutate(OWNER, "task-1", increment));
      assertEquals([countOf(current.head), current.head.rev, await storedCount(store)], [1, 2, 1]);
    },
  );
}

verifies("lib-I16", "mutate() decides anew on what another writer stored", async () => {
  const { store, backend, runtime, another } = await withTask();
  backend.onPut("task", after(() => another().mutate(OWNER, "task-1", increment)));
  const { current } = await runtime.drive(store.mutate(OWNER, "task-1", increment));
  assertEquals([countOf(current.head), current.head.rev, await storedCount(store)], [2, 3, 2]);
});

Deno.test("mutate() knows by its mark that it took effect, although it was overwritten since", async () => {
  const { store, backend, runtime, another } = await withTask();
  backend.onPut("task", async (put) => {
    await put();
    await another().mutate(OWNER, "task-1", {
      decide: (head) => ({ write: { ...head, statusMessage: "overwritten" }, value: undefined }),
    });
    throw new StorageUnavailableError("The reply was lost");
  });
  const marked = { ...increment, landed: (head: TaskHead) => countOf(head) > 0 };
  const { current } = await runtime.drive(store.mutate(OWNER, "task-1", marked));
  assertEquals([current.head.statusMessage, await storedCount(store)], ["overwritten", 1]);
});

Deno.test("mutate() gives up after bounded attempts, and leaves the task as others wrote it", async () => {
  const { store, backend, runtime, another } = createTestStore({ maxWriteAttempts: 4 });
  await store.create(sampleHead());
  backend.takeCounts();
  backend.onPut("task", ...Array(9).fill(after(() => another().mutate(OWNER, "task-1", increment))));
  await assertRejects(
    () => runtime.drive(store.mutate(OWNER, "task-1", increment)),
    ConcurrentModificationError,
    "lost against concurrent writers 4 times",
  );
  assertEquals([backend.takeCounts().put, await storedCount(store)], [4, 4]);
});

Deno.test("mutate() gives up after bounded attempts when the engine stays away", async () => {
  const { store, backend, runtime } = createTestStore({ maxWriteAttempts: 4 });
  await store.create(sampleHead());
  backend.takeCounts();
  backend.onPut("task", ...Array(9).fill(throwBefore));
  await assertRejects(() => runtime.drive(store.mutate(OWNER, "task-1", increment)), StorageUnavailableError);
  assertEquals([backend.takeCounts().put, await storedCount(store)], [4, 0]);
});

Deno.test("mutate() says that the outcome is unknown when even the second look fails", async () => {
  const { store, backend, runtime } = await withTask();
  const known = await store.get(OWNER, "task-1");
  backend.onPut("task", loseReply);
  backend.onGet(away);
  await assertRejects(
    () => runtime.drive(store.mutate(OWNER, "task-1", increment, known)),
    StorageUnavailableError,
  );
  assertEquals(await storedCount(store), 1);
});

Deno.test("mutate() saves the read where the state is known, and a stale one costs a read", async () => {
  const { store, backend, runtime } = await withTask();
  const known = await store.get(OWNER, "task-1");
  backend.takeCounts();
  await store.mutate(OWNER, "task-1", increment, known);
  assertEquals(backend.takeCounts(), { put: 1 });
  const { current } = await runtime.drive(store.mutate(OWNER, "task-1", increment, known));
  assertEquals([countOf(current.head), backend.takeCounts()], [2, { put: 2, get: 1 }]);
});

Deno.test("mutate() numbers every put, also when the decision gives back the head it was given", async () => {
  const { store } = await withTask();
  const touch: Mutation<void> = { decide: (head) => ({ write: head, value: undefined }) };
  await store.mutate(OWNER, "task-1", touch);
  assertEquals((await store.mutate(OWNER, "task-1", touch)).current.head.rev, 3);
});

Deno.test("mutate() stores nothing when the decision is to skip, or throws", async () => {
  const { store, backend } = await withTask();
  assertEquals((await store.mutate(OWNER, "task-1", { decide: () => ({ skip: 7 }) })).value, 7);
  const refusal = () => {
    throw new RangeError("no");
  };
  await assertRejects(() => store.mutate(OWNER, "task-1", { decide: refusal }), RangeError, "no");
  assertEquals(backend.takeCounts(), { get: 2 });
});

verifies("lib-I9", "mutate() finds neither unknown, nor foreign, nor expired tasks", async () => {
  const { store, runtime } = await withTask();
  await assertRejects(() => store.mutate(OWNER, "task-2", increment), TaskNotFoundError);
  await assertRejects(() => store.mutate("someone-else", "task-1", increment), TaskNotFoundError);
  const known = await store.get(OWNER, "task-1");
  await runtime.advance(3_600_000);
  await assertRejects(() => store.mutate(OWNER, "task-1", increment), TaskNotFoundError);
  await assertRejects(() => store.mutate(OWNER, "task-1", increment, known), TaskNotFoundError);
});

verifies("lib-I12", "mutate() does not bring back a task that was removed in between", async () => {
  const { store, backend, runtime, another } = await withTask();
  backend.onPut(
    "task",
    after(async () => {
      const twin = another();
      await twin.remove((await twin.get(OWNER, "task-1")).head);
    }),
  );
  await assertRejects(() => runtime.drive(store.mutate(OWNER, "task-1", increment)), TaskNotFoundError);
  assertEquals(await store.find(OWNER, "task-1"), undefined);
});

verifies("lib-I11", "mutate() deletes the payloads of a write that lost", async () => {
  const { store, backend, runtime, another } = await withTask();
  backend.onPut("task", after(() => another().cancel(OWNER, "task-1")));
  const { value } = await runtime.drive(store.mutate<boolean>(OWNER, "task-1", {
    decide: (head) =>
      isTerminal(head.status)
        ? { skip: false }
        : { write: { ...head, variables: { json: { BIG } } }, value: true },
  }));
  assertEquals(value, false);
  const { records } = await backend.list({ owner: OWNER, kind: "payload", limit: 10 });
  assertEquals(records, []);
});

verifies("lib-I2", "mutate() keeps the payloads of a write whose reply was lost", async () => {
  const { store, backend, runtime } = await withTask();
  backend.onPut("task", loseReply);
  const change: Mutation<void> = {
    decide: (head) => ({ write: { ...head, variables: { json: { BIG } } }, value: undefined }),
  };
  const { current } = await runtime.drive(store.mutate(OWNER, "task-1", change));
  assertEquals(await store.load(current.head, current.head.variables), { BIG });
});

Deno.test("mutate() survives that orphans cannot be deleted: the sweep will", async () => {
  const { store, backend, runtime, another } = await withTask();
  backend.onPut("task", after(() => another().mutate(OWNER, "task-1", increment)));
  backend.onDelete(away);
  const change: Mutation<void> = {
    decide: (head) => ({ write: { ...head, variables: { json: { BIG } } }, value: undefined }),
  };
  await runtime.drive(store.mutate(OWNER, "task-1", change));
  const { records } = await backend.list({ owner: OWNER, kind: "payload", limit: 10 });
  assertEquals(records.length, 2);
  const due = await backend.due({ before: START + 9e9, shard: 0, limit: 10 });
  assertEquals(due.keys.filter(({ kind }) => kind === "payload").length, 2);
});

verifies("lib-I2", "mutate() writes payloads before the head that names them", async () => {
  const { store, backend } = await withTask();
  backend.putKinds.length = 0;
  await store.finish(
    { owner: OWNER, id: "task-1", epoch: 1, leaseOwner: "here" },
    { kind: "result", result: { content: [], BIG } },
  );
  assertEquals(backend.putKinds, ["payload", "task"]);
});

Deno.test("create() refuses a head that cannot be made small enough, and stores nothing of it", async () => {
  const { store, backend } = createTestStore();
  const principal = { subject: "ada", claims: { huge: BIG } };
  const draft = sampleHead({}, { principal, args: { BIG } });
  await assertRejects(() => store.create(draft), TooLargeError, "the limit is 49152");
  for (const kind of ["task", "payload"] as const) {
    assertEquals((await backend.list({ owner: OWNER, kind, limit: 10 })).records, []);
  }
});

verifies(
  ["lib-I10", "lib-I11"],
  "Every put states when the task is due, when it may go, and whether it counts",
  async () => {
    const { store, backend } = createTestStore();
    const facts: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      backend.onPut("task", (put, { dueAt, purgeAt, active }) => {
        facts.push({ dueAt, purgeAt, active });
        return put();
      });
    }
    await store.create(store.draft(sampleTask()));
    await store.cancel(OWNER, "task-1");
    const expiresAt = START + 3_600_000;
    assertEquals(facts, [
      { dueAt: START + 35_000, purgeAt: expiresAt + 600_000, active: true },
      { dueAt: expiresAt, purgeAt: expiresAt + 600_000, active: false },
    ]);
  },
);
