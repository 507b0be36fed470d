/**
 * The part of a Deno KV store that the adapter calls, and how it finds one.
 *
 * @module
 */
import { StorageError } from "../src/store/backend.ts";

/** One part of a key. */
export type KvKeyPartLike = Uint8Array | string | number | bigint | boolean;

/** A key. */
export type KvKeyLike = readonly KvKeyPartLike[];

/** An entry that was read; `versionstamp` and `value` are null where there is none. */
export interface KvEntryLike {
  /** Its key. */
  readonly key: readonly unknown[];
  /** What is stored. */
  readonly value: unknown;
  /** Of the commit that stored it. */
  readonly versionstamp: string | null;
}

/** What a commit checks. */
export interface KvCheckLike {
  /** Key of the entry. */
  readonly key: KvKeyPartLike[];
  /** Versionstamp it must have; null: it must not exist. */
  readonly versionstamp: string | null;
}

/** Outcome of a commit. */
export type KvCommitLike = { readonly ok: true; readonly versionstamp: string } | { readonly ok: false };

/** An atomic operation being built. */
export interface KvAtomicLike {
  /** Adds conditions. */
  check(...checks: KvCheckLike[]): unknown;
  /** Adds an entry to store, removable by the engine after `expireIn` milliseconds. */
  set(key: KvKeyPartLike[], value: unknown, options?: { expireIn?: number }): unknown;
  /** Adds an entry to remove. */
  delete(key: KvKeyPartLike[]): unknown;
  /** Does it all, or nothing. */
  commit(): Promise<KvCommitLike>;
}

/** Selects a range of entries: from `start`, and before `end`. */
export interface KvRangeLike {
  /** First key of the range. */
  start: KvKeyPartLike[];
  /** First key behind the range. */
  end: KvKeyPartLike[];
}

/** Options of a range read. */
export interface KvListOptionsLike {
  /** Entries wanted at most. */
  limit?: number;
  /** Entries fetched per call to the engine. */
  batchSize?: number;
  /** From the end. */
  reverse?: boolean;
}

/** What the adapter calls of a `Deno.Kv`, or of the `Kv` of `npm:@deno/kv`. */
export interface KvLike {
  /** Reads one entry, strongly. */
  get(key: KvKeyPartLike[]): Promise<KvEntryLike>;
  /** Reads up to ten entries, strongly. */
  getMany(keys: KvKeyPartLike[][]): Promise<readonly KvEntryLike[]>;
  /** Reads a range of entries. */
  list(range: KvRangeLike, options?: KvListOptionsLike): AsyncIterable<KvEntryLike>;
  /** Begins an atomic operation. */
  atomic(): KvAtomicLike;
  /** Streams changes of up to ten keys. */
  watch?(keys: KvKeyPartLike[][]): ReadableStream<unknown>;
  /** Closes the store. */
  close(): void;
}

/** Opens the store at `path` with the runtime's own Deno KV. */
export function openKv(path: string | undefined): Promise<KvLike> {
  const deno = Reflect.get(globalThis, "Deno") as { openKv?: (path?: string) => Promise<KvLike> } | undefined;
  if (deno?.openKv !== undefined) return deno.openKv(path);
  const where = deno === undefined
    ? `import { openKv } from "@deno/kv"; denoKv(await openKv(${JSON.stringify(path ?? "./tasks.kv")}))`
    : `"unstable": ["kv"] in deno.json`;
  throw new StorageError(`Cannot open Deno KV: this runtime has it not enabled; add the line ${where}`);
}
