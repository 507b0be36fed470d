/**
 * Runs handlers over a store whose clock and engine are in the test's hands.
 *
 * @module
 */
import {
  type ExecutableTool,
  Executor,
  type Run,
  type RunHooks,
  type Settled,
  type TaskContext,
} from "../../src/execution/mod.ts";
import type { NewTask, TaskHead } from "../../src/tasks/mod.ts";
import { type PerdureEvent, TaskStore, type TaskStoreOptions } from "../../src/store/mod.ts";
import { createTestStore, OWNER, sampleHead, sampleTask, type TestStore } from "../support/sample_tasks.ts";

/** A tool's work in a test. */
export type Handler = (args: unknown, ctx: TaskContext) => unknown;

/** A tool with this handler. */
export function toolOf(handler: Handler, changes: Partial<ExecutableTool> = {}): ExecutableTool {
  return {
    name: "report",
    repeatable: false,
    maxAttempts: 1,
    readArgs: (args) => Promise.resolve({ ok: true, value: args }),
    handler,
    ...changes,
  };
}

/** A task that runs here. */
export interface RunningTask extends TestStore {
  readonly executor: Executor;
  readonly run: Run;
  /** Resolves once the outcome is stored or dropped. */
  readonly done: Promise<void>;
  /** The head as another process reads it now. */
  stored(): Promise<TaskHead>;
}

/** What may be set for {@linkcode startTask}. */
export interface StartOptions {
  readonly task?: Partial<NewTask>;
  readonly tool?: Partial<ExecutableTool>;
  readonly hooks?: RunHooks;
  readonly config?: TaskStoreOptions["config"];
  /** Engine, clock and events to use. */
  readonly on?: TestStore;
}

/** Creates a task and runs it. */
export async function startTask(handler: Handler, options: StartOptions = {}): Promise<RunningTask> {
  const test = options.on ?? createTestStore(options.config);
  // The engine's hints would hide what heartbeats and polls find by themselves.
  test.backend.watch = async function* () {};
  const executor = new Executor(test.store);
  const startedAt = test.runtime.monotonic();
  const current = await test.store.create(sampleHead({}, options.task));
  const tool = toolOf(handler, options.tool);
  const run = await executor.newHeldRun(tool, current, startedAt, options.hooks ?? {});
  const args = "json" in current.head.args ? current.head.args.json : undefined;
  const done = executor.finishOrLeave(run, executor.execute(run, { tool, args }));
  test.backend.takeCounts();
  const reader = test.another();
  return { ...test, executor, run, done, stored: async () => (await reader.get(OWNER, "task-1")).head };
}

/** Runs the stored task again from its record, as another process would after a crash. */
export async function runAgain(
  task: TestStore,
  handler: Handler,
): Promise<{ run: Run; settled: Promise<Settled> }> {
  const onEvent = (event: PerdureEvent) => void task.events.push(event);
  const store = new TaskStore(task.backend, { runtime: task.runtime, onEvent });
  const executor = new Executor(store);
  const { current } = await store.mutate(OWNER, "task-1", {
    decide: (head) => ({
      write: { ...head, exec: { ...head.exec, epoch: head.exec.epoch + 1, attempt: 2, leaseOwner: "there" } },
      value: undefined,
    }),
  });
  const tool = toolOf(handler);
  const run = await executor.newHeldRun(tool, current, task.runtime.monotonic(), {});
  return { run, settled: executor.execute(run, { tool, args: undefined }) };
}

/** An inline call. */
export interface InlineCall extends TestStore {
  readonly executor: Executor;
  readonly run: Run;
  readonly settled: Promise<Settled>;
  stored(): Promise<TaskHead | undefined>;
}

/** Runs a handler inline; nothing is stored. */
export function startInline(handler: Handler, options: StartOptions = {}): InlineCall {
  const test = options.on ?? createTestStore(options.config);
  test.backend.watch = async function* () {};
  const executor = new Executor(test.store);
  const tool = toolOf(handler, options.tool);
  const run = executor.newInlineRun(tool, sampleTask(options.task), options.hooks ?? {});
  const settled = executor.execute(run, { tool, args: { year: 2026 } });
  const reader = test.another();
  return { ...test, executor, run, settled, stored: async () => (await reader.find(OWNER, "task-1"))?.head };
}

/** The text of a settled result. */
export function textOf({ outcome }: Settled): string | undefined {
  if (outcome.kind !== "result") return undefined;
  const [first] = outcome.result.content as readonly { readonly text?: string }[];
  return first?.text;
}

/** A handler that works until the test lets it end, or until it is asked to stop. */
export function gate(): { readonly handler: Handler; readonly open: (value: unknown) => void } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { handler: () => promise, open: resolve };
}
