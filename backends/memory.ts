/**
 * Storage in the memory of one process: for tests, for tools whose tasks may die with the process, and as
 * the measure of the other backends.
 *
 * Every operation runs in one synchronous stretch, which is what makes it atomic. Records whose `purgeAt`
 * has passed are removed when due records are read, and when an owner's limit looks reached. Nothing is
 * shared between two backends, and nothing survives the process.
 *
 * @example Keep tasks in memory
 * ```ts
 * import { memory } from "@perdure/mcp-tasks/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const backend = memory();
 * const key = { owner: "ada", kind: "task", id: "t1" } as const;
 * const created = await backend.put({ key, value: new Uint8Array([1]) }, { absent: true });
 * const again = await backend.put({ key, value: new Uint8Array([2]) }, { absent: true });
 * assertEquals([created.ok, again.ok], [true, false]);
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
  type OwnerKey,
  type PutCondition,
  type PutResult,
  type RecordKey,
  type RecordKind,
  type RecordWrite,
  type StorageBackend,
  StorageUnavailableError,
  type StoredRecord,
  type Version,
} from "../src/store/backend.ts";
import { randomName, type Runtime, systemRuntime } from "../src/runtime.ts";
import { checkKey, checkLimit, checkShard, checkSize } from "./shared/check.ts";
import { BytePool } from "./shared/byte_pool.ts";
import { SortedList } from "./shared/sorted_list.ts";
import { Timeline, type TimelineEntry } from "./shared/timeline.ts";
import { WatchHub } from "./shared/watch_hub.ts";

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

/** Options of {@linkcode memory}. */
export interface MemoryOptions {
  /** Largest payload value in bytes. @default {4194304} */
  readonly maxValueBytes?: number;
  /** Clock and randomness. @default {systemRuntime} */
  readonly runtime?: Runtime;
}

/** Removed records that may wait for the next time instants are put in order. */
const MAX_GONE = 1024;

/** Bytes of its cell that a value may leave unused when it replaces a larger one. */
const MAX_UNUSED_BYTES = 4096;

interface Entry {
  readonly key: RecordKey;
  readonly shelf: Shelf;
  /** Holds the value at its beginning. */
  cell: Uint8Array;
  length: number;
  /** Number of the put that stored it: the part of its version that is its own. */
  stamp: number;
  active: boolean;
  dueAt: number | undefined;
  purgeAt: number | undefined;
  /** The instants have not been put in order yet. */
  isFresh: boolean;
  isGone: boolean;
  due: TimelineEntry<Entry> | undefined;
  purge: TimelineEntry<Entry> | undefined;
}

/** One owner's records of one kind. */
interface Shelf {
  readonly owner: Owner;
  readonly ownerKey: OwnerKey;
  readonly kind: RecordKind;
  readonly entries: Map<string, Entry>;
  readonly ids: SortedList<string>;
}

interface Owner {
  readonly shelves: Map<RecordKind, Shelf>;
  active: number;
}

/** Creates a backend that keeps everything in this process. */
export function memory(options: MemoryOptions = {}): MemoryBackend {
  return new MemoryBackend(options);
}

/** See {@linkcode memory}. */
export class MemoryBackend implements StorageBackend {
  /** What it is good at. */
  readonly traits: BackendTraits;
  readonly #runtime: Runtime;
  readonly #hub = new WatchHub();
  readonly #pool = new BytePool();
  readonly #owners = new Map<OwnerKey, Owner>();
  readonly #due = new Timeline<Entry>();
  readonly #purge = new Timeline<Entry>();
  /** Records whose instants changed since they were last asked for: most change again before that. */
  #fresh: Entry[] = [];
  #goneFresh = 0;
  #versionPrefix: string | undefined;
  #puts = 0;
  /** The shelf found last: puts and gets often come in rows. */
  #recent: Shelf | undefined;

  /** See {@linkcode memory}. */
  constructor(options: MemoryOptions = {}) {
    const { maxValueBytes = 4 * 1024 * 1024, runtime = systemRuntime } = options;
    this.#runtime = runtime;
    this.traits = {
      name: "memory",
      maxValueBytes,
      dueShards: 1,
      indexLagMs: 0,
      exactLimit: true,
      watchLatencyMs: 0,
    };
  }

