/**
 * Storage in Deno KV: a file, memory, or the store of Deno Deploy.
 *
 * A put is one `atomic()`: it checks the version that it replaces, and stores the record together with its due
 * and active entries. The version says what those entries were, so nothing is read first. Values up to 512 KiB
 * are cut into entries of at most 60 KiB in the same commit. `expireIn` is only garbage collection, from
 * `purgeAt` on. `kv.watch` never fires across processes that share a file; hints of this process always do.
 *
 * @example Keep tasks in a file
 * ```ts
 * import { denoKv } from "@perdure/mcp-tasks/deno-kv";
 *
 * const backend = denoKv("./tasks.kv");
 * await backend.close();
 * ```
 *
 * @module
 */
import {
  type BackendTraits,
  type DuePage,
  type DueQuery,
  type ListPage,
  type ListQuery,
  type PutCondition,
  type PutResult,
  type RecordKey,
  type RecordWrite,
  type StorageBackend,
  StorageUnavailableError,
  type StoredRecord,
} from "../src/store/backend.ts";
import { type Runtime, systemRuntime } from "../src/runtime.ts";
import { checkKey, checkLimit, checkShard, checkSize } from "./shared/check.ts";
import { WatchHub, watchName } from "./shared/watch_hub.ts";
import type { KvEntryLike, KvKeyPartLike, KvLike } from "./deno_kv_client.ts";
import { KvEngine } from "./deno_kv_engine.ts";
import { decodeEntry, decodePurgeAt, KvLayout, PART_BYTES, toVersion } from "./deno_kv_layout.ts";
import { KvWriter } from "./deno_kv_writer.ts";

export type {
  KvAtomicLike,
  KvCheckLike,
  KvCommitLike,
  KvEntryLike,
  KvKeyLike,
  KvKeyPartLike,
  KvLike,
  KvListOptionsLike,
  KvRangeLike,
} from "./deno_kv_client.ts";
export type {
  BackendTraits,
  DuePage,
  DueQuery,
  ListPage,
  ListQuery,
  OwnerKey,
  PutCondition,
  PutResult,
  RecordKey,
  RecordKind,
  RecordWrite,
  StorageBackend,
  StoredRecord,
  Version,
} from "../src/store/backend.ts";
export type { CancelTimer, Runtime } from "../src/runtime.ts";

/** Options of {@linkcode denoKv}. */
export interface DenoKvOptions {
  /** First parts of every key, so that several things can share one store. @default {["perdure"]} */
  readonly prefix?: readonly string[];
  /** Longest time one operation may take, with all its attempts, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
  /**
   * Whether to take hints from the store's own `watch`; without them, changes of other processes are seen by
   * polling. That of `npm:@deno/kv` can spin for ever when a watcher leaves, and nothing else runs then.
   *
   * @default whether the runtime is Deno
   */
  readonly watch?: boolean;
  /** Clock, timers and randomness. @default {systemRuntime} */
  readonly runtime?: Runtime;
}

const MAX_VALUE_BYTES = 512 * 1024;
const MAX_WATCHED = 10;
const MAX_REREADS = 100;

/**
 * Creates a backend over Deno KV.
 *
 * @param kv A store that is open already, or the path of one to open at first use: a file name, or `":memory:"`.
 * Absent: the runtime's default store.
 */
export function denoKv(kv?: string | KvLike, options: DenoKvOptions = {}): StorageBackend {
  return new DenoKvBackend(kv, options);
}

class DenoKvBackend implements StorageBackend {
  readonly traits: BackendTraits = {
    name: "deno-kv",
    maxValueBytes: MAX_VALUE_BYTES,
    dueShards: 1,
    indexLagMs: 0,
    exactLimit: true,
  };
  readonly #runtime: Runtime;
  readonly #layout: KvLayout;
  readonly #engine: KvEngine;
  readonly #writer: KvWriter;
  readonly #hub = new WatchHub();
  readonly #takesHints: boolean;
  #watched = 0;

  constructor(kv: string | KvLike | undefined, options: DenoKvOptions) {
    const { prefix = ["perdure"], timeoutMs = 10_000, runtime = systemRuntime } = options;
    this.#runtime = runtime;
    this.#takesHints = options.watch ?? Reflect.has(globalThis, "Deno");
    this.#layout = new KvLayout(prefix);
    this.#engine = new KvEngine(kv, timeoutMs, runtime);
    this.#writer = new KvWriter(this.#engine, this.#layout, runtime);
  }

