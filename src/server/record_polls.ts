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
  intervalMs: number;
  nextAt: number;
}

const MIN_POLL_MS = 250;
const MAX_POLL_MS = 5000;
const POLL_GROWTH = 1.5;
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

  /**
   * Looks at a record after 250 ms, then ever less often, at least every 5 s, until the returned function is called.
   *
   * @param hints Whether to ask the engine for hints besides.
   */
  start(key: RecordKey, onLook: OnLook, hints = true): () => void {
    const nextAt = this.#runtime.monotonic() + MIN_POLL_MS;
    const poll: Poll = { key, onLook, hints: new AbortController(), intervalMs: MIN_POLL_MS, nextAt };
    this.#polls.add(poll);
    this.#wakeNotAfter(nextAt);
    if (hints) void this.#followHints(poll);
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
    const due = [...this.#polls].filter(({ nextAt }) => nextAt <= now);
    for (const poll of due) {
      poll.intervalMs = Math.min(poll.intervalMs * POLL_GROWTH, MAX_POLL_MS);
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
