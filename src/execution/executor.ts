/**
 * Runs handlers: inline for a caller that waits, or in the background for a stored task.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { sleep } from "../runtime.ts";
import type { NewTask, TaskHead } from "../tasks/mod.ts";
import {
  type EventSink,
  sha256OfTexts,
  StorageUnavailableError,
  type TaskStore,
  type Versioned,
} from "../store/mod.ts";
import { TaskContext } from "./context.ts";
import { JournalReader } from "./journal.ts";
import { Run, type RunHooks } from "./run.ts";
import { type SettleContext, type Settled, settleError, settleValue } from "./settle.ts";
import type { ExecutableTool } from "./tool.ts";

/** What a handler is run with. */
export interface Invocation {
  readonly tool: ExecutableTool;
  /** Arguments as the tool's schema read them. */
  readonly args: unknown;
  /** What `task.prepare` returned. */
  readonly prepared?: unknown;
}

/** Longest wait between two tries to store an outcome, in milliseconds. */
const MAX_FINISH_BACKOFF_MS = 5000;

/** Runs handlers over a store. */
export class Executor {
  readonly store: TaskStore;
  readonly #emit: EventSink;
  readonly #runs = new Set<Run>();

  constructor(store: TaskStore) {
    this.store = store;
    this.#emit = store.emit;
  }

  /** Runs under way in this process. */
  get running(): number {
    return this.#runs.size;
  }

  /** A run of a call that is no task yet. Its draft is leased to this process should it become one. */
  newInlineRun(task: NewTask, hooks: RunHooks): Run {
    const head = this.store.draft(task);
    return new Run({ store: this.store, head, journal: new JournalReader(head.journal.entries), hooks });
  }

  /** A run of a task that this process just created or claimed. `startedAt`: monotonic start of that write. */
  async newHeldRun(current: Versioned, startedAt: number, hooks: RunHooks): Promise<Run> {
    const journal = await JournalReader.open(this.store, current.head);
    return new Run({ store: this.store, head: current.head, journal, hooks, held: { current, startedAt } });
  }

  /** Runs the handler. Never rejects: a throw is an outcome. */
  execute(run: Run, invocation: Invocation): Promise<Settled> {
    return this.#track(run, async () => {
      const context = this.#settleContext(run, invocation.tool);
      try {
        const ctx = new TaskContext(run, await idempotencyKey(run.head), invocation.prepared);
        return await settleValue(await invocation.tool.handler?.(invocation.args, ctx), context);
      } catch (error) {
        return settleError(error, context);
      }
    });
  }

  /** Runs `task.prepare`; its value, or the outcome that its throw came to. */
  prepare(
    run: Run,
    invocation: Invocation,
  ): Promise<{ readonly prepared: JsonValue } | { readonly settled: Settled }> {
    return this.#track(run, async () => {
      try {
        const ctx = new TaskContext(run, await idempotencyKey(run.head), undefined);
        const value = await invocation.tool.prepare?.(invocation.args, ctx);
        return { prepared: JSON.parse(JSON.stringify(value ?? null)) as JsonValue };
      } catch (error) {
        return { settled: settleError(error, this.#settleContext(run, invocation.tool)) };
      }
    });
  }

  /** Runs a task to its end and stores its outcome. Never rejects. */
  async runTask(run: Run, invocation: Invocation): Promise<void> {
    await this.finish(run, await this.execute(run, invocation));
  }

  /** Stores the outcome of a task, for as long as the task lives and is held here. */
  async finish(run: Run, settled: Settled): Promise<void> {
    const { id, name } = run.head;
    for (let attempt = 0; !run.signal.aborted; attempt++) {
      try {
        if (await run.finish(settled.outcome, settled.statusMessage)) return;
        break;
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) {
          this.#emit({
            type: "outcome_not_stored",
            taskId: id,
            name,
            message: "An outcome could not be stored",
            error,
          });
          return run.abort("lease_lost");
        }
        this.#emit({
          type: "outcome_delayed",
          taskId: id,
          name,
          message: "The store is away: an outcome waits",
          error,
        });
        await sleep(this.store.runtime, Math.min(MAX_FINISH_BACKOFF_MS, 100 * 2 ** attempt));
      }
    }
    this.#emit({
      type: "outcome_dropped",
      taskId: id,
      name,
      message: "An outcome was dropped: the task was cancelled, had expired, or was taken over",
    });
  }

  /** Ends all runs with the reason `closing`. */
  close(): void {
    for (const run of this.#runs) run.abort("closing");
  }

  async #track<T>(run: Run, work: () => Promise<T>): Promise<T> {
    this.#runs.add(run);
    try {
      return await work();
    } finally {
      this.#runs.delete(run);
    }
  }

  #settleContext(run: Run, tool: ExecutableTool): SettleContext {
    return {
      name: tool.name,
      taskId: run.head.id,
      era: run.head.era,
      runtime: this.store.runtime,
      emit: this.#emit,
      maxResultBytes: this.store.config.maxResultBytes,
      checkOutput: tool.checkOutput,
    };
  }
}

/** `ctx.idempotencyKey`: the same for all attempts, and different from the task id. */
function idempotencyKey({ namespace, owner, id }: TaskHead): Promise<string> {
  return sha256OfTexts(["task-v1", namespace, owner, id]);
}
