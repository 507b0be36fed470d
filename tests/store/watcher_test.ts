import { assert, assertEquals } from "@std/assert";
import { reportProgress, type TaskHead } from "../../src/tasks/mod.ts";
import { headKey, type TaskStore, type Versioned } from "../../src/store/mod.ts";
import { away } from "../support/faulty_backend.ts";
import { settle } from "../support/settle.ts";
import { createTestStore, HOLDER, OWNER, sampleHead, type TestStore } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const KEY = headKey(OWNER, "task-1");

/** A store whose engine never hints, with one task. */
async function withTask(): Promise<TestStore> {
  const test = createTestStore();
  test.backend.watch = async function* () {};
  await test.store.create(sampleHead());
  return test;
}

function say(store: TaskStore, message: string): Promise<unknown> {
  return store.mutate(OWNER, "task-1", {
    decide: (head, now) => ({
      write: reportProgress(head, HOLDER, now, message, undefined),
      value: undefined,
    }),
  });
}

/** Subscribes and keeps what was told: status messages, and "gone". */
function listen(store: TaskStore, poll?: boolean): { readonly told: string[]; readonly stop: () => void } {
  const told: string[] = [];
  const stop = store.watcher.subscribe(KEY, (current) => {
    told.push(current === undefined ? "gone" : current.head.statusMessage ?? "-");
  }, { poll });
  return { told, stop };
}

Deno.test("Watcher tells of a change made in this process at once", async () => {
  const { store } = await withTask();
  const { told } = listen(store, false);
  await say(store, "a");
  await say(store, "b");
  assertEquals(told, ["a", "b"]);
  store.close();
});

Deno.test("Watcher finds a change made by another process at the next poll", async () => {
  const { store, another, runtime } = await withTask();
  const { told } = listen(store);
  await runtime.advance(250);
  assertEquals(told, ["-"]);
  await say(another(), "elsewhere");
  await runtime.advance(375);
  assertEquals(told, ["-", "elsewhere"]);
  store.close();
});

Deno.test("Watcher reads at once when the engine hints, also for those who do not poll", async () => {
  const { store, another, runtime } = createTestStore();
  await store.create(sampleHead());
  const { told } = listen(store, false);
  await runtime.advance(0);
  await say(another(), "elsewhere");
  await settle();
  assertEquals(told.at(-1), "elsewhere");
  assertEquals(runtime.pendingTimers, 0);
  store.close();
});

Deno.test("Watcher polls after 250 ms, then ever more rarely, at last every 5 s", async () => {
  const { store, backend, runtime } = await withTask();
  listen(store);
  backend.takeCounts();
  const polls: number[] = [];
  const start = runtime.monotonic();
  while (polls.length < 13) {
    await runtime.advance(runtime.nextTimerMs!);
    if (backend.takeCounts().get) polls.push(Math.round(runtime.monotonic() - start));
  }
  const gaps = polls.map((at, i) => at - (polls[i - 1] ?? 0));
  assertEquals(gaps[0], 250);
  assert(gaps.slice(1).every((gap, i) => gap >= gaps[i]!), `${gaps}`);
  assertEquals(gaps.slice(-3), [5000, 5000, 5000]);
  store.close();
});

Deno.test("Watcher polls soon again after a change, and for whoever comes later", async () => {
  const { store, another, runtime } = await withTask();
  const { told } = listen(store);
  await runtime.advance(60_000);
  await say(another(), "late");
  await runtime.advance(5000);
  assertEquals(told.at(-1), "late");
  await say(another(), "soon after");
  const second = listen(store);
  await runtime.advance(250);
  assertEquals([told.at(-1), second.told.at(-1)], ["soon after", "soon after"]);
  store.close();
});

