/**
 * Runs handlers: inline for a caller that waits, or in the background for a stored task.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { sleep } from "../runtime.ts";
import { dispatched, type Holder, isTerminal, type NewTask, type TaskHead } from "../tasks/mod.ts";
import {
  sha256OfShortTexts,
  StorageUnavailableError,
  type TaskOutcome,
  type TaskStore,
  type Versioned,
} from "../store/mod.ts";
import { TaskContext } from "./context.ts";
import { ToolError } from "./errors.ts";
import { JournalReader } from "./journal.ts";
import { Run, type RunHooks, type RunOptions } from "./run.ts";
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

/** Recorded calls that one event names. */
const MAX_SHOWN_CALLS = 10;

/** Runs handlers over a store. */
export class Executor {
  /** Where tasks live. */
  readonly store: TaskStore;
  readonly #runs = new Map<Run, Promise<unknown>>();
  /** Outcomes of tasks that are waited for, until they are stored. */
  readonly #endings = new Set<Promise<void>>();

  readonly #onFinished: (head: TaskHead, outcome: TaskOutcome) => Promise<void>;

  /** `onFinished`: does what is to be done once the outcome of a task is stored; must not reject. */
  constructor(
    store: TaskStore,
    onFinished: (head: TaskHead, outcome: TaskOutcome) => Promise<void> = () => Promise.resolve(),
  ) {
    this.store = store;
    this.#onFinished = onFinished;
  }

  /** Runs under way in this process. */
  get running(): number {
    return this.#runs.size;
  }

  /** A run of a call that is no task yet. Its draft is leased to this process should it become one. */
  newInlineRun(tool: ExecutableTool, task: NewTask, hooks: RunHooks): Run {
    const head = this.store.draft(task);
    const journal = new JournalReader(head.journal.entries);
    return new Run({ store: this.store, head, journal, hooks, settings: settingsOf(tool) });
  }

  /** A run of a task that this process just created or claimed. `startedAt`: monotonic start of that write. `holder`: who wrote it; absent, whoever `current` shows. */
  async newHeldRun(
    tool: ExecutableTool,
    current: Versioned,
    startedAt: number,
    hooks: RunHooks,
    holder?: Holder,
  ): Promise<Run> {
    return await this.hold(current, startedAt, { hooks, settings: settingsOf(tool), holder });
  }

  /** Like {@linkcode Executor.newHeldRun}, for work that is no single tool's. */
  async hold(
    current: Versioned,
    startedAt: number,
    options: Pick<RunOptions, "hooks" | "settings" | "holder">,
  ): Promise<Run> {
    const { head } = current;
    const journal = await JournalReader.open(this.store, head);
    return new Run({ ...options, store: this.store, head, journal, held: { current, startedAt } });
  }

