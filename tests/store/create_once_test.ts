import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  createOnce,
  idempotencyDueAt,
  type IdempotencyRecord,
  type RecordKey,
  StorageUnavailableError,
  toBytes,
  toText,
} from "../../src/store/mod.ts";
import { Executor, Recovery } from "../../src/execution/mod.ts";
import {
  IdempotencyConflictError,
  LimitReachedError,
  type TaskHead,
  TaskIdTakenError,
} from "../../src/tasks/mod.ts";
import { loseReply, type PutFault, refuse, throwBefore } from "../support/faulty_backend.ts";
import { createTestStore, OWNER, sampleHead, START, type TestStore } from "../support/sample_tasks.ts";

const KEY: RecordKey = { owner: OWNER, kind: "idem", id: "report/key" };
const MINUTE = 60_000;

interface CallOptions {
  readonly args?: string;
  readonly limit?: number;
  /** Called when the call is about to make its task. */
  readonly onMake?: (createBy: number) => void | Promise<void>;
}

/** A keyed call that creates a task which lives for a minute. */
function call({ store }: TestStore, { args = "args", limit, onMake }: CallOptions = {}): Promise<TaskHead> {
  return createOnce(store, KEY, args, async ({ taskId, idem, createBy }) => {
    await onMake?.(createBy);
    const now = store.runtime.now();
    const draft = { ...sampleHead(), id: taskId, idem, createdAt: now, expiresAt: now + MINUTE };
    return (await store.create({ ...draft, createNonce: store.runtime.newTaskId(now) }, limit, createBy))
      .head;
  });
}

async function recordOf({ backend }: TestStore): Promise<IdempotencyRecord | undefined> {
  const [stored] = await backend.get([KEY]);
  return stored && JSON.parse(toText(stored.value));
}

async function tasksOf({ store }: TestStore): Promise<string[]> {
  return (await store.list(OWNER, { limit: 10 })).heads.map(({ id }) => id);
}

Deno.test("createOnce() costs one put more, and one more read to find the task again", async () => {
  const test = createTestStore();
  const { id } = await call(test);
  assertEquals(test.backend.takeCounts(), { put: 2 });
  assertEquals((await call(test)).id, id);
  assertEquals(test.backend.takeCounts(), { put: 1, get: 2 });
});

Deno.test("createOnce() makes the task of a crashed call: the same one", async () => {
  const test = createTestStore();
  await assertRejects(() =>
    call(test, { onMake: () => Promise.reject(new StorageUnavailableError("gone")) })
  );
  const { taskId } = (await recordOf(test))!;
  assertEquals((await test.runtime.drive(call(test))).id, taskId);
});

Deno.test("createOnce() lets no task come when its key may have been given to another", async () => {
  const test = createTestStore();
  const late = Promise.withResolvers<void>();
  const first = call(test, { onMake: () => late.promise }).catch((error) => error);
  await test.runtime.advance(9999);
  assertEquals((await recordOf(test))?.createBy, START + 10_000);
  // Its store makes sure of that itself: this process may be stopped at any instant.
  await test.runtime.advance(2);
  late.resolve();
  assertEquals(await test.runtime.drive(first) instanceof StorageUnavailableError, true);
  // Whether clocks agree is not certain: for a while the key stands for that task, or for none.
  await assertRejects(() => test.runtime.drive(call(test)), StorageUnavailableError, "not known yet");
  await test.runtime.advance(5000);
  const { id } = await call(test);
  assertEquals(await tasksOf(test), [id]);
});

Deno.test("createOnce() passes the record's time on, and asks the engine to keep to it", async () => {
  const test = createTestStore();
  const seen: unknown[] = [];
  const note: PutFault = (put, write) => (seen.push(write.notAfter), put());
  test.backend.onPut("idem", note);
  test.backend.onPut("task", note);
  await call(test, { onMake: (createBy) => void (seen.push(createBy), test.runtime.jumpWallClock(3000)) });
  assertEquals(seen, [START + 10_000, START + 10_000, START + 10_000]);
});

for (const fault of [loseReply, throwBefore]) {
  Deno.test(`createOnce() can be tried again after the put of its record had no reply (${fault.name})`, async () => {
    const test = createTestStore();
    test.backend.onPut("idem", fault);
    await assertRejects(() => test.runtime.drive(call(test)), StorageUnavailableError);
    const { id } = await test.runtime.drive(call(test));
    assertEquals([(await recordOf(test))?.taskId, await tasksOf(test)], [id, [id]]);
  });
}

