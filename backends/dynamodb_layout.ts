/**
 * How records lie in one DynamoDB table.
 *
 * | attribute | type | holds |
 * |---|---|---|
 * | `pk` | S, partition key | `<namespace>#<owner>`; of payloads `<namespace>#<owner>#<0 to 15>` |
 * | `sk` | S, sort key | `<kind>#<id>` |
 * | `v` | B | the value; absent when empty |
 * | `n` | S | the version |
 * | `dp`, `d` | S, N: keys of the global index `due` | `<namespace>#<shard>` and the due time; only with one |
 * | `a` | N: sort key of the local index `active` | `purgeAt`; only of active records |
 * | `ttl` | N | `purgeAt` in seconds |
 *
 * A local index limits an owner's partition to 10 GB. Payloads are the only large records, so they lie in
 * sixteen partitions of their own, by the first part of their id. No name holds a `#`, so none can pass for another.
 *
 * @module
 */
import type {
  OwnerKey,
  RecordKey,
  RecordKind,
  RecordWrite,
  StoredRecord,
  Version,
} from "../src/store/backend.ts";
import { fnv1a } from "./shared/fnv.ts";

/** An attribute as the AWS SDK has it. */
export interface DynamoAttribute {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
}

/** An item as the AWS SDK has it. */
export type DynamoItem = Readonly<Record<string, DynamoAttribute>>;

/** Shards of the index of due records. */
export const DUE_SHARDS = 16;
/** Name of the global index of due records. */
export const DUE_INDEX = "due";
/** Name of the local index of active records. */
export const ACTIVE_INDEX = "active";
const PAYLOAD_PARTITIONS = 16;
/** Purge time of an active record that has none: behind every date. */
const NEVER = 9e15;
/** Version of an item that is no record of ours. */
const FOREIGN_VERSION = "foreign";

/** Keys and items of all records in one namespace of a table. */
export class DynamoLayout {
  readonly #namespace: string;

  /** @throws {TypeError} If the namespace has characters other than letters, digits, `.`, `_` and `-`. */
  constructor(namespace: string) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(namespace)) {
      throw new TypeError(`Cannot use the namespace ${JSON.stringify(namespace)}: it is malformed`);
    }
    this.#namespace = namespace;
  }

  /** Partition of an owner's records of every kind but payloads. */
  partition(owner: OwnerKey): string {
    return `${this.#namespace}#${owner}`;
  }

  /** Partitions that hold an owner's records of one kind. */
  partitions(owner: OwnerKey, kind: RecordKind): string[] {
    if (kind !== "payload") return [this.partition(owner)];
    return Array.from({ length: PAYLOAD_PARTITIONS }, (_, n) => `${this.partition(owner)}#${n}`);
  }

  /** Primary key of a record. */
  key({ owner, kind, id }: RecordKey): { pk: DynamoAttribute; sk: DynamoAttribute } {
    let partition = this.partition(owner);
    if (kind === "payload") partition += `#${fnv1a(id.split("/", 1)[0]!) % PAYLOAD_PARTITIONS}`;
    return { pk: { S: partition }, sk: { S: `${kind}#${id}` } };
  }

  /** Partition of the index of due records. */
  dueShard(shard: number): DynamoAttribute {
    return { S: `${this.#namespace}#${shard}` };
  }

  /** The item of a record. */
  toItem({ key, value, dueAt, purgeAt, active }: RecordWrite, version: Version): DynamoItem {
    const item: Record<string, DynamoAttribute> = { ...this.key(key), n: { S: version } };
    if (value.length > 0) item.v = { B: value };
    if (dueAt !== undefined) {
      item.dp = this.dueShard(fnv1a(`${key.owner}#${key.kind}#${key.id}`) % DUE_SHARDS);
      item.d = { N: String(dueAt) };
    }
    if (active) item.a = { N: String(purgeAt ?? NEVER) };
    if (purgeAt !== undefined) item.ttl = { N: String(Math.ceil(purgeAt / 1000)) };
    return item;
  }

  /** The record of an item. One that the adapter did not write gives what bytes it has, for the store to refuse. */
  toRecord(item: DynamoItem): StoredRecord {
    return {
      key: this.toKey(item),
      value: item.v?.B ?? new Uint8Array(),
      version: item.n?.S ?? FOREIGN_VERSION,
    };
  }

  /** The key of an item. */
  toKey({ pk, sk }: DynamoItem): RecordKey {
    const owner = pk!.S!.split("#")[1]!;
    const [kind, id] = sk!.S!.split("#") as [RecordKind, string];
    return { owner, kind, id };
  }
}
