/**
 * Hands hints about changed records to whoever watches them in this process.
 *
 * @module
 */
import type { RecordKey } from "../../src/store/backend.ts";

type Wake = () => void;

/** Told which records are watched. */
export interface WatchListener {
  /** A record got its first watcher. */
  opened(name: string): void;
  /** A record lost its last watcher. */
  closed(name: string): void;
}

/** Watchers of one process by record. Hints that arrive while a watcher is busy are merged into one. */
export class WatchHub {
  readonly #watchers = new Map<string, Set<Wake>>();
  readonly #listener: WatchListener | undefined;

  constructor(listener?: WatchListener) {
    this.#listener = listener;
  }

  /** Wakes the watchers of a record. Costs nothing while nobody watches. */
  notify(key: RecordKey): void {
    if (this.#watchers.size > 0) this.notifyName(watchName(key));
  }

  /** Wakes the watchers of the record with this {@linkcode watchName}. */
  notifyName(name: string): void {
    const wakes = this.#watchers.get(name);
    if (wakes !== undefined) { for (const wake of [...wakes]) wake(); }
  }

  /** Wakes every watcher: hints may have been missed. */
  notifyAll(): void {
    for (const name of [...this.#watchers.keys()]) this.notifyName(name);
  }

  /** Yields after each hint until `signal` aborts, and then ends. Watching starts with the call. */
  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    const name = watchName(key);
    let isPending = false;
    let waiting: Wake | undefined;
    const release = () => {
      const wake = waiting;
      waiting = undefined;
      wake?.();
    };
    const onHint = () => {
      isPending = true;
      release();
    };
    const leave = () => {
      signal.removeEventListener("abort", leave);
      this.#remove(name, onHint);
      release();
    };
    if (!signal.aborted) {
      this.#add(name, onHint);
      signal.addEventListener("abort", leave, { once: true });
    }
    async function* hints(): AsyncGenerator<void> {
      try {
        while (!signal.aborted) {
          if (!isPending) await new Promise<void>((resolve) => waiting = resolve);
          if (signal.aborted) return;
          isPending = false;
          yield;
        }
      } finally {
        leave();
      }
    }
    return hints();
  }

  #add(name: string, wake: Wake): void {
    const wakes = this.#watchers.get(name);
    if (wakes !== undefined) {
      wakes.add(wake);
      return;
    }
    this.#watchers.set(name, new Set([wake]));
    this.#listener?.opened(name);
  }

  #remove(name: string, wake: Wake): void {
    const wakes = this.#watchers.get(name);
    if (!wakes?.delete(wake) || wakes.size > 0) return;
    this.#watchers.delete(name);
    this.#listener?.closed(name);
  }
}

/** One string for a record; no two records share it, because none of its parts holds a bar. */
export function watchName(key: RecordKey): string {
  return `${key.kind}|${key.owner}|${key.id}`;
}
