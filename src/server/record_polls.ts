/**
 * Looks again and again at records that other processes put: one loop for all of them, and the engine's hints.
 *
 * The store's watcher does the same for tasks. Here are the small records of sessions, whose readers each wait for
 * one thing.
 *
 * @module
 */
import type { CancelTimer, Runtime } from "../runtime.ts";
import type { RecordKey, StorageBackend, StoredRecord } from "../store/mod.ts";

/** Called with the record as it is, or `undefined` while there is none. It must not throw. */
export type OnLook = (record: StoredRecord | undefined) => void;

interface Poll {
  readonly key: RecordKey;
  readonly onLook: OnLook;
  readonly hints: AbortController;
  readonly maxMs: number;
  intervalMs: number;
  nextAt: number;
}

/** Options of {@linkcode RecordPolls.start}. */
export interface PollOptions {
  /**
   * Whether somebody waits for it: looked at within 250 ms, then ever less often, at least every 5 s, and at once where
   * the engine gives a hint. Else within 2 s and at least every 10 s.
   */
  readonly isUrgent: boolean;
}

const URGENT = { minMs: 250, maxMs: 5000 };
const CASUAL = { minMs: 2000, maxMs: 10_000 };
const POLL_GROWTH = 1.5;
/** What is due within this time is looked at together, in milliseconds: one timer, fewer calls of the engine. */
const TOGETHER_MS = 100;
const KEYS_PER_GET = 10;

/** Records that are looked at. */
export class RecordPolls {
  readonly #backend: StorageBackend;
  readonly #runtime: Runtime;
  readonly #polls = new Set<Poll>();
  #timer: CancelTimer | undefined;
  #timerAt = Infinity;

  constructor(backend: StorageBackend, runtime: Runtime) {
    this.#backend = backend;
    this.#runtime = runtime;
  }

  /** Looks at a record again and again, until the returned function is called. */
  start(key: RecordKey, onLook: OnLook, { isUrgent }: PollOptions): () => void {
    const { minMs, maxMs } = isUrgent ? URGENT : CASUAL;
    const nextAt = this.#runtime.monotonic() + minMs;
    const poll: Poll = { key, onLook, hints: new AbortController(), maxMs, intervalMs: minMs, nextAt };
    this.#polls.add(poll);
    this.#wakeNotAfter(nextAt);
    if (isUrgent) void this.#followHints(poll);
    return () => {
      this.#polls.delete(poll);
      poll.hints.abort();
      if (this.#polls.size === 0) this.#stopTimer();
    };
  }

  /** Looks at nothing any more. */
  close(): void {
    for (const poll of this.#polls) poll.hints.abort();
    this.#polls.clear();
    this.#stopTimer();
  }

  async #followHints(poll: Poll): Promise<void> {
    try {
      for await (const _ of this.#backend.watch(poll.key, poll.hints.signal)) {
        if (poll.hints.signal.aborted) return;
        await this.#look([poll]);
      }
    } catch {
      // Hints may end at any time: the loop looks all the same.
    }
  }

  #wakeNotAfter(at: number): void {
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    this.#timer?.();
    this.#timerAt = at;
    this.#timer = this.#runtime.setTimer(Math.max(0, at - this.#runtime.monotonic()), () => {
      this.#timer = undefined;
      void this.#round();
    });
  }

  #stopTimer(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  async #round(): Promise<void> {
    const now = this.#runtime.monotonic();
    const due = [...this.#polls].filter(({ nextAt }) => nextAt <= now + TOGETHER_MS);
    for (const poll of due) {
      poll.intervalMs = Math.min(poll.intervalMs * POLL_GROWTH, poll.maxMs);
      poll.nextAt = now + poll.intervalMs;
    }
    let next = Infinity;
    for (const { nextAt } of this.#polls) next = Math.min(next, nextAt);
    if (next !== Infinity) this.#wakeNotAfter(next);
    for (let i = 0; i < due.length; i += KEYS_PER_GET) await this.#look(due.slice(i, i + KEYS_PER_GET));
  }

  async #look(polls: readonly Poll[]): Promise<void> {
    let records: readonly (StoredRecord | undefined)[];
    try {
      records = await this.#backend.get(polls.map(({ key }) => key));
    } catch {
      return; // The engine is away: the next round asks again.
    }
    polls.forEach((poll, i) => {
      if (this.#polls.has(poll)) poll.onLook(records[i]);
    });
  }
}
