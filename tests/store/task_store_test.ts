import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ask,
  InvalidTransitionError,
  type JournalEntry,
  LeaseLostError,
  type Spillable,
  type TaskHead,
  TaskNotFoundError,
  TaskNotReadyError,
  VariableLimitError,
} from "../../src/tasks/mod.ts";
import { StorageUnavailableError, type TaskStore } from "../../src/store/mod.ts";
import { after, loseReply } from "../support/faulty_backend.ts";
import { createTestStore, HOLDER, OWNER, sampleHead, type TestStore } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const RESULT = { content: [{ type: "text", text: "done" }] };
const REF = { owner: OWNER, id: "task-1", ...HOLDER };
const request = { json: { method: "roots/list" } };

async function withTask(changes: Partial<TaskHead> = {}): Promise<TestStore> {
  const test = createTestStore();
  await test.store.create(sampleHead(changes));
  return test;
}

async function withQuestions(...keys: string[]): Promise<TestStore> {
  const questions = Object.fromEntries(keys.map((key) => [key, { request }]));
  return await withTask(ask(sampleHead(), HOLDER, 0, questions));
}

verifies(
  ["lib-I9", "T25-109", "T26-102"],
  "Foreign, unknown and expired tasks get the same error from everything",
  async () => {
    const { store, runtime } = await withTask();
    await store.create(sampleHead({ id: "short", expiresAt: runtime.now() + 1000 }));
    await runtime.advance(1000);
    const operations: Readonly<Record<string, (owner: string, id: string) => Promise<unknown>>> = {
      get: (owner, id) => store.get(owner, id),
      cancel: (owner, id) => store.cancel(owner, id),
      answer: (owner, id) => store.answer(owner, id, { a: { value: 1 } }),
      finish: (owner, id) => store.finish({ ...HOLDER, owner, id }, { kind: "result", result: RESULT }),
      updateStatus: (owner, id) => store.updateStatus(owner, id, "failed"),
      setVariables: (owner, id) => store.setVariables(owner, id, { a: 1 }),
      getVariables: (owner, id) => store.getVariables(owner, id),
      setResult: (owner, id) => store.setResult(owner, id, RESULT),
      getResult: (owner, id) => store.getResult(owner, id),
      completeWithResult: (owner, id) => store.completeWithResult(owner, id, RESULT),
    };
    for (const [name, operation] of Object.entries(operations)) {
      const errors = await Promise.all([["other", "task-1"], [OWNER, "unknown"], [OWNER, "short"]].map(
        ([owner, id]) => assertRejects(() => operation(owner!, id!), TaskNotFoundError),
      ));
      assertEquals(new Set(errors.map(({ message }) => message)).size, 1, name);
    }
    const [task] = (await store.list(OWNER, { limit: 10 })).heads;
    assertEquals([task?.id, task?.rev], ["task-1", 1]);
  },
);

verifies(
  ["T25-081", "lib-I1", "lib-I5"],
  "cancel() wins once, and nothing the handler does changes it",
  async () => {
    const { store } = await withTask();
    const first = await store.cancel(OWNER, "task-1");
    const second = await store.cancel(OWNER, "task-1");
    assertEquals([first.value, second.value, first.current.head.status], [true, false, "cancelled"]);
    const error = await assertRejects(
      () => store.finish(REF, { kind: "result", result: RESULT }),
      LeaseLostError,
    );
    assertEquals(error.code, "cancelled");
    await assertRejects(() => store.completeWithResult(OWNER, "task-1", RESULT), InvalidTransitionError);
    const { head } = await store.get(OWNER, "task-1");
    assertEquals([head.status, head.rev, head.outcome], ["cancelled", 2, undefined]);
  },
);

verifies("lib-I1", "cancel() against finish(): whichever commits first stays", async () => {
  const late = await withTask();
  late.backend.onPut("task", after(() => late.another().finish(REF, { kind: "result", result: RESULT })));
  const lost = await late.runtime.drive(late.store.cancel(OWNER, "task-1"));
  assertEquals([lost.value, lost.current.head.status], [false, "completed"]);

  const early = await withTask();
  early.backend.onPut("task", after(() => early.another().cancel(OWNER, "task-1")));
  const finish = early.runtime.drive(early.store.finish(REF, { kind: "result", result: RESULT }));
  await assertRejects(() => finish, LeaseLostError);
  assertEquals((await early.store.get(OWNER, "task-1")).head.status, "cancelled");
});

