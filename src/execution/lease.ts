/**
 * Holding a task: every write of the holder, its heartbeat, and the watchdog that ends it in time.
 *
 * Writes of one task are queued here, so that the holder never fights itself. Each write extends the
 * lease; a heartbeat is sent only when nothing else was written. The watchdog measures from the start of
 * the last successful write on the monotonic clock.
 *
 * @module
 */
import { type CancelTimer, randomName } from "../runtime.ts";
import { assertHeld, type Holder, LeaseLostError, type TaskHead, TaskNotFoundError } from "../tasks/mod.ts";
import {
  headKey,
  StorageUnavailableError,
  type TaskOutcome,
  type TaskStore,
  type Versioned,
} from "../store/mod.ts";
import type { AbortReason } from "./errors.ts";

/** A write of the holder: the head to store, made from the head as stored. */
export type HolderWrite = (head: TaskHead, holder: Holder, now: number) => TaskHead;

/** Options of {@linkcode Lease}. */
export interface LeaseOptions {
  /** Called once, when the task is lost. */
  readonly onLost: (reason: AbortReason) => void;
  /** Called with every newer state, for example when an answer arrived. */
  readonly onState: (head: TaskHead) => void;
}

/** A held task. */
export class Lease {
  /** Who this holder is. */
  readonly holder: Holder;
  readonly #store: TaskStore;
  /** Names the one outcome, so that a repeated try knows an earlier one that landed unheard. */
  readonly #gen: string;
  readonly #options: LeaseOptions;
  #current: Versioned;
  #queue: Promise<unknown> = Promise.resolve();
  #lastBeat: number;
  #timer: CancelTimer | undefined;
  readonly #watches = new Set<() => void>();
  #beating = false;
  #isEnding = false;
  /** What was seen while a last write was under way, such as an answer: nobody tells of it again. */
  #unheard: Versioned | undefined;
  #ended = false;
  #hasLapsed = false;

  /**
   * Takes over a task that was just created or claimed.
   *
   * @param holder Who created or claimed it. Where the reply to that write was lost, `current` may already show another
   * holder: the task is lost at once then.
   * @param startedAt Monotonic start of that write.
   */
  constructor(
    store: TaskStore,
    current: Versioned,
    holder: Holder,
    startedAt: number,
    options: LeaseOptions,
  ) {
    this.#store = store;
    this.#current = current;
    this.#options = options;
    this.#lastBeat = startedAt;
    this.holder = holder;
    this.#gen = `${holder.epoch}.${randomName(store.runtime, 9)}`;
    this.#watch(false);
    const idle = store.runtime.monotonic() - startedAt;
    this.#schedule(Math.max(0, store.config.times.heartbeatMs - idle));
    try {
      assertHeld(current.head, holder);
    } catch (error) {
      this.#loseTo(error);
    }
  }

  /** Newest state known here. */
  get head(): TaskHead {
    return this.#current.head;
  }

  /** Whether the task is no longer held here, by the clock or by the record. */
  get isLost(): boolean {
    if (!this.#ended && this.#overdue()) {
      this.#hasLapsed = true;
      this.#lose("lease_lost");
    }
    return this.#ended;
  }

  /** Whether only the clock ended the lease: unless somebody took the task over, it can still be finished. */
  get hasLapsed(): boolean {
    return this.#hasLapsed;
  }

  /**
   * Queues a write.
   *
   * @throws {LeaseLostError} If the task is lost; {@linkcode LeaseOptions.onLost} has been called then.
   */
  write(change: HolderWrite, landed?: (head: TaskHead) => boolean): Promise<TaskHead> {
    const done = this.#queue.then(() => this.#write(change, landed));
    this.#queue = done.catch(() => {});
    return done;
  }

