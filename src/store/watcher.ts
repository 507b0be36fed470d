/**
 * The one watcher of the process: tells waiting code when a record changed, here or elsewhere.
 *
 * Three sources, cheapest first: writes of this process, hints of the engine, and one loop that polls
 * all watched records together, at 250 ms rising to 5 s. Only subscribers that ask for it are polled for.
 *
 * @module
 */
import type { CancelTimer, Runtime } from "../runtime.ts";
import type { RecordKey, StorageBackend, StoredRecord } from "./backend.ts";
import type { Versioned } from "./head_writer.ts";

/** Options of {@linkcode Watcher.subscribe}. */
export interface SubscribeOptions {
  /** Also poll for changes made elsewhere. @default {true} */
  readonly poll?: boolean;
}

/** Called with a new state, or `undefined` when the record is gone. It must not throw. */
export type OnChange = (current: Versioned | undefined) => void;

/** Ends a subscription. */
export type Unsubscribe = () => void;

/** Options of {@linkcode Watcher}. */
export interface WatcherOptions {
  /** First and shortest poll interval in milliseconds. @default {250} */
  readonly minPollMs?: number;
  /** Longest poll interval in milliseconds. @default {5000} */
  readonly maxPollMs?: number;
  /** Reads a record as a head; throws if it cannot. */
  readonly accept: (record: StoredRecord | undefined) => Versioned | undefined;
}

interface Subscriber {
  readonly onChange: OnChange;
  readonly poll: boolean;
  /** Last state it was told of: one that came later must not miss what the others know. */
  told: string | undefined;
}

interface Watched {
  readonly key: RecordKey;
  readonly subscribers: Set<Subscriber>;
  readonly hints: AbortController;
  /** Newest revision seen, so that a slow read cannot bring back an older one. */
  rev: number;
  version: string | undefined;
  intervalMs: number;
  nextPollAt: number;
  /** Writes of this process whose hint is still to come, and until when it may be theirs. */
  ownHints: number;
  ownHintsUntil: number;
  /** A hint was taken for one of ours: to be looked at once, to be sure. */
  isDoubtful: boolean;
}

const KEYS_PER_GET = 10;
const POLL_GROWTH = 1.5;
/** How long after a write of ours a hint may be its own, in milliseconds. */
const OWN_HINT_MS = 1000;
/** When a hint that was taken for our own is made sure of, in milliseconds. */
const DOUBT_MS = 500;

/** Watches records of one backend. */
export class Watcher {
  readonly #backend: StorageBackend;
  readonly #runtime: Runtime;
  readonly #accept: WatcherOptions["accept"];
  readonly #minPollMs: number;
  readonly #maxPollMs: number;
  readonly #watched = new Map<string, Watched>();
  #timer: CancelTimer | undefined;
  #timerAt = Infinity;

  constructor(backend: StorageBackend, runtime: Runtime, options: WatcherOptions) {
    this.#backend = backend;
    this.#runtime = runtime;
    this.#accept = options.accept;
    this.#minPollMs = options.minPollMs ?? 250;
    this.#maxPollMs = options.maxPollMs ?? 5000;
  }

  /** Number of records watched. */
  get size(): number {
    return this.#watched.size;
  }