Deno.test("cancel() knows that it won although the reply was lost", async () => {
  const { store, backend, runtime } = await withTask();
  backend.onPut("task", loseReply);
  assertEquals((await runtime.drive(store.cancel(OWNER, "task-1"))).value, true);
});

verifies(
  ["lib-I6", "T26-071"],
  "answer() counts the first answer only, also when both are given at once",
  async () => {
    const { store, backend, another, runtime } = await withQuestions("a", "b");
    backend.onPut("task", after(() => another().answer(OWNER, "task-1", { a: { value: "first" } })));
    const { value } = await runtime.drive(
      store.answer(OWNER, "task-1", { a: { value: "second" }, b: { value: 2 } }),
    );
    assertEquals(value, ["b"]);
    const { input } = (await store.get(OWNER, "task-1")).head;
    assertEquals(Object.entries(input.answers).map(([key, { value }]) => [key, value]), [
      ["a", { json: "first" }],
      ["b", { json: 2 }],
    ]);
  },
);

verifies("lib-I6", "answer() whose reply was lost is taken once, and acknowledged", async () => {
  const { store, backend, runtime } = await withQuestions("a");
  backend.onPut("task", loseReply);
  const { value, current } = await runtime.drive(store.answer(OWNER, "task-1", { a: { value: 1 } }));
  assertEquals([value, current.head.status, current.head.rev], [["a"], "working", 2]);
});

Deno.test("answer() to nothing that is open writes nothing", async () => {
  const { store, backend } = await withQuestions("a");
  backend.takeCounts();
  assertEquals((await store.answer(OWNER, "task-1", { z: { value: 1 } })).value, []);
  assertEquals(backend.takeCounts(), { get: 1 });
});

verifies(
  ["T25-051", "T26-055", "lib-I2"],
  "finish() stores an outcome of 10 MiB whole, and shows nothing of it before",
  async () => {
    const { store, backend } = await withTask();
    const result = { content: [{ type: "text", text: "x".repeat(10 * 1024 * 1024) }] };
    let seen: unknown = "not looked";
    backend.onPut(
      "task",
      after(async () => seen = await store.getResult(OWNER, "task-1").catch((error) => error.name)),
    );
    await store.finish(REF, { kind: "result", result });
    assertEquals(seen, "TaskNotReadyError");
    const outcome = await store.getResult(OWNER, "task-1");
    assertEquals(
      outcome.kind === "result" && JSON.stringify(outcome.result) === JSON.stringify(result),
      true,
    );
  },
);

verifies("lib-I3", "finish() whose reply was lost stores one outcome", async () => {
  const { store, backend, runtime } = await withTask();
  backend.onPut("task", loseReply);
  const { current } = await runtime.drive(store.finish(REF, { kind: "result", result: RESULT }));
  assertEquals([current.head.status, current.head.rev], ["completed", 2]);
});

verifies(
  ["T26-053", "T26-055"],
  "finish() with a JSON-RPC error is failed and gives it back as it was",
  async () => {
    const { store } = await withTask();
    const error = { code: -32603, message: "Out of paper", data: { tray: 2 } };
    await store.finish(REF, { kind: "rpcError", error });
    const { head } = await store.get(OWNER, "task-1");
    assertEquals([head.status, await store.loadOutcome(head)], ["failed", { kind: "rpcError", error }]);
  },
);

Deno.test("getResult() before the end, and of a cancelled task, says which status it is", async () => {
  const { store } = await withTask();
  const working = await assertRejects(() => store.getResult(OWNER, "task-1"), TaskNotReadyError);
  await store.cancel(OWNER, "task-1");
  const cancelled = await assertRejects(() => store.getResult(OWNER, "task-1"), TaskNotReadyError);
  assertEquals([working.status, cancelled.status], ["working", "cancelled"]);
});

Deno.test("setResult() is invisible until the task completes, small or large, and keeps isError", async () => {
  for (const size of [1, 100_000]) {
    for (const isError of [false, true]) {
      const { store } = await withTask();
      const result = { content: [{ type: "text", text: "x".repeat(size) }], ...(isError ? { isError } : {}) };
      await store.setResult(OWNER, "task-1", result);
      await assertRejects(() => store.getResult(OWNER, "task-1"), TaskNotReadyError);
      await store.updateStatus(OWNER, "task-1", "completed");
      assertEquals(await store.getResult(OWNER, "task-1"), { kind: "result", isError, result });
    }
  }
});