  /**
   * Queues the last write. `false`: the task was lost, the outcome is dropped.
   *
   * The epoch decides, not the clock: a result that comes late is still the result if nobody took over.
   *
   * @throws {StorageUnavailableError} If the store is away; the task is still held then, and can be finished later.
   */
  finish(outcome: TaskOutcome, statusMessage?: string): Promise<boolean> {
    return this.#writeLast(() =>
      this.#unlessLost(async () => {
        const { owner, id } = this.head;
        const ref = { owner, id, ...this.holder };
        const { current } = await this.#store.finish(ref, outcome, statusMessage, this.#current, this.#gen);
        this.#current = current;
        return true;
      }), (hasFinished) => hasFinished);
  }

  /**
   * Queues a write that gives the task up. `false`: it was lost, or `change` decided to keep it.
   *
   * @param change Gives the head to store, or nothing to keep holding.
   * @throws {StorageUnavailableError} If the store is away; the task is still held then.
   */
  letGo(change: (head: TaskHead, holder: Holder, now: number) => TaskHead | undefined): Promise<boolean> {
    return this.#writeLast(() =>
      this.#unlessLost(async () => {
        if (this.#ended) return false;
        const { owner, id } = this.head;
        const { value, current } = await this.#store.mutate<boolean>(owner, id, {
          decide: (head, now) => {
            const next = change(head, this.holder, now);
            return next === undefined ? { skip: false } : { write: next, value: true };
          },
        }, this.#current);
        this.#observe(current);
        return value;
      }), (isGone) => isGone);
  }

  /**
   * Queues a write of which only the head it leaves shows whether it gives the task up.
   *
   * @throws {LeaseLostError} If the task is lost; {@linkcode LeaseOptions.onLost} has been called then.
   * @throws {StorageUnavailableError} If the store is away; the task is still held then.
   */
  conclude(change: HolderWrite, landed?: (head: TaskHead) => boolean): Promise<TaskHead> {
    return this.#writeLast(() => this.#write(change, landed), (head) => !this.#isHolderOf(head));
  }

  /** Polls for changes made elsewhere while the holder waits for input. Returns how to stop. */
  pollForInput(): () => void {
    return this.#watch(true);
  }

  /** Stops holding without a write: the record is someone else's business now. */
  abandon(): void {
    this.#hasLapsed = false;
    this.#release();
  }

  /** Queues a write behind which the task is held no more, if `isLast` says so of what it came to. */
  #writeLast<T>(write: () => Promise<T>, isLast: (result: T) => boolean): Promise<T> {
    const done = this.#queue.then(async () => {
      this.#isEnding = true;
      try {
        const result = await write();
        if (isLast(result)) this.#release();
        return result;
      } finally {
        this.#isEnding = false;
        const unheard = this.#unheard;
        this.#unheard = undefined;
        if (unheard !== undefined) this.#observe(unheard);
      }
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  /** `false`: the task was lost. */
  async #unlessLost(write: () => Promise<boolean>): Promise<boolean> {
    try {
      return await write();
    } catch (error) {
      if (!this.#loseTo(error)) throw error;
      return false;
    }
  }

  async #write(change: HolderWrite, landed: ((head: TaskHead) => boolean) | undefined): Promise<TaskHead> {
    if (this.isLost) throw new LeaseLostError(this.head.id, "lease_lost");
    const startedAt = this.#store.runtime.monotonic();
    const { owner, id } = this.head;
    try {
      const { current } = await this.#store.mutate(owner, id, {
        decide: (head, now) => ({
          write: this.#extended(change(head, this.holder, now), now),
          value: undefined,
        }),
        landed,
      }, this.#current);
      this.#accept(current, startedAt);
      return current.head;
    } catch (error) {
      this.#loseTo(error);
      throw error;
    }
  }

  #extended(head: TaskHead, now: number): TaskHead {
    if (!this.#isHolderOf(head)) return head;
    return { ...head, exec: { ...head.exec, leaseUntil: now + this.#store.config.times.leaseMs } };
  }

  #accept(current: Versioned, startedAt: number): void {
    this.#current = current;
    this.#lastBeat = startedAt;
    this.#options.onState(current.head);
  }

  #schedule(ms: number): void {
    this.#timer = this.#store.runtime.setTimer(ms, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    if (this.isLost) return;
    const { heartbeatMs } = this.#store.config.times;
    const idle = this.#store.runtime.monotonic() - this.#lastBeat;
    if (idle < heartbeatMs * 0.9) return this.#schedule(heartbeatMs - idle);
    // The write may hang as long as the store is away: the watchdog must not hang with it.
    this.#timer = this.#store.runtime.setTimer(heartbeatMs / 2, () => void this.#beat());
    if (this.#beating) return;
    this.#beating = true;
    try {
      await this.write((head, holder) => {
        assertHeld(head, holder);
        return head;
      });
    } catch (error) {
      if (this.#ended) return;
      if (!(error instanceof StorageUnavailableError)) {
        const { id, name } = this.head;
        this.#store.emit({
          type: "heartbeat_failed",
          taskId: id,
          name,
          message: "A heartbeat failed",
          error,
        });
      }
    } finally {
      this.#beating = false;
    }
  }

  #overdue(): boolean {
    const { leaseMs, marginMs } = this.#store.config.times;
    return this.#store.runtime.monotonic() - this.#lastBeat >= leaseMs - marginMs;
  }

  #watch(poll: boolean): () => void {
    if (this.#ended) return () => {};
    const { owner, id } = this.#current.head;
    const unsubscribe = this.#store.watcher.subscribe(
      headKey(owner, id),
      (current) => this.#observe(current),
      {
        poll,
      },
    );
    const stop = () => {
      this.#watches.delete(stop);
      unsubscribe();
    };
    this.#watches.add(stop);
    return stop;
  }

  #observe(current: Versioned | undefined): void {
    // What the holder's own last write leaves behind shows no holder: that write tells how it ended.
    if (this.#ended) return;
    if (this.#isEnding) {
      if (current !== undefined && this.#isHolderOf(current.head)) this.#unheard = current;
      return;
    }
    if (current === undefined) return this.#lose("expired");
    if (current.head.rev <= this.#current.head.rev) return;
    if (current.head.status === "cancelled") return this.#lose("cancelled");
    if (!this.#isHolderOf(current.head)) return this.#lose("lease_lost");
    this.#current = current;
    this.#options.onState(current.head);
  }

  #isHolderOf({ exec }: TaskHead): boolean {
    return exec.epoch === this.holder.epoch && exec.leaseOwner === this.holder.leaseOwner;
  }

  #loseTo(error: unknown): boolean {
    if (error instanceof LeaseLostError) this.#lose(error.code);
    else if (error instanceof TaskNotFoundError) this.#lose("expired");
    else return false;
    return true;
  }

  #lose(reason: AbortReason): void {
    if (this.#ended) return;
    this.#release();
    this.#options.onLost(reason);
  }

  #release(): void {
    this.#ended = true;
    this.#timer?.();
    for (const stop of [...this.#watches]) stop();
  }
}
