/**
 * Calls to a Deno KV store: opened when first needed, grouped, retried while the file is locked.
 *
 * @module
 */
import { StorageError, StorageUnavailableError } from "../src/store/backend.ts";
import type { Runtime } from "../src/runtime.ts";
import { messageOf, Retrier } from "./shared/retry.ts";
import {
  type KvAtomicLike,
  type KvEntryLike,
  type KvKeyPartLike,
  type KvLike,
  type KvListOptionsLike,
  type KvRangeLike,
  openKv,
} from "./deno_kv_client.ts";

const MAX_READ = 10;
const MAX_BATCH = 500;

/** A store, open or to be opened. */
export class KvEngine {
  readonly #path: string | undefined;
  readonly #isOwn: boolean;
  readonly #retrier: Retrier;
  #kv: KvLike | undefined;
  #opening: Promise<KvLike> | undefined;
  #isClosed = false;

  constructor(kv: string | KvLike | undefined, timeoutMs: number, runtime: Runtime) {
    this.#isOwn = kv === undefined || typeof kv === "string";
    if (kv === undefined || typeof kv === "string") this.#path = kv;
    else this.#kv = kv;
    this.#retrier = new Retrier({ runtime, timeoutMs, minPauseMs: 2, maxPauseMs: 250, isTransient, toError });
  }

  /** Reads entries, strongly; up to ten are one call. */
  async read(keys: readonly KvKeyPartLike[][]): Promise<readonly KvEntryLike[]> {
    if (keys.length === 1) return [await this.readOne(keys[0]!)];
    const groups: Promise<readonly KvEntryLike[]>[] = [];
    for (let i = 0; i < keys.length; i += MAX_READ) {
      groups.push(this.#run("read records", (kv) => kv.getMany(keys.slice(i, i + MAX_READ))));
    }
    return (await Promise.all(groups)).flat();
  }

  /** Reads one entry, strongly. */
  readOne(key: KvKeyPartLike[]): Promise<KvEntryLike> {
    return this.#run("read a record", (kv) => kv.get(key));
  }

  /** Reads a range of entries. */
  scan(action: string, range: KvRangeLike, options: KvListOptionsLike): Promise<KvEntryLike[]> {
    const batchSize = Math.min(options.limit ?? MAX_BATCH, MAX_BATCH);
    return this.#run(action, async (kv) => {
      const entries: KvEntryLike[] = [];
      for await (const entry of kv.list(range, { ...options, batchSize })) entries.push(entry);
      return entries;
    });
  }

  /**
   * Commits what `build` puts together, anew for each attempt.
   *
   * @returns The new versionstamp; `undefined` if a check failed.
   */
  async commit(action: string, build: (atomic: KvAtomicLike) => void): Promise<string | undefined> {
    const result = await this.#run(action, (kv) => {
      const atomic = kv.atomic();
      build(atomic);
      return atomic.commit();
    });
    return result.ok ? result.versionstamp : undefined;
  }

  /** Streams changes of one key, if the store can. */
  async watch(key: KvKeyPartLike[]): Promise<ReadableStream<unknown> | undefined> {
    const kv = this.#kv ?? await this.#open();
    return kv.watch?.([key]);
  }

  /** Closes the store if it was opened here. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isOwn) return;
    const kv = this.#kv ?? await this.#opening?.catch(() => undefined);
    kv?.close();
  }

  #run<T>(action: string, call: (kv: KvLike) => Promise<T>): Promise<T> {
    return this.#retrier.run(action, () => {
      if (this.#isClosed) throw new StorageError(`Cannot ${action}: the backend is closed`);
      return this.#kv === undefined ? this.#open().then(call) : call(this.#kv);
    });
  }

  async #open(): Promise<KvLike> {
    try {
      this.#kv = await (this.#opening ??= openKv(this.#path));
      return this.#kv;
    } catch (error) {
      this.#opening = undefined;
      if (error instanceof StorageError || isTransient(error)) throw error;
      const where = this.#path === undefined ? "the default store" : JSON.stringify(this.#path);
      throw new StorageUnavailableError(`Cannot open Deno KV at ${where}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** Two processes on one file, or two connections: contention, not failure. */
function isTransient(error: unknown): boolean {
  return /database (?:table )?is (?:locked|busy)/i.test(messageOf(error));
}

function toError(action: string, error: unknown): Error {
  return new StorageUnavailableError(`Cannot ${action}: Deno KV answered "${messageOf(error)}"`, {
    cause: error,
  });
}