Deno.test("createOnce() takes its own record, answered as a conflict, for what it is", async () => {
  const test = createTestStore();
  test.backend.onPut("idem", async (put) => {
    await put();
    return { ok: false, reason: "conflict" };
  });
  const { id } = await test.runtime.drive(call(test));
  assertEquals(await tasksOf(test), [id]);
});

Deno.test("createOnce() answers with the twin's task where that came first", async () => {
  const test = createTestStore();
  let twin: TaskHead | undefined;
  const mine = await test.runtime.drive(call(test, {
    onMake: async () => {
      if (twin === undefined) twin = await test.runtime.drive(call(test, { onMake: () => {} }));
    },
  }));
  assertEquals([mine.id, mine.createNonce], [twin!.id, twin!.createNonce]);
  assertEquals((await recordOf(test))?.isReleased, undefined);
});

Deno.test("createOnce() lets the key of a refused task go, unless another call is about to make it", async () => {
  const alone = createTestStore();
  alone.backend.onPut("task", refuse("limit"));
  await assertRejects(() => call(alone, { limit: 1 }), LimitReachedError);
  assertEquals((await recordOf(alone))?.isReleased, true);
  const { taskId } = (await recordOf(alone))!;
  assertNotEquals((await call(alone)).id, taskId);

  const test = createTestStore();
  const mayGoOn = Promise.withResolvers<void>();
  let twin: Promise<TaskHead> | undefined;
  test.backend.onPut("task", refuse("limit"));
  const refused = call(test, {
    limit: 1,
    onMake: async () => {
      const hasJoined = Promise.withResolvers<void>();
      twin = call(test, { onMake: () => (hasJoined.resolve(), mayGoOn.promise) });
      await test.runtime.drive(hasJoined.promise);
    },
  });
  await assertRejects(() => refused, LimitReachedError);
  mayGoOn.resolve();
  const { id } = await test.runtime.drive(twin!);
  assertEquals((await test.runtime.drive(call(test))).id, id);
});

Deno.test("createOnce() reports other arguments for as long as the key stands for a task", async () => {
  const test = createTestStore();
  const { id } = await call(test);
  await test.runtime.advance(MINUTE - 1);
  await assertRejects(() => call(test, { args: "others" }), IdempotencyConflictError);
  await test.runtime.advance(1);
  assertNotEquals((await call(test, { args: "others" })).id, id);
});

Deno.test("createOnce() gives up where others keep changing the record, and can be tried again", async () => {
  const test = createTestStore();
  test.backend.onPut("idem", ...Array.from({ length: 30 }, () => refuse("conflict")));
  await assertRejects(() => test.runtime.drive(call(test)), StorageUnavailableError, "others keep changing");
  assertEquals(await tasksOf(test), []);
});

Deno.test("createOnce() hands a fault of its own on, and a record that it cannot read", async () => {
  const test = createTestStore();
  const error = await assertRejects(() =>
    call(test, { onMake: () => Promise.reject(new TaskIdTakenError("x")) })
  );
  assertEquals((error as Error).name, "TaskIdTakenError");
  const [stored] = await test.backend.get([KEY]);
  await test.backend.put({ key: KEY, value: toBytes('{"schema":2}') }, { version: stored!.version });
  const unreadable = await assertRejects(() => test.runtime.drive(call(test)));
  assertEquals((unreadable as Error).name, "UndecodableRecordError");
});

Deno.test("the scan lets a key go when no task of it can live, and spares one that was used again", async () => {
  const test = createTestStore();
  const recovery = new Recovery(new Executor(test.store), {
    namespace: "reports",
    findTool: () => undefined,
  });
  await call(test, { onMake: () => Promise.reject(new StorageUnavailableError("gone")) }).catch(() => {});
  const record = (await recordOf(test))!;
  await test.runtime.advance(idempotencyDueAt(record, test.store.config) - test.runtime.now() + 1);
  test.backend.onGet(async (get) => {
    // Between the listing and the reading.
    await call(test);
    return await get();
  });
  await test.runtime.drive(recovery.scan());
  const again = (await recordOf(test))!;
  assertEquals([again.taskId === record.taskId, again.isReleased], [false, undefined]);
  await test.runtime.advance(idempotencyDueAt(again, test.store.config) - test.runtime.now() + 1);
  await test.runtime.drive(recovery.scan());
  assertEquals((await recordOf(test))?.isReleased ?? true, true);
});
