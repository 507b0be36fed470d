/**
 * The record of an idempotency key: which task the key stands for.
 *
 * A key is used again when its task is gone, so its record is never deleted outright: a deletion that arrives late
 * would hit the record that has taken its place. It is replaced, under its version, by one that says it is free,
 * and that the engine may remove.
 *
 * @module
 */
import { isJsonObject } from "../protocol/mod.ts";
import { type LeaseTimes, UndecodableRecordError } from "../tasks/mod.ts";
import type { RecordKey, RecordWrite, StorageBackend, StoredRecord, Version } from "./backend.ts";
import { CREATE_DEADLINE_MS } from "./create_deadline.ts";
import { decodeJson, toBytes } from "./codec.ts";
import type { StoreConfig } from "./config.ts";

/** What is stored for a key. */
export interface IdempotencyRecord {
  /** Version of the shape. */
  readonly schema: 1;
  /** The task that the key stands for; it may not be there yet. */
  readonly taskId: string;
  /** Hash of the arguments the key was used with. */
  readonly argsHash: string;
  /** Instant after which the engine refuses to create that task. */
  readonly createBy: number;
  /** The key stands for nothing any more. */
  readonly isReleased?: true;
}

/**
 * Shortest life of a task with a key, in milliseconds: it outlives the time in which it may be created, so that a task
 * that is not there while it may be was never there.
 */
export function minKeyedTtlMs({ marginMs }: LeaseTimes): number {
  return CREATE_DEADLINE_MS + marginMs;
}

/** Instant from which on no task of the record lives: its time to live may differ from call to call. */
export function idempotencyDueAt({ createBy }: IdempotencyRecord, { ttl, times }: StoreConfig): number {
  return createBy + Math.max(ttl.maxTtlMs, minKeyedTtlMs(times));
}

/** How a record is stored. */
export function toIdempotencyWrite(
  key: RecordKey,
  record: IdempotencyRecord,
  config: StoreConfig,
): RecordWrite {
  const dueAt = idempotencyDueAt(record, config);
  return { key, value: toBytes(JSON.stringify(record)), dueAt, purgeAt: dueAt + config.purgeGraceMs };
}

/**
 * Reads a record.
 *
 * @throws {UndecodableRecordError} If it is damaged or newer than this library.
 */
export function decodeIdempotencyRecord({ key, value }: StoredRecord): IdempotencyRecord {
  const record = decodeJson(value);
  const isRecord = isJsonObject(record) && record.schema === 1 && typeof record.taskId === "string" &&
    typeof record.argsHash === "string" && typeof record.createBy === "number";
  if (!isRecord) throw new UndecodableRecordError(key.id, "it is no idempotency record of this version");
  return record as unknown as IdempotencyRecord;
}

/** Frees a key, unless its record has been replaced since. */
export async function releaseKey(
  backend: StorageBackend,
  key: RecordKey,
  record: IdempotencyRecord,
  version: Version,
  now: number,
): Promise<void> {
  const value = toBytes(JSON.stringify({ ...record, isReleased: true }));
  await backend.put({ key, value, purgeAt: now }, { version });
}