Deno.test("updateStatus() to failed and completed leaves an outcome that can be read", async () => {
  const failed = await withTask();
  await failed.store.updateStatus(OWNER, "task-1", "failed", "No paper");
  const error = { code: -32603, message: "No paper" };
  assertEquals(await failed.store.getResult(OWNER, "task-1"), { kind: "rpcError", error });
  const completed = await withTask();
  await completed.store.updateStatus(OWNER, "task-1", "completed");
  const outcome = await completed.store.getResult(OWNER, "task-1");
  assertEquals(outcome, { kind: "result", isError: false, result: { content: [] } });
});

verifies("lib-I8", "completeWithResult() takes the task from its holder", async () => {
  const { store } = await withTask();
  await store.completeWithResult(OWNER, "task-1", RESULT, "by hand");
  await assertRejects(() => store.finish(REF, { kind: "result", result: {} }), LeaseLostError);
  const { head } = await store.get(OWNER, "task-1");
  assertEquals([head.status, head.statusMessage, head.exec.phase], ["completed", "by hand", "done"]);
  assertEquals(await store.getResult(OWNER, "task-1"), { kind: "result", isError: false, result: RESULT });
});

Deno.test("setVariables() merges what two processes set at the same time", async () => {
  const { store, backend, another, runtime } = await withTask();
  await store.setVariables(OWNER, "task-1", { a: 1, b: 1 });
  backend.onPut("task", after(() => another().setVariables(OWNER, "task-1", { b: null, c: 3 })));
  const merged = await runtime.drive(store.setVariables(OWNER, "task-1", { d: 4 }));
  assertEquals(merged, { a: 1, c: 3, d: 4 });
  assertEquals(await store.getVariables(OWNER, "task-1"), merged);
});

Deno.test("setVariables() beyond the limits changes nothing", async () => {
  const variableLimits = { maxBytes: 100, maxDepth: 3, maxStringBytes: 90, maxNameBytes: 8 };
  const { store } = createTestStore({ variableLimits });
  await store.create(sampleHead());
  await store.setVariables(OWNER, "task-1", { a: "x".repeat(60) });
  await assertRejects(() => store.setVariables(OWNER, "task-1", { b: "x".repeat(60) }), VariableLimitError);
  assertEquals(await store.getVariables(OWNER, "task-1"), { a: "x".repeat(60) });
});

verifies("lib-I1", "setVariables() does not write a task that ended while it was merging", async () => {
  const { store, backend, another, runtime } = await withTask();
  backend.onPut("task", after(() => another().cancel(OWNER, "task-1")));
  const done = runtime.drive(store.setVariables(OWNER, "task-1", { late: true }));
  await assertRejects(() => done, TaskNotReadyError);
  const { head } = await store.get(OWNER, "task-1");
  assertEquals([head.status, head.rev, head.variables], ["cancelled", 2, { json: {} }]);
});

Deno.test("setVariables() gives up after bounded attempts", async () => {
  const { store, backend, another, runtime } = createTestStore({ maxWriteAttempts: 3 });
  await store.create(sampleHead());
  let n = 0;
  backend.onPut("task", ...Array(40).fill(after(() => another().setVariables(OWNER, "task-1", { n: n++ }))));
  await assertRejects(
    () => runtime.drive(store.setVariables(OWNER, "task-1", { mine: 1 })),
    Error,
    "lost against",
  );
});

verifies(
  ["T25-072", "T25-074", "T25-075"],
  "list() walks all tasks of an owner, newest first, and nobody else's",
  async () => {
    const { store } = createTestStore();
    const ids = Array.from({ length: 25 }, (_, i) => `task-${String(i).padStart(2, "0")}`);
    for (const id of ids) await store.create(sampleHead({ id }));
    await store.create(sampleHead({ id: "task-99", owner: "someone-else" }));
    assertEquals(await walk(store, 7), ids.toReversed());
    assertEquals(await walk(store, 25), ids.toReversed());
    assertEquals((await store.list(OWNER, { limit: 30 })).after, undefined);
  },
);

verifies("T25-074", "list() leaves expired tasks out, and loses none behind them", async () => {
  const { store, backend, runtime } = createTestStore();
  const ids = Array.from({ length: 40 }, (_, i) => `task-${String(i).padStart(2, "0")}`);
  for (const [i, id] of ids.entries()) {
    await store.create(sampleHead({ id, expiresAt: runtime.now() + (i % 4 === 0 ? 10_000 : 1000) }));
  }
  await runtime.advance(1000);
  const alive = ids.filter((_, i) => i % 4 === 0).toReversed();
  assertEquals(await walk(store, 5), alive);
  backend.takeCounts();
  await store.list(OWNER, { limit: 5 });
  assertEquals(backend.takeCounts(), { list: 2 });
});