  /** Number of records held, of all owners and kinds. */
  get size(): number {
    let size = 0;
    for (const owner of this.#owners.values()) {
      for (const shelf of owner.shelves.values()) size += shelf.entries.size;
    }
    return size;
  }

  /** Reads records; each reader gets bytes of its own. */
  // deno-lint-ignore require-await
  async get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    return keys.map((key) => {
      const entry = this.#find(key);
      return entry && this.#toRecord(entry);
    });
  }

  /** Stores one record under a condition; the value is copied. */
  // deno-lint-ignore require-await
  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    const { key } = write;
    checkSize(write, this.traits.maxValueBytes);
    let entry = this.#find(key);
    if ("version" in condition) {
      if (entry === undefined || this.#versionOf(entry) !== condition.version) {
        return { ok: false, reason: "conflict" };
      }
    } else {
      if (entry !== undefined) return { ok: false, reason: "conflict" };
      this.#checkInTime(write);
      if (write.active && this.#isFull(key.owner, condition.activeLimit)) {
        return { ok: false, reason: "limit" };
      }
      entry = this.#create(key, write.value.length);
    }
    this.#keep(entry, write.value);
    entry.stamp = this.#puts++;
    this.#index(entry, write);
    this.#hub.notify(key);
    return { ok: true, version: this.#versionOf(entry) };
  }

  /** Removes records with their index entries. */
  // deno-lint-ignore require-await
  async delete(keys: readonly RecordKey[]): Promise<void> {
    for (const key of keys) {
      const entry = this.#find(key);
      if (entry !== undefined) this.#remove(entry);
    }
  }

  /** Lists one owner's records of one kind by id. */
  // deno-lint-ignore require-await
  async list(query: ListQuery): Promise<ListPage> {
    const { owner, kind, after, reverse = false, limit } = query;
    checkLimit(limit);
    const shelf = this.#shelf(owner, kind);
    const records: StoredRecord[] = [];
    if (shelf === undefined) return { records };
    for (const id of reverse ? shelf.ids.descending(after) : shelf.ids.ascending(after)) {
      if (records.length === limit) return { records, after: records[limit - 1]!.key.id };
      records.push(this.#toRecord(shelf.entries.get(id)!));
    }
    return { records };
  }

  /** Lists keys of due records, and removes records whose `purgeAt` has passed. */
  // deno-lint-ignore require-await
  async due(query: DueQuery): Promise<DuePage> {
    const { before, shard, after, limit } = query;
    checkShard(shard, 1);
    checkLimit(limit);
    this.#purgeOld();
    const keys: RecordKey[] = [];
    let last: TimelineEntry<Entry> | undefined;
    for (const entry of this.#due.before(before, after === undefined ? undefined : parseCursor(after))) {
      if (keys.length === limit) return { keys, after: `${last!.at}:${last!.order}` };
      keys.push(entry.item!.key);
      last = entry;
    }
    return { keys };
  }

  /** Yields after each put or removal of the record in this backend. */
  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    return this.#hub.watch(key, signal);
  }

  /** Does nothing: the records stay readable for as long as somebody holds the backend. */
  async close(): Promise<void> {}

  #toRecord(entry: Entry): StoredRecord {
    const { key, cell, length } = entry;
    return { key, value: cell.slice(0, length), version: this.#versionOf(entry) };
  }

  /**
   * A count behind 128 random bits per backend: as unique as random bits per put, and much cheaper. Drawn at the first
   * version, because Workers have no chance before their first request.
   */
  #versionOf({ stamp }: Entry): Version {
    this.#versionPrefix ??= randomName(this.#runtime, 16) + ".";
    return this.#versionPrefix + stamp;
  }

  #find(key: RecordKey): Entry | undefined {
    return this.#shelf(key.owner, key.kind)?.entries.get(key.id);
  }

  #shelf(owner: OwnerKey, kind: RecordKind): Shelf | undefined {
    const recent = this.#recent;
    if (recent !== undefined && recent.kind === kind && recent.ownerKey === owner) return recent;
    const shelf = this.#owners.get(owner)?.shelves.get(kind);
    if (shelf !== undefined) this.#recent = shelf;
    return shelf;
  }

  #create(key: RecordKey, length: number): Entry {
    checkKey(key);
    const shelf = this.#shelf(key.owner, key.kind) ?? this.#addShelf(key.owner, key.kind);
    const entry: Entry = {
      key,
      shelf,
      cell: this.#pool.take(length),
      length: 0,
      stamp: 0,
      active: false,
      dueAt: undefined,
      purgeAt: undefined,
      isFresh: false,
      isGone: false,
      due: undefined,
      purge: undefined,
    };
    shelf.entries.set(key.id, entry);
    shelf.ids.add(key.id);
    return entry;
  }

  #addShelf(ownerKey: OwnerKey, kind: RecordKind): Shelf {
    let owner = this.#owners.get(ownerKey);
    if (owner === undefined) this.#owners.set(ownerKey, owner = { shelves: new Map(), active: 0 });
    const shelf = { owner, ownerKey, kind, entries: new Map(), ids: new SortedList(compareIds) };
    owner.shelves.set(kind, shelf);
    return shelf;
  }

  /** Copies a value, over the one it replaces if it fits there. */
  #keep(entry: Entry, value: Uint8Array): void {
    const { length } = value;
    if (length > entry.cell.length || length + MAX_UNUSED_BYTES < entry.cell.length) {
      this.#pool.giveBack(entry.cell);
      entry.cell = this.#pool.take(length);
    }
    entry.cell.set(value);
    entry.length = length;
  }

  #remove(entry: Entry): void {
    const { key: { id }, shelf } = entry;
    const { owner, ownerKey, kind } = shelf;
    entry.isGone = true;
    this.#pool.giveBack(entry.cell);
    if (entry.due !== undefined) this.#due.drop(entry.due);
    if (entry.purge !== undefined) this.#purge.drop(entry.purge);
    if (entry.active) owner.active--;
    shelf.entries.delete(id);
    shelf.ids.remove(id);
    if (shelf.entries.size === 0) {
      owner.shelves.delete(kind);
      if (this.#recent === shelf) this.#recent = undefined;
    }
    if (owner.shelves.size === 0) this.#owners.delete(ownerKey);
    if (entry.isFresh && ++this.#goneFresh > MAX_GONE && this.#goneFresh * 2 > this.#fresh.length) {
      this.#arrange();
    }
    this.#hub.notify(entry.key);
  }

  #index(entry: Entry, { dueAt, purgeAt, active = false }: RecordWrite): void {
    if (entry.dueAt !== dueAt || entry.purgeAt !== purgeAt) {
      entry.dueAt = dueAt;
      entry.purgeAt = purgeAt;
      if (!entry.isFresh) {
        entry.isFresh = true;
        this.#fresh.push(entry);
      }
    }
    if (entry.active !== active) {
      entry.shelf.owner.active += active ? 1 : -1;
      entry.active = active;
    }
  }

  /** Puts the instants that changed in order. */
  #arrange(): void {
    for (const entry of this.#fresh) {
      entry.isFresh = false;
      if (entry.isGone) continue;
      if (entry.due?.at !== entry.dueAt) {
        if (entry.due !== undefined) this.#due.drop(entry.due);
        entry.due = entry.dueAt === undefined ? undefined : this.#due.add(entry.dueAt, entry);
      }
      if (entry.purge?.at !== entry.purgeAt) {
        if (entry.purge !== undefined) this.#purge.drop(entry.purge);
        entry.purge = entry.purgeAt === undefined ? undefined : this.#purge.add(entry.purgeAt, entry);
      }
    }
    this.#fresh = [];
    this.#goneFresh = 0;
  }

  #isFull(owner: OwnerKey, activeLimit: number | undefined): boolean {
    if (activeLimit === undefined) return false;
    const isFull = () => (this.#owners.get(owner)?.active ?? 0) >= activeLimit;
    if (!isFull()) return false;
    this.#purgeOld();
    return isFull();
  }

  #checkInTime({ key, notAfter }: RecordWrite): void {
    if (notAfter !== undefined && this.#runtime.now() > notAfter) {
      throw new StorageUnavailableError(
        `Cannot create ${key.kind} "${key.id}": the time allowed for it has passed`,
      );
    }
  }

  #purgeOld(): void {
    this.#arrange();
    for (const { item } of [...this.#purge.before(this.#runtime.now())]) this.#remove(item!);
  }
}

function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function parseCursor(cursor: string): { at: number; order: number } {
  const match = /^(-?[\d.e+]+):(\d+)$/.exec(cursor);
  if (match === null) throw new TypeError("Cannot read due records: the cursor is malformed");
  return { at: Number(match[1]), order: Number(match[2]) };
}
