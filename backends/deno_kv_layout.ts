/**
 * How records lie in Deno KV: keys, the header in front of each value, and what a version says.
 *
 * | entry | key behind the prefix | value |
 * |---|---|---|
 * | record | `"r", owner, kind, id` | header, then the first {@linkcode PART_BYTES} bytes |
 * | further parts | `"v", owner, kind, id, n` | bytes |
 * | due | `"d", dueAt, owner, kind, id` | `purgeAt`, or nothing |
 * | active | `"a", owner, n` | `purgeAt`, or nothing |
 *
 * All entries of one put are stored in one commit, so parts carry the versionstamp of their record.
 *
 * @module
 */
import type { OwnerKey, RecordKey, RecordKind, Version } from "../src/store/backend.ts";
import type { KvKeyLike, KvKeyPartLike } from "./deno_kv_client.ts";

/** Bytes of a record in one entry; an entry holds 64 KiB, and the header takes some. */
export const PART_BYTES = 60 * 1024;

/** What an adapter has to know of a stored state in order to replace it without reading. */
export interface RecordFacts {
  readonly dueAt: number | undefined;
  readonly purgeAt: number | undefined;
  /** Number of the active entry. */
  readonly slot: number | undefined;
  /** Versionstamp of the active entry. In a header, absent: that of the record itself. */
  readonly slotStamp: string | undefined;
  /** Entries that hold the bytes behind the first {@linkcode PART_BYTES}. */
  readonly parts: number;
}

/** Keys of all entries under one prefix. */
export class KvLayout {
  readonly #prefix: KvKeyLike;

  constructor(prefix: KvKeyLike) {
    this.#prefix = prefix;
  }

  record({ owner, kind, id }: RecordKey): KvKeyPartLike[] {
    return [...this.#prefix, "r", owner, kind, id];
  }

