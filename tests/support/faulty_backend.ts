/**
 * A backend whose calls are counted, and go wrong where a test says so.
 *
 * Each method has a script per kind of record: the first call takes the first entry, and so on; without an entry a
 * call is passed on. An entry decides whether, when and how often the real call is made, so every interleaving can be
 * written down, and nothing is left to chance.
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
  type RecordKind,
  type RecordWrite,
  type StorageBackend,
  StorageUnavailableError,
  type StoredRecord,
} from "../../src/store/backend.ts";

/** The methods that are counted and can be made to fail. */
export type Method = "get" | "put" | "delete" | "list" | "due";

/** Calls by method; methods that were not called are left out. */
export type CallCounts = Partial<Record<Method, number>>;

/** What happens to one put instead. */
export type PutFault = (put: () => Promise<PutResult>, write: RecordWrite) => Promise<PutResult>;

/** What happens to one read instead. */
export type GetFault = (
  get: () => Promise<readonly (StoredRecord | undefined)[]>,
) => Promise<readonly (StoredRecord | undefined)[]>;

/** What happens to one removal instead. */
export type DeleteFault = (remove: () => Promise<void>) => Promise<void>;

/** A put that does not reach the engine. */
export const throwBefore: PutFault = () => Promise.reject(new StorageUnavailableError("The engine is away"));

/** A put that takes effect, and whose reply is lost. */
export const loseReply: PutFault = async (put) => {
  await put();
  throw new StorageUnavailableError("The reply was lost");
};

/** As {@linkcode loseReply}, by an adapter that chose the version before it sent the put. */
export const loseReplyKnowingVersion: PutFault = async (put) => {
  const done = await put();
  throw new StorageUnavailableError("The reply was lost", { attempted: done.ok ? done.version : undefined });
};

/** A put that takes effect and is answered as lost: a client that resends on its own does so. */
export const conflictWithItself: PutFault = async (put) => {
  await put();
  return { ok: false, reason: "conflict" };
};

/** A put that is refused without having been looked at. */
export function refuse(reason: "conflict" | "limit"): PutFault {
  return () => Promise.resolve({ ok: false, reason });
}

/** A put before which something else happens. */
export function after(event: () => Promise<unknown>): PutFault {
  return async (put) => {
    await event();
    return await put();
  };
}

/** A read or removal that fails. */
export function away(): Promise<never> {
  return Promise.reject(new StorageUnavailableError("The engine is away"));
}

/** See the module. */
export class FaultyBackend implements StorageBackend {
  readonly #inner: StorageBackend;
  readonly #puts = new Map<RecordKind, PutFault[]>();
  readonly #gets: GetFault[] = [];
  readonly #deletes: DeleteFault[] = [];
  #counts: CallCounts = {};
  /** Kind of the record of every put, in order. */
  readonly putKinds: RecordKind[] = [];
  /** Length of every key list of `get`, in order. */
  readonly getSizes: number[] = [];

  constructor(inner: StorageBackend) {
    this.#inner = inner;
  }

  get traits(): BackendTraits {
    return this.#inner.traits;
  }

  /** Appends to the script of the puts of a kind. */
  onPut(kind: RecordKind, ...faults: readonly PutFault[]): void {
    this.#puts.set(kind, [...this.#puts.get(kind) ?? [], ...faults]);
  }

  /** Appends to the script of the reads. */
  onGet(...faults: readonly GetFault[]): void {
    this.#gets.push(...faults);
  }

  /** Appends to the script of the removals. */
  onDelete(...faults: readonly DeleteFault[]): void {
    this.#deletes.push(...faults);
  }

  /** Calls since the last time this was asked. */
  takeCounts(): CallCounts {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }

  get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    this.#count("get");
    this.getSizes.push(keys.length);
    const get = () => this.#inner.get(keys);
    return this.#gets.shift()?.(get) ?? get();
  }

  put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    this.#count("put");
    this.putKinds.push(write.key.kind);
    const put = () => this.#inner.put(write, condition);
    return this.#puts.get(write.key.kind)?.shift()?.(put, write) ?? put();
  }

  delete(keys: readonly RecordKey[]): Promise<void> {
    this.#count("delete");
    const remove = () => this.#inner.delete(keys);
    return this.#deletes.shift()?.(remove) ?? remove();
  }

  list(query: ListQuery): Promise<ListPage> {
    this.#count("list");
    return this.#inner.list(query);
  }

  due(query: DueQuery): Promise<DuePage> {
    this.#count("due");
    return this.#inner.due(query);
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    return this.#inner.watch(key, signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #count(method: Method): void {
    this.#counts[method] = (this.#counts[method] ?? 0) + 1;
  }
}
