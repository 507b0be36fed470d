/**
 * Hands hints about changed records to whoever watches them in this process.
 *
 * @module
 */
import type { RecordKey } from "../../src/store/backend.ts";

type Wake = () => void;

/** Watchers of one process by record. Hints that arrive while a watcher is busy are merged into one. */
export class WatchHub {
  readonly #watchers = new Map<string, Set<Wake>>();

  /** Number of distinct records watched. */
  get size(): number {
    return this.#watchers.size;
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

  /** Wakes every watcher: for a moment when hints may have been missed. */
  notifyAll(): void {
    for (const wakes of [...this.#watchers.values()]) for (const wake of [...wakes]) wake();
  }

  /** Names of the records watched. */
  names(): IterableIterator<string> {
    return this.#watchers.keys();
  }

  /** Yields after each hint until `signal` aborts, and then ends. Watching starts with the call. */
  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    const name = watchName(key);
    let pending = false;
    let waiting: Wake | undefined;
    const release = () => {
      const wake = waiting;
      waiting = undefined;
      wake?.();
    };
    const onHint = () => {
      pending = true;
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
          if (!pending) await new Promise<void>((resolve) => waiting = resolve);
          if (signal.aborted) return;
          pending = false;
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
    if (wakes === undefined) this.#watchers.set(name, new Set([wake]));
    else wakes.add(wake);
  }

  #remove(name: string, wake: Wake): void {
    const wakes = this.#watchers.get(name);
    if (wakes?.delete(wake) && wakes.size === 0) this.#watchers.delete(name);
  }
}

/** One string for a record; no two records share it, because none of its parts holds a blank. */
export function watchName(key: RecordKey): string {
  return `${key.owner} ${key.kind} ${key.id}`;
}