  /** Calls back at each change of the record, until the returned function is called. */
  subscribe(key: RecordKey, onChange: OnChange, options: SubscribeOptions = {}): Unsubscribe {
    const name = nameOf(key);
    const watched = this.#watched.get(name) ?? this.#start(name, key);
    const subscriber: Subscriber = { onChange, poll: options.poll ?? true, told: undefined };
    watched.subscribers.add(subscriber);
    if (subscriber.poll) {
      watched.intervalMs = this.#minPollMs;
      watched.nextPollAt = Math.min(watched.nextPollAt, this.#runtime.monotonic() + this.#minPollMs);
      this.#pollNotAfter(watched.nextPollAt);
    }
    return () => {
      watched.subscribers.delete(subscriber);
      if (watched.subscribers.size === 0 && this.#watched.get(name) === watched) this.#stop(name, watched);
    };
  }

  /** Takes a state that this process wrote. */
  observe(key: RecordKey, current: Versioned): void {
    const watched = this.#watched.get(nameOf(key));
    if (watched !== undefined) this.#tell(watched, current);
  }

  /** Takes notice that this process is about to write a record: the engine's hint of it will be no news. */
  expect(key: RecordKey): void {
    const watched = this.#watched.get(nameOf(key));
    if (watched === undefined) return;
    watched.ownHints++;
    watched.ownHintsUntil = this.#runtime.monotonic() + OWN_HINT_MS;
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const [name, watched] of this.#watched) this.#stop(name, watched);
    this.#stopTimer();
  }

  #start(name: string, key: RecordKey): Watched {
    const watched: Watched = {
      key,
      subscribers: new Set(),
      hints: new AbortController(),
      rev: 0,
      version: undefined,
      intervalMs: this.#minPollMs,
      nextPollAt: Infinity,
      ownHints: 0,
      ownHintsUntil: -Infinity,
      isDoubtful: false,
    };
    this.#watched.set(name, watched);
    void this.#followHints(watched);
    return watched;
  }

  #stop(name: string, watched: Watched): void {
    this.#watched.delete(name);
    watched.hints.abort();
    if (this.#watched.size === 0) this.#stopTimer();
  }

  #stopTimer(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  async #followHints(watched: Watched): Promise<void> {
    try {
      for await (const _ of this.#backend.watch(watched.key, watched.hints.signal)) {
        if (watched.hints.signal.aborted) return;
        if (this.#isOwnHint(watched)) continue;
        await this.#read([watched]);
      }
    } catch {
      // Hints may end at any time: subscribers that need certainty are polled for.
    }
  }

  /** Engines hint at our own writes too; reading them back would double the cost of every write. */
  #isOwnHint(watched: Watched): boolean {
    const now = this.#runtime.monotonic();
    if (now >= watched.ownHintsUntil) watched.ownHints = 0;
    if (watched.ownHints === 0) return false;
    watched.ownHints--;
    watched.isDoubtful = true;
    watched.nextPollAt = Math.min(watched.nextPollAt, now + DOUBT_MS);
    this.#pollNotAfter(watched.nextPollAt);
    return true;
  }

  #pollNotAfter(at: number): void {
    if (at === Infinity || this.#timer !== undefined && this.#timerAt <= at) return;
    this.#timer?.();
    this.#timerAt = at;
    this.#timer = this.#runtime.setTimer(Math.max(0, at - this.#runtime.monotonic()), () => {
      this.#timer = undefined;
      void this.#poll();
    });
  }

  async #poll(): Promise<void> {
    const now = this.#runtime.monotonic();
    const due: Watched[] = [];
    let next = Infinity;
    for (const watched of this.#watched.values()) {
      if (watched.nextPollAt <= now) {
        const isPolled = [...watched.subscribers].some(({ poll }) => poll);
        watched.intervalMs = Math.min(watched.intervalMs * POLL_GROWTH, this.#maxPollMs);
        watched.nextPollAt = isPolled ? now + watched.intervalMs : Infinity;
        if (isPolled || watched.isDoubtful) due.push(watched);
        watched.isDoubtful = false;
      }
      next = Math.min(next, watched.nextPollAt);
    }
    this.#pollNotAfter(next);
    for (let i = 0; i < due.length; i += KEYS_PER_GET) await this.#read(due.slice(i, i + KEYS_PER_GET));
  }

  async #read(group: readonly Watched[]): Promise<void> {
    const revs = group.map(({ rev }) => rev);
    let records: readonly (StoredRecord | undefined)[];
    try {
      records = await this.#backend.get(group.map(({ key }) => key));
    } catch {
      return; // The engine is away: the next round asks again.
    }
    group.forEach((watched, i) => {
      let current: Versioned | undefined;
      try {
        current = this.#accept(records[i]);
      } catch {
        return; // Undecodable: whoever reads it gets the error.
      }
      // Read before the record was created: it is not gone.
      if (current === undefined && watched.rev !== revs[i]) return;
      this.#tell(watched, current);
    });
  }

  #tell(watched: Watched, current: Versioned | undefined): void {
    if (current !== undefined) {
      if (current.head.rev < watched.rev) return;
      watched.rev = current.head.rev;
    }
    const version = current?.version ?? "";
    if (version !== watched.version) watched.intervalMs = this.#minPollMs;
    watched.version = version;
    for (const subscriber of [...watched.subscribers]) {
      if (subscriber.told === version) continue;
      subscriber.told = version;
      subscriber.onChange(current);
    }
  }
}

function nameOf(key: RecordKey): string {
  return `${key.owner}/${key.kind}/${key.id}`;
}
