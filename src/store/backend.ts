/**
 * The storage seam: everything Perdure asks of a storage engine, and nothing else.
 *
 * A backend keeps opaque records, puts them one at a time under a condition together with the facts
 * they are indexed by, and decides nothing: no status, no owner policy, no judgement of time. This
 * file imports nothing, so an adapter needs only this file and its own driver.
 *
 * @module
 */

/** Hash of a principal, or of an anonymous record's own id: 43 base64url characters. Never raw owner text. */
export type OwnerKey = string;

/** What a record is. Only `payload` records are large; all others are at most {@linkcode MAX_MUTABLE_BYTES}. */
export type RecordKind = "task" | "payload" | "session" | "idem" | "meta";

/** Largest value, in bytes, of any kind but `payload`. */
export const MAX_MUTABLE_BYTES = 48 * 1024;

/** Names one record. `id` is 1 to 512 characters of `A-Z a-z 0-9 . _ - / :`. */
export interface RecordKey {
  /** Whose it is. */
  readonly owner: OwnerKey;
  /** What it is. */
  readonly kind: RecordKind;
  /** Its name among the owner's records of the kind. */
  readonly id: string;
}

/**
 * Opaque name of one stored state of one record, chosen by the adapter.
 *
 * Never reused, also not after the record was deleted and created again. It may hold what the adapter
 * has to know of the state it replaces, so that a conditioned put never reads first.
 */
export type Version = string;

/** A record as the engine has it. */
export interface StoredRecord {
  /** Its name. */
  readonly key: RecordKey;
  /** The bytes that were put; the reader may change them. */
  readonly value: Uint8Array;
  /** The state that was read. */
  readonly version: Version;
}

/** A record to store, with every index fact: what is left out is cleared. All instants are epoch milliseconds. */
export interface RecordWrite {
  /** Its name. */
  readonly key: RecordKey;
  /** The bytes to store; the caller may change them once the put is answered. */
  readonly value: Uint8Array;
  /** The record is listed by {@linkcode StorageBackend.due} from this instant on. Absent: never. */
  readonly dueAt?: number;
  /** Earliest instant at which the engine may remove the record by itself. Absent: never. */
  readonly purgeAt?: number;
  /** The record counts against its owner's limit, until `purgeAt`. @default {false} */
  readonly active?: boolean;
  /** Creates only: the engine refuses the put after this instant, with {@linkcode StorageUnavailableError}. */
  readonly notAfter?: number;
}

/** When a put may take effect. */
export type PutCondition =
  | {
    /** The record must not exist. */
    readonly absent: true;
    /** With `active: true`: fewer than this many active records of the owner, else `limit`. */
    readonly activeLimit?: number;
  }
  | {
    /** The record must be in exactly this state. */
    readonly version: Version;
  };

/** Outcome of a put. A lost condition is an expected outcome, not an error. */
export type PutResult =
  | { readonly ok: true; readonly version: Version }
  | { readonly ok: false; readonly reason: "conflict" | "limit" };

/** Asks for one owner's records of one kind in the order of their ids (code units of ASCII ids). */
export interface ListQuery {
  /** Whose records. */
  readonly owner: OwnerKey;
  /** Which kind. */
  readonly kind: RecordKind;
  /** Only records behind this id, in the direction of the listing. */
  readonly after?: string;
  /** Descending ids. @default {false} */
  readonly reverse?: boolean;
  /** Records wanted at most, 1 to 1000. */
  readonly limit: number;
}

/** One page. It may be short or empty while `after` is set. */
export interface ListPage {
  /** In the order of the listing. */
  readonly records: readonly StoredRecord[];
  /** Last id *examined*, to go on behind it. Absent: nothing is left. */
  readonly after?: string;
}

/** Asks for the keys of records whose `dueAt` is before an instant, in one shard. */
export interface DueQuery {
  /** Only records whose `dueAt` is smaller. */
  readonly before: number;
  /** 0 to {@linkcode BackendTraits.dueShards} - 1. */
  readonly shard: number;
  /** Opaque cursor of an earlier page of the same shard. */
  readonly after?: string;
  /** Keys wanted at most, 1 to 1000. */
  readonly limit: number;
}