  /** Does work of its own under a held run. Rejects as the work does. Never settles for a run that leaves. */
  perform<T>(run: Run, work: (ctx: TaskContext) => Promise<T>): Promise<T> {
    return this.#track(run, async () => {
      try {
        const ctx = new TaskContext(run, () => idempotencyKey(run.head), undefined);
        await run.ready();
        return await work(ctx);
      } finally {
        run.end();
      }
    });
  }

  /** Runs the handler. Never rejects: a throw is an outcome. Never settles for a run that leaves. */
  execute(run: Run, { tool, args, prepared }: Invocation): Promise<Settled> {
    return this.#track(run, async () => {
      const context = settleContextOf(run, tool);
      try {
        const ctx = new TaskContext(run, () => idempotencyKey(run.head), prepared);
        // The reply to the put that took the task may have come so late that another process has it by now.
        await run.ready();
        // Told to stop in this very moment, it would never hear of it.
        run.signal.throwIfAborted();
        const value = await tool.handler?.(args, ctx);
        this.#tellForgotten(run);
        return await settleValue(value, context);
      } catch (error) {
        return settleError(error, context);
      } finally {
        run.end();
        this.#tellUnconsumed(run);
      }
    });
  }

  /** Runs `task.prepare`; its value, or the outcome that its throw came to. */
  prepare(
    run: Run,
    { tool, args }: Invocation,
  ): Promise<{ readonly prepared: JsonValue } | { readonly settled: Settled }> {
    return this.#track(run, async () => {
      try {
        const ctx = new TaskContext(run, () => idempotencyKey(run.head), undefined);
        const value = await tool.prepare?.(args, ctx);
        return { prepared: JSON.parse(JSON.stringify(value ?? null)) as JsonValue };
      } catch (error) {
        return { settled: settleError(error, settleContextOf(run, tool)) };
      }
    });
  }

  /** Runs a task that was just claimed, from its record, and stores its outcome. Never rejects. */
  async resume(tool: ExecutableTool, current: Versioned, startedAt: number, hooks: RunHooks): Promise<void> {
    const { head } = current;
    const run = await this.newHeldRun(tool, current, startedAt, hooks);
    await this.finishOrLeave(run, this.#invoke(run, tool, head));
  }

  /**
   * Hands a queued task to its outside engine. A crash before that is noted makes it happen again.
   *
   * @throws Whatever the engine throws; the task stays queued then.
   */
  async dispatch(tool: ExecutableTool, { head, version }: Versioned): Promise<void> {
    const { owner, id: taskId, name, exec: { epoch } } = head;
    const args = await this.store.load(head, head.args);
    await tool.dispatch?.({ owner, taskId, epoch, name, args, idempotencyKey: idempotencyKey(head) });
    await this.store.mutate(owner, taskId, {
      decide: (fresh) => {
        const isStillQueued = fresh.exec.phase === "queued" && fresh.exec.epoch === epoch &&
          !isTerminal(fresh.status);
        return isStillQueued ? { write: dispatched(fresh), value: undefined } : { skip: undefined };
      },
    }, { head, version });
  }

  /** Waits for a run's outcome and stores it, or until the run leaves. Never rejects. */
  finishOrLeave(run: Run, settled: Promise<Settled>): Promise<void> {
    const finished = settled.then((outcome) => this.#finish(run, outcome));
    const ending = Promise.race([finished, run.left]).finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
    return ending;
  }

  /**
   * Ends all runs. They are asked to stop with reason `closing`; repeatable ones are handed back once their
   * handler has settled, others may finish. Both are waited for until they are stored.
   *
   * @param graceMs How long to wait for them, in milliseconds.
   */
  async close(graceMs: number): Promise<void> {
    const ending = [...this.#runs].map(([run, work]) => {
      if (run.head.exec.repeatable || !run.isTask) run.abort("closing");
      return Promise.race([work, run.left]);
    });
    const stop = new AbortController();
    const grace = sleep(this.store.runtime, graceMs, stop.signal).catch(() => {});
    await Promise.race([Promise.allSettled([...ending, ...this.#endings]), grace]);
    stop.abort();
    for (const run of this.#runs.keys()) run.abort("lease_lost");
  }

  async #invoke(run: Run, tool: ExecutableTool, head: TaskHead): Promise<Settled> {
    const context = settleContextOf(run, tool);
    try {
      const args = await tool.readArgs(await this.store.load(head, head.args));
      if (!args.ok) {
        return settleError(
          new ToolError(`Invalid arguments for tool "${tool.name}": ${args.message}`),
          context,
        );
      }
      const prepared = head.prepared === undefined ? undefined : await this.store.load(head, head.prepared);
      return await this.execute(run, { tool, args: args.value, prepared });
    } catch (error) {
      return settleError(error, context);
    }
  }

  /** Stores the outcome of a task, for as long as the task lives and is held here. */
  async #finish(run: Run, settled: Settled): Promise<void> {
    const { id, name } = run.head;
    const emit = (type: string, message: string, error?: unknown) =>
      this.store.emit({ type, taskId: id, name, message, error });
    for (let attempt = 0; run.mayFinish; attempt++) {
      try {
        const wasStopped = run.signal.aborted && settled.hasThrown === true;
        // What a handler throws when its lease ends says nothing of its work: recovery decides what becomes of it.
        if (wasStopped && run.signal.reason?.reason !== "closing") break;
        if (wasStopped && run.head.exec.repeatable) {
          if (await run.handBack()) return;
        } else if (await run.finish(settled.outcome, settled.statusMessage)) {
          return await this.#onFinished(run.head, settled.outcome);
        }
        break;
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) {
          emit("outcome_not_stored", "An outcome could not be stored", error);
          return run.abort("lease_lost");
        }
        emit("outcome_delayed", "The store is away: an outcome waits", error);
        await sleep(this.store.runtime, Math.min(MAX_FINISH_BACKOFF_MS, 100 * 2 ** attempt));
      }
    }
    emit("outcome_dropped", "An outcome was dropped: the task was cancelled, had expired, or was taken over");
  }

  /** A run that ends on its own and has passed recorded calls over took another way than the one before. */
  #tellForgotten(run: Run): void {
    if (!run.isWorking || run.signal.aborted) return;
    const { id, name } = run.head;
    const message = `Tool "${name}" returned while a step of it was under way: await ctx.step()`;
    this.store.emit({ type: "step_not_awaited", taskId: id, name, message });
  }

  #tellUnconsumed(run: Run): void {
    if (run.signal.aborted) return;
    const keys = run.journal.unconsumed();
    if (keys.length === 0) return;
    const { id, name } = run.head;
    const shown = keys.slice(0, MAX_SHOWN_CALLS).map((key) => `"${key}"`).join(", ");
    const rest = keys.length > MAX_SHOWN_CALLS ? `, and ${keys.length - MAX_SHOWN_CALLS} more` : "";
    const message = `Recorded calls were not made again: ${shown}${rest}`;
    this.store.emit({ type: "journal_unconsumed", taskId: id, name, message });
  }

  #track<T>(run: Run, work: () => Promise<T>): Promise<T> {
    const done = work();
    const end = () => void this.#runs.delete(run);
    this.#runs.set(run, done);
    done.then(end, end);
    run.left.then(end);
    return done;
  }
}

/** What has to be known to settle a call of `tool` in a run. */
export function settleContextOf(run: Run, tool: ExecutableTool): SettleContext {
  const { runtime, emit, config } = run.store;
  return {
    name: tool.name,
    taskId: run.head.id,
    era: run.head.era,
    runtime,
    emit,
    signal: run.signal,
    maxResultBytes: config.maxResultBytes,
    checkOutput: tool.checkOutput,
  };
}

function settingsOf(tool: ExecutableTool): { parkAfterMs?: number; inputTimeoutMs?: number } {
  // Only a handler that may be run again can leave its process.
  return { parkAfterMs: tool.repeatable ? tool.parkAfterMs : undefined, inputTimeoutMs: tool.inputTimeoutMs };
}

/** `ctx.idempotencyKey`: the same for all attempts, and different from the task id. */
function idempotencyKey({ namespace, owner, id }: TaskHead): string {
  return sha256OfShortTexts(["task-v1", namespace, owner, id]);
}
