/**
 * Tasks and stores for tests, complete enough to be stored and changed only where a test says so.
 *
 * @module
 */
import { memory } from "../../backends/memory.ts";
import type { Holder, NewTask, TaskHead } from "../../src/tasks/mod.ts";
import { newHead } from "../../src/tasks/mod.ts";
import {
  type PerdureEvent,
  type StorageBackend,
  TaskStore,
  type TaskStoreOptions,
} from "../../src/store/mod.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { FaultyBackend } from "./faulty_backend.ts";

/** The owner of sample tasks. */
export const OWNER = "owner-0123456789-0123456789-0123456789-0123";
/** The instant sample tasks are created at. */
export const START: number = Date.UTC(2026, 0, 1);
/** Who holds a sample task from the start. */
export const HOLDER: Holder = { epoch: 1, leaseOwner: "here" };

/** A running task of a tool, leased for 30 s. */
export function sampleTask(changes: Partial<NewTask> = {}): NewTask {
  return {
    id: "task-1",
    owner: OWNER,
    kind: "tool",
    name: "report",
    namespace: "reports",
    era: "2026-07-28",
    args: { year: 2026 },
    clientCapabilities: {},
    ttlMs: 3_600_000,
    pollIntervalMs: 1000,
    executor: "inline",
    repeatable: false,
    maxAttempts: 1,
    lease: { leaseOwner: "here", leaseMs: 30_000 },
    ...changes,
  };
}

/** First state of {@linkcode sampleTask}, with fields changed afterwards. */
export function sampleHead(changes: Partial<TaskHead> = {}, task: Partial<NewTask> = {}): TaskHead {
  return { ...newHead(sampleTask(task), START, "create-nonce"), ...changes };
}

/** A store whose clock and engine are in the test's hands. */
export interface TestStore {
  readonly store: TaskStore;
  readonly runtime: FakeRuntime;
  readonly backend: FaultyBackend;
  readonly events: PerdureEvent[];
  /** Another process over the same engine and clock. */
  another(): TaskStore;
}

/** Builds one, over memory unless another engine is given. */
export function createTestStore(
  config: TaskStoreOptions["config"] = {},
  engine?: (runtime: FakeRuntime) => StorageBackend,
): TestStore {
  const runtime = new FakeRuntime({ now: START });
  const inner = engine?.(runtime) ?? memory({ runtime });
  const backend = new FaultyBackend(inner);
  const events: PerdureEvent[] = [];
  const store = new TaskStore(backend, { runtime, config, onEvent: (event) => void events.push(event) });
  return { store, runtime, backend, events, another: () => new TaskStore(inner, { runtime, config }) };
}