Deno.test("Watcher reads many records in few calls", async () => {
  const { store, backend, runtime } = await withTask();
  backend.takeCounts();
  backend.getSizes.length = 0;
  for (let i = 0; i < 95; i++) store.watcher.subscribe(headKey(OWNER, `task-${i}`), () => {});
  await runtime.advance(250);
  assertEquals(backend.getSizes, [10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
  store.close();
});

verifies("lib-I4", "Watcher tells once that a record is gone: removed or expired", async () => {
  for (const end of ["removed", "expired"]) {
    const { store, another, runtime } = await withTask();
    const { told } = listen(store);
    await runtime.advance(250);
    if (end === "removed") await another().remove(sampleHead());
    else await runtime.advance(3_600_000 - 250);
    await runtime.advance(20_000);
    assertEquals(told, ["-", "gone"], end);
    store.close();
  }
});

Deno.test("Watcher serves 10,000 waiters on one record with one read per poll", async () => {
  const { store, another, backend, runtime } = await withTask();
  let told = 0;
  const stops = Array.from({ length: 10_000 }, () =>
    store.watcher.subscribe(KEY, (current) => {
      if (current?.head.statusMessage === "go") told++;
    }));
  assertEquals([store.watcher.size, runtime.pendingTimers], [1, 1]);
  await say(another(), "go");
  backend.takeCounts();
  backend.getSizes.length = 0;
  await runtime.advance(250);
  assertEquals([told, backend.getSizes], [10_000, [1]]);
  for (const stop of stops) stop();
  assertEquals([store.watcher.size, runtime.pendingTimers], [0, 0]);
});

Deno.test("Watcher leaves no timer when nobody waits, and none for those who do not poll", async () => {
  const { store, runtime } = await withTask();
  const first = listen(store, false);
  assertEquals(runtime.pendingTimers, 0);
  const second = listen(store);
  await runtime.advance(1000);
  assertEquals(runtime.pendingTimers, 1);
  first.stop();
  second.stop();
  assertEquals([store.watcher.size, runtime.pendingTimers], [0, 0]);
  listen(store);
  store.close();
  assertEquals([store.watcher.size, runtime.pendingTimers], [0, 0]);
});

Deno.test("Watcher goes on for the others when one stops, from within the call as well", async () => {
  const { store } = await withTask();
  let once = 0;
  const stop = store.watcher.subscribe(KEY, () => {
    once++;
    stop();
    stop();
  });
  const { told } = listen(store);
  await say(store, "a");
  await say(store, "b");
  assertEquals([once, told], [1, ["a", "b"]]);
  store.close();
});

verifies("lib-I16", "Watcher never goes back to an older state when a slow read comes in late", async () => {
  const { store, backend, runtime } = await withTask();
  const { told } = listen(store);
  const slow = Promise.withResolvers<void>();
  backend.onGet(async (get) => {
    const records = await get();
    await slow.promise;
    return records;
  });
  await runtime.advance(250);
  await say(store, "new");
  slow.resolve();
  await settle();
  assertEquals(told, ["new"]);
  store.close();
});

verifies(
  "T25-050",
  "Watcher tells a late subscriber of a change that came between its read and its start",
  async () => {
    const { store, runtime } = await withTask();
    const first = listen(store);
    const read: TaskHead = (await store.get(OWNER, "task-1")).head;
    await say(store, "missed");
    const second = listen(store);
    await runtime.advance(250);
    assertEquals([read.statusMessage, first.told, second.told], [undefined, ["missed"], ["missed"]]);
    store.close();
  },
);

verifies("lib-I16", "Watcher does not take a task for gone that was created while it read", async () => {
  const { store, backend, runtime } = createTestStore();
  backend.watch = async function* () {};
  const { told } = listen(store);
  const slow = Promise.withResolvers<void>();
  backend.onGet(async (get) => {
    const records = await get();
    await slow.promise;
    return records;
  });
  await runtime.advance(250);
  await store.create(sampleHead());
  slow.resolve();
  await settle();
  assertEquals(told, ["-"]);
  store.close();
});

Deno.test("Watcher asks again when the engine was away or the record undecodable", async () => {
  const { store, another, backend, runtime } = await withTask();
  const { told } = listen(store);
  backend.onGet(away, (get) => get().then(([record]) => [{ ...record!, value: new Uint8Array([0x7b]) }]));
  await say(another(), "a");
  await runtime.advance(250 + 375);
  assertEquals(told, []);
  await runtime.advance(600);
  assertEquals(told, ["a"]);
  store.close();
});

Deno.test("Watcher survives an engine whose hints fail", async () => {
  const { store, backend, another, runtime } = await withTask();
  // deno-lint-ignore require-yield
  backend.watch = async function* () {
    throw new Error("no hints today");
  };
  const states: (Versioned | undefined)[] = [];
  const stop = store.watcher.subscribe(KEY, (current) => void states.push(current));
  await say(another(), "a");
  await runtime.advance(250);
  assertEquals(states.map((current) => current?.head.statusMessage), ["a"]);
  stop();
});

Deno.test("Watcher reads nothing back at the hint of a write of its own process, and looks once to be sure", async () => {
  const { store, backend, another, runtime } = createTestStore();
  await store.create(sampleHead());
  const { told } = listen(store, false);
  await settle();
  const gets: string[] = [];
  const get = backend.get.bind(backend);
  backend.get = (keys) => {
    gets.push(keys.map(({ id }) => id).join());
    return get(keys);
  };
  const current = await store.get(OWNER, "task-1");
  gets.length = 0;
  await store.mutate(OWNER, "task-1", {
    decide: (head, now) => ({
      write: reportProgress(head, HOLDER, now, "mine", undefined),
      value: undefined,
    }),
  }, current);
  await settle();
  assertEquals([told, gets], [["mine"], []]);
  await runtime.advance(500);
  assertEquals(gets, ["task-1"]);
  await say(another(), "theirs");
  await settle();
  assertEquals(told, ["mine", "theirs"]);
  store.close();
});
