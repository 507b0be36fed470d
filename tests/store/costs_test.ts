/**
 * What requests cost, in calls of the storage engine: a promise, so it is counted, with few tasks and with many.
 *
 * The engine here gives no hints of changes, as DynamoDB does: following a hint costs a read of its own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { memory } from "../../backends/memory.ts";
import { ownerOfPrincipal, TaskStore, toOwnerKey } from "../../src/store/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { type CallCounts, FaultyBackend } from "../support/faulty_backend.ts";
import type { LegacyClient } from "../support/legacy_client.ts";
import type { ModernClient } from "../support/modern_client.ts";
import { sampleTask } from "../support/sample_tasks.ts";
import { createTestServer, user } from "../support/test_server.ts";
import { verifies } from "../support/requirements.ts";

interface Costs {
  /** A store over the same engine. */
  readonly store: TaskStore;
  readonly legacy: LegacyClient;
  readonly modern: ModernClient;
  /** Lets the oldest waiting call of tool `gated` end. */
  open(): Promise<void>;
  /** Engine calls of a piece of work. */
  of(work: () => Promise<unknown>): Promise<CallCounts>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** A server whose only owner has so many tasks already, half of them at work. */
async function withTasks(count: number): Promise<Costs> {
  const runtime = new FakeRuntime();
  const backend = new FaultyBackend(memory({ runtime }));
  backend.watch = async function* () {};
  const gates: (() => void)[] = [];
  const { server, legacy, modern } = createTestServer({
    runtime,
    backend,
    limits: { activeTasks: 100_000, createsPerMinute: 100_000 },
    secrets: ["a secret of 32 or more characters"],
  });
  server.registerTool("gated", { task: { support: "required" } }, () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    gates.push(() => resolve("done"));
    return promise;
  });
  server.registerTool("quick", { task: { support: "required" } }, () => "done");
  server.registerTool("inline", { task: { support: "optional" } }, () => "done");

  const owner = await toOwnerKey(ownerOfPrincipal(user("ada")));
  const store = new TaskStore(backend, { runtime });
  for (let i = 0; i < count; i++) {
    const task = sampleTask({ id: runtime.newTaskId(runtime.now()), owner });
    const { head } = await store.create(store.draft(task), 100_000);
    if (i % 2 === 0) await store.cancel(owner, head.id);
  }
  const clients = { legacy: await legacy(user("ada")), modern: modern(user("ada")) };
  return {
    ...clients,
    store,
    async open() {
      gates.shift()?.();
      await runtime.advance(0);
    },
    async of(work) {
      await runtime.advance(0);
      backend.takeCounts();
      await work();
      await runtime.advance(0);
      return backend.takeCounts();
    },
    [Symbol.asyncDispose]: () => runtime.drive(server.close()),
  };
}

for (const count of [10, 20_000]) {
  verifies(["lib-I4", "T26-059"], `What 2026-07-28 requests cost an owner of ${count} tasks`, async () => {
    await using costs = await withTasks(count);
    const { modern } = costs;
    let taskId = "";
    assertEquals(await costs.of(async () => taskId = await modern.createTask("gated")), { put: 1 }, "create");
    assertEquals(await costs.of(() => modern.request("tasks/get", { taskId })), { get: 1 }, "get");
    assertEquals(await costs.of(() => costs.open()), { put: 1 }, "finish");
    assertEquals(
      await costs.of(() => modern.request("tasks/get", { taskId })),
      { get: 1 },
      "get with result",
    );
    assertEquals(await costs.of(() => modern.createTask("quick")), { put: 2 }, "a task that ends at once");
    assertEquals(await costs.of(() => modern.call("inline")), {}, "an inline answer");
    assertEquals(await costs.of(() => modern.request("tools/list")), {}, "tools/list");
    const cancelled = await modern.createTask("gated");
    assertEquals(
      await costs.of(() => modern.request("tasks/cancel", { taskId: cancelled })),
      { get: 1, put: 1 },
      "cancel",
    );
    assertEquals(
      await costs.of(() => modern.request("tasks/get", { taskId: "unknown" })),
      { get: 1 },
      "unknown",
    );
  });

  verifies(["lib-I4", "T25-071"], `What 2025-11-25 requests cost an owner of ${count} tasks`, async () => {
    await using costs = await withTasks(count);
    const { legacy } = costs;
    const session = { get: 1 };
    let taskId = "";
    assertEquals(await costs.of(async () => taskId = await legacy.createTask("gated")), {
      ...session,
      put: 1,
    }, "create");
    assertEquals(
      await costs.of(() => legacy.request("tasks/get", { taskId })),
      session,
      "get, with the session",
    );
    assertEquals(await costs.of(() => costs.open()), { put: 1 }, "finish");
    const page = await costs.of(() => legacy.request("tasks/list"));
    assertEquals(page, { ...session, list: 1 }, "the newest page");
    assertEquals(
      await costs.of(() => legacy.createTask("quick")),
      { ...session, put: 2 },
      "a task that ends at once",
    );
    assertEquals(await costs.of(() => legacy.call("inline")), session, "an inline answer");
    assertEquals(await costs.of(() => legacy.request("ping")), session, "ping");
    const cancelled = await legacy.createTask("gated");
    assertEquals(
      await costs.of(() => legacy.request("tasks/cancel", { taskId: cancelled })),
      { get: 1, put: 1 },
      "cancel, with the session",
    );
  });

  verifies("lib-I4", `What the store's operations cost an owner of ${count} tasks`, async () => {
    await using costs = await withTasks(count);
    const { store, modern } = costs;
    const owner = await toOwnerKey(ownerOfPrincipal(user("ada")));
    const taskId = await modern.createTask("gated");
    assertEquals(await costs.of(() => store.get(owner, taskId)), { get: 1 });
    assertEquals(await costs.of(() => store.setVariables(owner, taskId, { a: 1 })), { get: 1, put: 1 });
    assertEquals(await costs.of(() => store.cancel(owner, taskId)), { get: 1, put: 1 });
    assertEquals(await costs.of(() => store.cancel(owner, taskId)), { get: 1 });
    const known = await store.get(owner, await modern.createTask("gated"));
    assertEquals(await costs.of(() => store.cancel(owner, known.head.id, known)), { put: 1 });
    assertEquals(await costs.of(() => store.list(owner, { limit: 50 })), { list: 1 });
  });
}