async function walk(store: TaskStore, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list(OWNER, { limit, after });
    assert(page.heads.length <= limit);
    ids.push(...page.heads.map(({ id }) => id));
    after = page.after;
  } while (after !== undefined);
  return ids;
}

async function payloadBytes({ backend }: TestStore): Promise<number> {
  const { records } = await backend.list({ owner: OWNER, kind: "payload", limit: 1000 });
  return records.reduce((sum, { value }) => sum + value.length, 0);
}

verifies("lib-I11", "Large variables set again and again keep two generations at most", async () => {
  const test = createTestStore();
  const { store, another } = test;
  const big = (i: number) => `${i} ${"x".repeat(60_000)}`;
  await store.create(sampleHead());
  for (let i = 0; i < 50; i++) {
    const before = await store.get(OWNER, "task-1");
    await store.setVariables(OWNER, "task-1", { big: big(i) });
    // Who read the head before the write finds what it names.
    assertEquals(
      await another().load(before.head, before.head.variables),
      i === 0 ? {} : { big: big(i - 1) },
    );
    assert(await payloadBytes(test) <= 121_000);
  }
  assertEquals(await store.getVariables(OWNER, "task-1"), { big: big(49) });
  await store.setVariables(OWNER, "task-1", { big: 1 });
  const small = await store.setVariables(OWNER, "task-1", { big: 2 });
  assertEquals(small, { big: 2 });
  await store.remove((await store.get(OWNER, "task-1")).head);
  assertEquals(await payloadBytes(test), 0);
});

verifies("lib-I11", "remove() takes variables that were replaced last with it", async () => {
  const test = createTestStore();
  await test.store.create(sampleHead({}, { variables: { big: "x".repeat(10_000) } }));
  await test.store.setVariables(OWNER, "task-1", { big: "y".repeat(10_000) });
  assert(await payloadBytes(test) > 20_000);
  await test.store.remove((await test.store.get(OWNER, "task-1")).head);
  assertEquals(await payloadBytes(test), 0);
});

verifies("lib-I2", "Variables replaced twice while somebody reads them are read again", async () => {
  const { store, another } = createTestStore();
  await store.create(sampleHead({}, { variables: { big: "0".repeat(10_000) } }));
  const stale = await store.get(OWNER, "task-1");
  for (const digit of "123") await another().setVariables(OWNER, "task-1", { big: digit.repeat(10_000) });
  assertEquals(await store.loadVariables(stale.head), { big: "3".repeat(10_000) });
});

Deno.test("A result set ahead again and again keeps two generations at most, and the last one counts", async () => {
  const test = createTestStore();
  const { store } = test;
  await store.create(sampleHead());
  for (let i = 0; i < 20; i++) {
    await store.setResult(OWNER, "task-1", { content: [], big: `${i} ${"x".repeat(10_000)}` });
    assert(await payloadBytes(test) <= 20_200);
  }
  await store.updateStatus(OWNER, "task-1", "completed");
  const outcome = await store.getResult(OWNER, "task-1");
  assert(outcome.kind === "result" && String(outcome.result.big).startsWith("19 "));
});

verifies("lib-I11", "A write of variables that is lost deletes nothing that is named", async () => {
  const { store, backend, another, runtime } = createTestStore();
  const big = (digit: string) => ({ big: digit.repeat(10_000) });
  await store.create(sampleHead({}, { variables: big("0") }));
  await store.setVariables(OWNER, "task-1", big("1"));
  backend.onPut("task", loseReply, after(() => another().setVariables(OWNER, "task-1", big("2"))));
  await runtime.drive(store.setVariables(OWNER, "task-1", big("3")));
  const { head } = await store.get(OWNER, "task-1");
  assertEquals(await another().load(head, head.variables), big("3"));
  await runtime.drive(store.setVariables(OWNER, "task-1", big("4")));
  assertEquals(await another().getVariables(OWNER, "task-1"), big("4"));
});

