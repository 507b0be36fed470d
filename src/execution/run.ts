/**
 * One execution of a handler, inline or under a lease: the same code with the same context.
 *
 * A run works on a head. Inline, the head is a draft in memory and nothing is stored. Leased, every
 * change is a conditioned put. {@linkcode Run.promote} turns one into the other: a single create
 * stores the draft as it stands. A run that only waits may leave the process: its promises are never
 * settled then, and it goes on as another run, from the journal.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { type CancelTimer, deferred } from "../runtime.ts";
import {
  assertHeld,
  handBack,
  type Holder,
  isTerminal,
  type JournalEntry,
  LeaseLostError,
  park,
  type Progress,
  type Spillable,
  type TaskHead,
  TaskNotFoundError,
} from "../tasks/mod.ts";
import { StorageUnavailableError, type TaskOutcome, type TaskStore, type Versioned } from "../store/mod.ts";
import { type AbortReason, TaskAbortError } from "./errors.ts";
import { hasEntry, type JournalReader, withEntry } from "./journal.ts";
import { type HolderWrite, Lease } from "./lease.ts";
import { createFromDraft } from "./promotion.ts";
import type { Answers, Questions } from "./questions.ts";
import { type EndWait, Waits } from "./waits.ts";

/** What the caller of an inline run does for it. */
export interface RunHooks {
  /**
   * Puts questions of an inline run to the client. Resolves with raw answers, without those whose deadline in the head
   * has passed, or never, where the call ends here and is made again with the answers.
   */
  readonly askInline?: (questions: Questions, run: Run) => Promise<Answers>;
  /** Told of progress as it is reported. */
  readonly onProgress?: (progress: Progress, run: Run) => void;
  /** Told of log messages. */
  readonly onLog?: (level: string, data: JsonValue, logger: string | undefined, run: Run) => void;
  /** Ends the connection the caller waits in, where it can come back for the outcome. */
  readonly onCloseStream?: () => Promise<void>;
}

/** How a run waits. */
export interface RunSettings {
  /** Wait after which a repeatable task leaves the process, in milliseconds. Absent: never. */
  readonly parkAfterMs?: number;
  /** Wait for an answer where the question sets none, in milliseconds. Absent: the task's life. */
  readonly inputTimeoutMs?: number;
  /**
   * The head to store when the run leaves; nothing, if it had better wait here.
   * @default what {@linkcode park} makes of a repeatable task that waits for an answer or a time
   */
  readonly park?: (head: TaskHead, holder: Holder, now: number, wakeAt?: number) => TaskHead | undefined;
  /** Whether reported progress is stored with the task. @default {true} */
  readonly storesProgress?: boolean;
}

/** Options of {@linkcode Run}. */
export interface RunOptions {
  readonly store: TaskStore;
  /** A draft, or the head as stored where `held` is given. */
  readonly head: TaskHead;
  readonly journal: JournalReader;
  readonly hooks: RunHooks;
  readonly settings: RunSettings;
  /** Who the run is. @default whoever the head says holds the task */
  readonly holder?: Holder;
  /** The stored state of a task that is held here, and the monotonic start of the write that took it. */
  readonly held?: { readonly current: Versioned; readonly startedAt: number };
}

/** A promise that stays pending: what waits for it is dropped with it. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** Longest time between two looks at a clock that may have been set meanwhile, in milliseconds. */
const MAX_TIMER_MS = 60_000;

/** One execution. */
export class Run {
  /** Store it writes to, once it is a task. */
  readonly store: TaskStore;
  /** What it has already done. */
  readonly journal: JournalReader;
  /** What its caller does for it. */
  readonly hooks: RunHooks;
  /** How it waits. */
  readonly settings: RunSettings;
  #head: TaskHead;
  readonly #holder: Holder;
  #lease: Lease | undefined;
  #promotion: Promise<unknown> | undefined;
  readonly #abort = new AbortController();
  readonly #waiters = new Set<() => void>();
  readonly #timers = new Set<CancelTimer>();
  readonly #waits: Waits;
  readonly #left = deferred<void>();
  #hasLeft = false;
  #hasEnded = false;