/** Keys of due records, earliest first within the shard. */
export interface DuePage {
  /** Earliest first. */
  readonly keys: readonly RecordKey[];
  /** Opaque cursor. Absent: nothing is left. */
  readonly after?: string;
}

/** What the engine is good at, declared so that nobody has to special-case it. */
export interface BackendTraits {
  /** Short name for logs and errors, such as `"deno-kv"`. */
  readonly name: string;
  /** Largest value of a `payload` record, in bytes; at least 256 KiB. */
  readonly maxValueBytes: number;
  /** Number of shards that {@linkcode StorageBackend.due} has to be asked for, at least 1. */
  readonly dueShards: number;
  /** How long `due` may lag behind a put, in milliseconds; 0 where both are one commit. */
  readonly indexLagMs: number;
  /** Whether `activeLimit` holds exactly, also under concurrent creates. */
  readonly exactLimit: boolean;
  /** Typical latency of `watch` in milliseconds. Absent: `watch` never fires across processes. */
  readonly watchLatencyMs?: number;
}

/**
 * A storage engine. Six methods, all required.
 *
 * Puts of one record are linearised and `get` is strong. Transient engine faults are retried inside,
 * with jitter, until the operation's deadline, and then thrown as {@linkcode StorageUnavailableError}:
 * they are never reported as a conflict.
 */
export interface StorageBackend {
  /** What the engine is good at. */
  readonly traits: BackendTraits;
  /** Reads records, strongly, in the order asked; `undefined` where there is none. */
  get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]>;
  /** Stores one record under a condition, atomically with its index facts. */
  put(write: RecordWrite, condition: PutCondition): Promise<PutResult>;
  /** Removes records together with their index entries. Absent records are no error. */
  delete(keys: readonly RecordKey[]): Promise<void>;
  /** Lists one owner's records of one kind by id. */
  list(query: ListQuery): Promise<ListPage>;
  /** Lists keys of due records. */
  due(query: DueQuery): Promise<DuePage>;
  /** Fires, perhaps, after a put of the record. A hint: it may never fire and may fire for nothing. */
  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void>;
  /** Releases what the backend opened itself; a client that was handed in stays open. */
  close(): Promise<void>;
}

/** Base of every error a backend throws. */
export class StorageError extends Error {
  /** Name of the class. */
  override readonly name: string = "StorageError";
  /** Stable word for programs. */
  readonly code: string = "storage_error";
}

/** Options of {@linkcode StorageUnavailableError}. */
export interface StorageUnavailableErrorOptions extends ErrorOptions {
  /** Version the interrupted put would have stored: finding it stored proves that the put took effect. */
  readonly attempted?: Version;
}

/** The engine did not answer, or not for sure: a put that ends so may or may not have taken effect. */
export class StorageUnavailableError extends StorageError {
  /** Name of the class. */
  override readonly name = "StorageUnavailableError";
  /** Stable word for programs. */
  override readonly code = "storage_unavailable";
  /** See {@linkcode StorageUnavailableErrorOptions.attempted}. */
  readonly attempted?: Version;
  /** An error for an engine that failed to answer. */
  constructor(message: string, options: StorageUnavailableErrorOptions = {}) {
    super(message, options);
    this.attempted = options.attempted;
  }
}

/** A value the engine cannot hold. Nothing was stored. */
export class ValueTooLargeError extends StorageError {
  /** Name of the class. */
  override readonly name = "ValueTooLargeError";
  /** Stable word for programs. */
  override readonly code = "value_too_large";
  /** Bytes of the refused value. */
  readonly bytes: number;
  /** Bytes allowed. */
  readonly maxBytes: number;
  /** An error for a record over the limit of its engine. */
  constructor(key: RecordKey, bytes: number, maxBytes: number) {
    super(`Cannot store ${key.kind} "${key.id}": ${bytes} bytes exceed the limit of ${maxBytes}`);
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}