verifies("lib-I11", "remove() takes the pages of a long journal, and what they name, with it", async () => {
  const test = createTestStore();
  const { store, backend } = test;
  await store.create(sampleHead({}, { ttlMs: 60_000 }));
  for (let i = 0; i < 1500; i++) {
    await store.mutate(OWNER, "task-1", {
      decide: (head) => {
        const value: Spillable = { json: "x".repeat(i % 100 === 0 ? 5000 : 100) };
        const entries: JournalEntry[] = [...head.journal.entries, { key: `s${i}`, kind: "step", value }];
        return { write: { ...head, journal: { ...head.journal, entries } }, value: undefined };
      },
    });
  }
  const { head } = await store.get(OWNER, "task-1");
  assert(head.journal.pages.some(({ level }) => level !== undefined), "no bundle was made");
  assert(await payloadBytes(test) > 200_000);
  await store.remove(head);
  assertEquals((await backend.list({ owner: OWNER, kind: "payload", limit: 1000 })).records, []);
});

verifies(
  "lib-I11",
  "remove() leaves what a damaged page names to the sweep, and removes all else",
  async () => {
    const { store, backend } = createTestStore();
    const value = "x".repeat(9000);
    await store.create(sampleHead({}, { args: { value } }));
    const lost = { gen: "1.lost", parts: 1, bytes: 10, sha256: "h".repeat(43) };
    const { current } = await store.mutate(OWNER, "task-1", {
      decide: (head) => ({ write: { ...head, journal: { entries: [], pages: [lost] } }, value: undefined }),
    });
    await store.remove(current.head);
    assertEquals((await backend.list({ owner: OWNER, kind: "payload", limit: 10 })).records, []);
    assertEquals(await store.find(OWNER, "task-1"), undefined);
  },
);

verifies("lib-I11", "remove() takes the payloads of a task with it", async () => {
  const { store, backend } = createTestStore();
  await store.create(
    sampleHead({}, { args: { big: "x".repeat(10_000) }, variables: { big: "x".repeat(10_000) } }),
  );
  const { current } = await store.finish(REF, {
    kind: "result",
    result: { content: [], big: "x".repeat(10_000) },
  });
  assertEquals((await backend.list({ owner: OWNER, kind: "payload", limit: 10 })).records.length, 3);
  await store.remove(current.head);
  assertEquals((await backend.list({ owner: OWNER, kind: "payload", limit: 10 })).records, []);
  assertEquals(await store.find(OWNER, "task-1"), undefined);
});

verifies(
  ["T26-049", "T26-050", "T26-067"],
  "loadInputRequests() gives every open request as it was asked, small or large",
  async () => {
    const { store } = createTestStore();
    const form = (size: number) => ({
      method: "elicitation/create",
      params: { message: "x".repeat(size), requestedSchema: { type: "object", properties: {} } },
    });
    const questions = { small: { request: { json: form(1) } }, large: { request: { json: form(20_000) } } };
    await store.create(ask(sampleHead(), HOLDER, 0, questions));
    const { head } = await store.get(OWNER, "task-1");
    assertEquals(await store.loadInputRequests(head), { small: form(1), large: form(20_000) } as never);
  },
);

Deno.test("loadPublicVariables() shows only what was marked, and only what is set", async () => {
  const variables = JSON.parse('{ "shown": 1, "hidden": 2, "__proto__": 3 }');
  const publicVariables = ["shown", "unset", "toString"];
  const { store } = createTestStore();
  await store.create(sampleHead({}, { variables, publicVariables }));
  const { head } = await store.get(OWNER, "task-1");
  assertEquals(await store.loadPublicVariables(head), { shown: 1 });
  assertEquals(await store.loadPublicVariables({ ...head, publicVariables: ["unset"] }), undefined);
  assertEquals(await store.loadPublicVariables({ ...head, publicVariables: undefined }), undefined);
});

Deno.test("An engine that stays away shows as StorageUnavailableError", async () => {
  const { store, backend } = await withTask();
  backend.onGet(() => Promise.reject(new StorageUnavailableError("away")));
  await assertRejects(() => store.get(OWNER, "task-1"), StorageUnavailableError);
});

Deno.test("An observer that throws disturbs nothing", async () => {
  const { backend, runtime } = createTestStore();
  const { TaskStore } = await import("../../src/store/mod.ts");
  const store = new TaskStore(backend, {
    runtime,
    onEvent: () => {
      throw new Error("observer");
    },
  });
  await store.create(sampleHead());
  const key = { owner: OWNER, kind: "task", id: "task-0" } as const;
  await backend.put({ key, value: new Uint8Array([0]) }, { absent: true });
  assertEquals((await store.list(OWNER, { limit: 5 })).heads.length, 1);
});