  part({ owner, kind, id }: RecordKey, n: number): KvKeyPartLike[] {
    return [...this.#prefix, "v", owner, kind, id, n];
  }

  due({ owner, kind, id }: RecordKey, dueAt: number): KvKeyPartLike[] {
    return [...this.#prefix, "d", dueAt, owner, kind, id];
  }

  active(owner: OwnerKey, slot: number): KvKeyPartLike[] {
    return [...this.#prefix, "a", owner, slot];
  }

  /** Bounds of one owner's records of one kind: a range on ids. */
  records(owner: OwnerKey, kind: RecordKind): { start: KvKeyPartLike[]; end: KvKeyPartLike[] } {
    return this.#range(["r", owner, kind]);
  }

  /** Bounds of one owner's active entries. */
  actives(owner: OwnerKey): { start: KvKeyPartLike[]; end: KvKeyPartLike[] } {
    return this.#range(["a", owner]);
  }

  /** Bounds of the due entries before an instant. */
  dueBefore(instant: number): { start: KvKeyPartLike[]; end: KvKeyPartLike[] } {
    return { start: [...this.#prefix, "d"], end: [...this.#prefix, "d", instant] };
  }

  /** Reads the key of a record or a due entry back. */
  toRecordKey(key: readonly unknown[]): RecordKey {
    const [owner, kind, id] = key.slice(-3) as [string, RecordKind, string];
    return { owner, kind, id };
  }

  #range(parts: KvKeyPartLike[]): { start: KvKeyPartLike[]; end: KvKeyPartLike[] } {
    // `true` sorts behind every other part, so the range takes all keys that begin with these parts.
    return { start: [...this.#prefix, ...parts], end: [...this.#prefix, ...parts, true] };
  }
}

const MAGIC = 0x50;
const FORMAT = 1;
const HAS_DUE = 1;
const HAS_PURGE = 2;
const HAS_SLOT = 4;
const HAS_STAMP = 8;
const STAMP_LENGTH = 20;

/** The header of a record and the bytes that share its entry. */
export function encodeEntry(facts: RecordFacts, value: Uint8Array): Uint8Array {
  const { dueAt, purgeAt, slot, slotStamp, parts } = facts;
  const head = Math.min(value.length, PART_BYTES);
  const bytes = new Uint8Array(
    4 + (dueAt === undefined ? 0 : 8) + (purgeAt === undefined ? 0 : 8) + (slot === undefined ? 0 : 4) +
      (slotStamp === undefined ? 0 : STAMP_LENGTH) + head,
  );
  const view = new DataView(bytes.buffer);
  bytes[0] = MAGIC;
  bytes[1] = FORMAT;
  bytes[2] = (dueAt === undefined ? 0 : HAS_DUE) | (purgeAt === undefined ? 0 : HAS_PURGE) |
    (slot === undefined ? 0 : HAS_SLOT) | (slotStamp === undefined ? 0 : HAS_STAMP);
  bytes[3] = parts;
  let at = 4;
  if (dueAt !== undefined) view.setFloat64((at += 8) - 8, dueAt);
  if (purgeAt !== undefined) view.setFloat64((at += 8) - 8, purgeAt);
  if (slot !== undefined) view.setUint32((at += 4) - 4, slot);
  if (slotStamp !== undefined) {
    for (let i = 0; i < STAMP_LENGTH; i++) bytes[at++] = slotStamp.charCodeAt(i);
  }
  bytes.set(value.subarray(0, head), at);
  return bytes;
}

/** A decoded entry. */
export interface DecodedEntry {
  readonly facts: RecordFacts;
  readonly value: Uint8Array;
}

const NO_FACTS: RecordFacts = {
  dueAt: undefined,
  purgeAt: undefined,
  slot: undefined,
  slotStamp: undefined,
  parts: 0,
};

/** Reads an entry. One that this adapter did not write gives its bytes as they are, for the store to refuse. */
export function decodeEntry(stored: unknown): DecodedEntry {
  if (!(stored instanceof Uint8Array)) return { facts: NO_FACTS, value: new Uint8Array() };
  const flags = stored[2] ?? 0;
  const length = 4 + (flags & HAS_DUE ? 8 : 0) + (flags & HAS_PURGE ? 8 : 0) + (flags & HAS_SLOT ? 4 : 0) +
    (flags & HAS_STAMP ? STAMP_LENGTH : 0);
  if (stored[0] !== MAGIC || stored[1] !== FORMAT || stored.length < length) {
    return { facts: NO_FACTS, value: stored };
  }
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  let at = 4;
  const dueAt = flags & HAS_DUE ? view.getFloat64((at += 8) - 8) : undefined;
  const purgeAt = flags & HAS_PURGE ? view.getFloat64((at += 8) - 8) : undefined;
  const slot = flags & HAS_SLOT ? view.getUint32((at += 4) - 4) : undefined;
  const slotStamp = flags & HAS_STAMP
    ? String.fromCharCode(...stored.subarray(at, at += STAMP_LENGTH))
    : undefined;
  return { facts: { dueAt, purgeAt, slot, slotStamp, parts: stored[3]! }, value: stored.subarray(at) };
}

/** The version of a state stored by the commit `stamp`. */
export function toVersion(stamp: string, { dueAt, purgeAt, slot, slotStamp, parts }: RecordFacts): Version {
  const active = slot === undefined ? "" : `${slot}@${slotStamp ?? stamp}`;
  return `${stamp}~${dueAt ?? ""}~${purgeAt ?? ""}~${active}~${parts}`;
}

/** Reads a version; `undefined` if this adapter cannot have made it. */
export function parseVersion(
  version: Version,
): { readonly stamp: string; readonly facts: RecordFacts } | undefined {
  const match = /^([0-9a-f]{20})~([^~]*)~([^~]*)~(?:(\d+)@([0-9a-f]{20}))?~(\d+)$/.exec(version);
  if (match === null) return undefined;
  const [, stamp, dueAt, purgeAt, slot, slotStamp, parts] = match;
  const facts = {
    dueAt: toNumber(dueAt),
    purgeAt: toNumber(purgeAt),
    slot: toNumber(slot),
    slotStamp,
    parts: Number(parts),
  };
  return { stamp: stamp!, facts };
}

/** The value of a due or active entry: when the engine may remove it. */
export function encodePurgeAt(purgeAt: number | undefined): Uint8Array {
  return purgeAt === undefined ? new Uint8Array() : new Uint8Array(new Float64Array([purgeAt]).buffer);
}

/** Reads {@linkcode encodePurgeAt} back. */
export function decodePurgeAt(value: unknown): number | undefined {
  if (!(value instanceof Uint8Array) || value.byteLength !== 8) return undefined;
  // Not `slice()`: that of a Node `Buffer`, which `npm:@deno/kv` gives back, is a view of a larger buffer.
  return new Float64Array(new Uint8Array(value).buffer)[0];
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}