  constructor(options: RunOptions) {
    this.store = options.store;
    this.journal = options.journal;
    this.hooks = options.hooks;
    this.settings = options.settings;
    this.#head = options.head;
    const { epoch, leaseOwner } = options.holder ?? options.head.exec;
    this.#holder = { epoch, leaseOwner };
    this.#waits = new Waits(this.store.runtime, {
      parkAfterMs: options.settings.parkAfterMs,
      onIdle: (wakeAt) => void this.#park(wakeAt),
    });
    if (options.held !== undefined) this.#hold(options.held.current, options.held.startedAt);
  }

  /** Newest state known here. */
  get head(): TaskHead {
    return this.#lease?.head ?? this.#head;
  }

  /** Whether the run is a stored task. */
  get isTask(): boolean {
    return this.#lease !== undefined;
  }

  /** Whether the run is about to become a stored task. */
  get isPromoting(): boolean {
    return this.#promotion !== undefined;
  }

  /** Whether the handler has settled: what its leftovers still report is no longer of interest. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Notes that the handler has settled. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Aborts with a {@linkcode TaskAbortError} when the run has to stop. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves when the run leaves the process without an outcome: its handler is never heard of again. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  /**
   * Waits for a promotion under way, and for ever if the run has left.
   *
   * @throws {TaskAbortError} If the run has to stop; compares the clock first.
   */
  async ready(): Promise<void> {
    if (this.#promotion !== undefined) await this.#promotion;
    if (this.#hasLeft) return await never();
    if (this.#lease !== undefined) void this.#lease.isLost;
    this.#abort.signal.throwIfAborted();
  }

  /** Asks the run to stop. On `closing` the task stays held until it is finished or handed back. */
  abort(reason: AbortReason): void {
    if (reason === "parked" && !this.#abort.signal.aborted) return this.#leave();
    // A run that was asked to close still holds its task, until it is told off for good.
    if (reason !== "closing") this.#lease?.abandon();
    if (this.#abort.signal.aborted) return;
    this.#waits.stop();
    this.#abort.abort(new TaskAbortError(reason));
    this.#wake();
  }

  /** Changes the head: in memory while inline, by a put once it is a task. */
  async apply(change: HolderWrite, landed?: (head: TaskHead) => boolean): Promise<TaskHead> {
    await this.ready();
    if (this.#lease === undefined) {
      return this.#head = change(this.#head, this.#holder, this.store.runtime.now());
    }
    try {
      const head = await this.#lease.write(change, landed);
      return this.#hasLeft ? await never() : head;
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof TaskNotFoundError) await this.ready();
      throw error;
    }
  }

  /** Like {@linkcode Run.apply} for a task, by a write that may be the last one of the run: the head shows it. */
  async conclude(change: HolderWrite, landed?: (head: TaskHead) => boolean): Promise<TaskHead> {
    await this.ready();
    const lease = this.#lease;
    if (lease === undefined) throw new TypeError("Cannot conclude a run: it is no task");
    try {
      return await lease.conclude(change, landed);
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof TaskNotFoundError) await this.ready();
      throw error;
    }
  }

  /** From now on the run leaves as soon as it does nothing but wait. */
  leaveWhenIdle(): void {
    this.#waits.parkAfter(0);
  }

  /** Makes sure, by a write, that the task is still held here; learns its newest state. */
  async confirm(): Promise<void> {
    await this.apply((head, holder) => {
      assertHeld(head, holder);
      return head;
    });
  }

  /**
   * Stores the run as a task, as it stands.
   *
   * On failure the run stays inline, with one exception: where it is still open at the end of the lease whether
   * the task exists, a repeatable run is asked to stop, because another process may be about to start it.
   *
   * @throws {LimitReachedError} If the owner has as many active tasks as allowed.
   * @throws {StorageUnavailableError} If nothing was stored, or it is not known whether.
   */
  async promote(activeLimit: number | undefined): Promise<TaskHead> {
    const promotion = this.#create(activeLimit);
    this.#promotion = promotion.catch(() => {});
    try {
      return await promotion;
    } finally {
      this.#promotion = undefined;
    }
  }

  /**
   * Whether an outcome still counts: the run was not asked to stop, or only because the server closes or the
   * clock ended its lease.
   */
  get mayFinish(): boolean {
    return !this.#abort.signal.aborted || this.#abort.signal.reason?.reason === "closing" ||
      this.#lease?.hasLapsed === true;
  }

  /** Stores the outcome of a task. `false`: the task was lost meanwhile, and the outcome is dropped. */
  async finish(outcome: TaskOutcome, statusMessage?: string): Promise<boolean> {
    if (this.#promotion !== undefined) await this.#promotion;
    return this.#lease === undefined ? false : await this.#lease.finish(outcome, statusMessage);
  }

  /** Lets another process take the task at once; this attempt does not count. `false`: it was lost. */
  async handBack(): Promise<boolean> {
    return await this.#lease?.letGo(handBack) ?? false;
  }

  /** Records a finished call. */
  async record(entry: JournalEntry): Promise<void> {
    await this.apply((head, holder) => {
      assertHeld(head, holder);
      return withEntry(head, entry);
    }, (head) => hasEntry(head, entry.key));
    this.journal.add(entry);
  }

  /** Reads a value the head holds or names. */
  load(value: Spillable): Promise<JsonValue> {
    return this.store.load(this.head, value);
  }

  /** Changes the draft of an inline run; a task is changed by {@linkcode Run.apply}. */
  amendDraft(change: (head: TaskHead) => TaskHead): void {
    this.#head = change(this.#head);
  }

  /** Whether such work is under way. */
  get isWorking(): boolean {
    return this.#waits.isWorking;
  }

  /** Begins work that must not be left, such as a step. */
  work(): EndWait {
    return this.#waits.work();
  }

  /**
   * Waits until `isReached` holds for the head; checked at each new state. The run may leave meanwhile.
   *
   * @param wakeAt Instant at which to look again (each minute too, for a clock may be set), and at which a run that has left is woken.
   * @throws {TaskAbortError} If the run has to stop.
   */
  async until(isReached: () => boolean, wakeAt?: number): Promise<void> {
    await this.ready();
    if (isReached()) return;
    const endWait = this.#waits.begin(wakeAt);
    const cancelTimer = this.#wakeAt(wakeAt, isReached);
    try {
      while (!isReached()) {
        // Told to stop since it was last asked whether it has to, nothing would wake it any more.
        if (!this.#abort.signal.aborted) await new Promise<void>((resolve) => this.#waiters.add(resolve));
        await this.ready();
      }
    } finally {
      cancelTimer();
      endWait();
    }
  }

  /** Polls for changes made elsewhere, while the run waits for an answer. Returns how to stop. */
  pollForInput(): () => void {
    return this.#lease?.pollForInput() ?? (() => {});
  }

  /** Sets a timer that looks when it fires: it may be early, limited in length, or the clock have jumped. */
  #wakeAt(at: number | undefined, isReached: () => boolean): CancelTimer {
    if (at === undefined) return () => {};
    const { runtime } = this.store;
    const set = () => runtime.setTimer(Math.min(Math.max(1, at - runtime.now()), MAX_TIMER_MS), onTimer);
    const onTimer = () => {
      if (isReached()) this.#wake();
      else cancel = set();
    };
    let cancel = set();
    const cancelNewest = () => cancel();
    this.#timers.add(cancelNewest);
    return () => {
      cancelNewest();
      this.#timers.delete(cancelNewest);
    };
  }

  async #create(activeLimit: number | undefined): Promise<TaskHead> {
    const startedAt = this.store.runtime.monotonic();
    const created = await createFromDraft(this.store, this.#head, activeLimit, startedAt, () => {
      // Nobody starts a once-tool a second time: its work may go on without a task.
      if (this.#head.exec.repeatable) this.#lose("lease_lost");
    });
    this.#hold(created, startedAt);
    return created.head;
  }

  async #park(wakeAt: number | undefined): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined || this.#abort.signal.aborted) return;
    const { park = parkRepeatable } = this.settings;
    try {
      const hasParked = await lease.letGo((head, holder, now) => {
        assertHeld(head, holder);
        return park(head, holder, now, wakeAt);
      });
      if (hasParked) this.#leave();
    } catch (error) {
      // Waiting in memory is as good: the next wait tries again.
      if (error instanceof StorageUnavailableError) return;
      const { id, name } = this.head;
      this.store.emit({
        type: "park_failed",
        taskId: id,
        name,
        message: "A task could not be parked",
        error,
      });
    }
  }

  /** Nothing is thrown through the author's code: what it waits for is never settled, and dropped. */
  #leave(): void {
    this.#hasLeft = true;
    this.#waits.stop();
    this.#waiters.clear();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#lease?.abandon();
    this.#abort.abort(new TaskAbortError("parked"));
    this.#left.resolve();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  #hold(current: Versioned, startedAt: number): void {
    this.#lease = new Lease(this.store, current, this.#holder, startedAt, {
      onLost: (reason) => this.#lose(reason),
      onState: () => this.#wake(),
    });
  }

  #lose(reason: AbortReason): void {
    this.#waits.stop();
    this.#abort.abort(new TaskAbortError(reason));
    this.#wake();
  }
}

function parkRepeatable(head: TaskHead, holder: Holder, _now: number, wakeAt?: number): TaskHead | undefined {
  const isWorthIt = head.exec.repeatable && (wakeAt !== undefined || isWaiting(head));
  return isWorthIt ? park(head, holder, wakeAt) : undefined;
}

function isWaiting(head: TaskHead): boolean {
  return !isTerminal(head.status) && head.status === "input_required";
}