  async get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    if (keys.length === 1) {
      return [await this.#toRecord(await this.#engine.readOne(this.#layout.record(keys[0]!)))];
    }
    return await this.#toRecords(await this.#engine.read(keys.map((key) => this.#layout.record(key))));
  }

  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    checkKey(write.key);
    checkSize(write, MAX_VALUE_BYTES);
    const result = await this.#writer.put(write, condition);
    if (result.ok) this.#hub.notify(write.key);
    return result;
  }

  async delete(keys: readonly RecordKey[]): Promise<void> {
    await this.#writer.delete(keys);
    for (const key of keys) this.#hub.notify(key);
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { owner, kind, after, reverse = false, limit } = query;
    checkLimit(limit);
    const range = this.#layout.records(owner, kind);
    if (after !== undefined) {
      const bound = this.#layout.record({ owner, kind, id: after });
      if (reverse) range.end = bound;
      else range.start = behind(bound);
    }
    const entries = await this.#engine.scan(`list ${kind} records`, range, { limit, reverse });
    const records = await this.#toRecords(entries);
    const last = entries[limit - 1];
    return {
      records: records.filter((record) => record !== undefined),
      after: last && this.#layout.toRecordKey(last.key).id,
    };
  }

  async due(query: DueQuery): Promise<DuePage> {
    const { before, shard, after, limit } = query;
    checkShard(shard, this.traits.dueShards);
    checkLimit(limit);
    const range = this.#layout.dueBefore(before);
    if (after !== undefined) range.start = behind([...range.start, ...parseCursor(after)]);
    const entries = await this.#engine.scan("list due records", range, { limit });
    const last = entries[limit - 1];
    return {
      keys: (await this.#dropLeftovers(entries)).map((entry) => this.#layout.toRecordKey(entry.key)),
      after: last && JSON.stringify(last.key.slice(-4)),
    };
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    const mayAsk = this.#takesHints && this.#watched < MAX_WATCHED;
    if (mayAsk && !signal.aborted) void this.#watchEngine(key, signal);
    return this.#hub.watch(key, signal);
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  #toRecords(entries: readonly KvEntryLike[]): Promise<(StoredRecord | undefined)[]> {
    return Promise.all(entries.map((entry) => this.#toRecord(entry)));
  }

  #toRecord(entry: KvEntryLike): StoredRecord | undefined | Promise<StoredRecord | undefined> {
    if (entry.versionstamp === null) return undefined;
    const key = this.#layout.toRecordKey(entry.key);
    const { facts, value } = decodeEntry(entry.value);
    if (facts.parts > 0) return this.#toWholeRecord(key, entry);
    return { key, value, version: toVersion(entry.versionstamp, facts) };
  }

  /** Reads the further parts of a record, all of the same commit. */
  async #toWholeRecord(key: RecordKey, entry: KvEntryLike): Promise<StoredRecord | undefined> {
    for (let read = 0; read < MAX_REREADS; read++) {
      if (entry.versionstamp === null) return undefined;
      const stamp = entry.versionstamp;
      const { facts, value } = decodeEntry(entry.value);
      const partKeys = Array.from({ length: facts.parts }, (_, i) => this.#layout.part(key, i + 1));
      const parts = await this.#engine.read(partKeys);
      if (parts.every((part) => part.versionstamp === stamp && part.value instanceof Uint8Array)) {
        const whole = new Uint8Array(
          parts.reduce((sum, part) => sum + (part.value as Uint8Array).length, value.length),
        );
        whole.set(value);
        parts.forEach((part, i) => whole.set(part.value as Uint8Array, (i + 1) * PART_BYTES));
        return { key, value: whole, version: toVersion(stamp, facts) };
      }
      [entry] = await this.#engine.read([this.#layout.record(key)]) as [KvEntryLike];
    }
    throw new StorageUnavailableError(`Cannot read ${key.kind} "${key.id}": it changed while being read`);
  }

  /** Takes out due entries that are not their record's any more: only the engine's own removal leaves such. */
  async #dropLeftovers(entries: readonly KvEntryLike[]): Promise<readonly KvEntryLike[]> {
    const now = this.#runtime.now();
    const doubtful = entries.filter(({ value }) => (decodePurgeAt(value) ?? Infinity) <= now);
    if (doubtful.length === 0) return entries;
    const keys = doubtful.map(({ key }) => this.#layout.record(this.#layout.toRecordKey(key)));
    const records = await this.#engine.read(keys);
    const leftovers = doubtful.filter(({ key }, i) =>
      records[i]!.versionstamp === null || decodeEntry(records[i]!.value).facts.dueAt !== key.at(-4)
    );
    await this.#writer.deleteLeftovers(leftovers);
    return entries.filter((entry) => !leftovers.includes(entry));
  }

  /** Passes on what the engine reports of a key, until the watcher leaves. */
  async #watchEngine(key: RecordKey, signal: AbortSignal): Promise<void> {
    this.#watched++;
    try {
      const stream = await this.#engine.watch(this.#layout.record(key));
      if (stream === undefined) return;
      const reader = stream.getReader();
      const cancel = () => void reader.cancel().catch(() => {});
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel, { once: true });
      while (!(await reader.read()).done) this.#hub.notifyName(watchName(key));
    } catch {
      // A hint that does not come is no failure: whoever watches also polls.
    } finally {
      this.#watched--;
    }
  }
}

/** The first key behind `key`, whose last part is a string. */
function behind(key: KvKeyPartLike[]): KvKeyPartLike[] {
  return [...key.slice(0, -1), `${key[key.length - 1]}\0`];
}

function parseCursor(cursor: string): KvKeyPartLike[] {
  try {
    const parts = JSON.parse(cursor);
    if (Array.isArray(parts) && parts.length === 4 && typeof parts[0] === "number") return parts;
  } catch {
    // Not JSON: refused like every other cursor that is not ours.
  }
  throw new TypeError("Cannot read due records: the cursor is malformed");
}
