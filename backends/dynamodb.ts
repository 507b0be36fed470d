/**
 * Storage in one table of Amazon DynamoDB.
 *
 * A put is one conditional `PutItem`, with all index facts as attributes of the item, so record and indexes are
 * one commit; only the global index of due records lags. The limit of active records is a strongly consistent
 * count before the put: it may be exceeded by the creates that are under way at the same moment. Values are at
 * most 384 KiB. Time to live is enabled on the table by whoever creates it.
 *
 * `docs/backends.md` has the table and what each operation costs.
 *
 * @example Keep tasks in DynamoDB
 * ```ts
 * import { dynamodb } from "@perdure/mcp-tasks/dynamodb";
 *
 * const backend = dynamodb("tasks", { connection: { region: "eu-central-1" } });
 * await backend.close();
 * ```
 *
 * @module
 */
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
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
  type RecordWrite,
  type StorageBackend,
  StorageUnavailableError,
  type StoredRecord,
  type Version,
} from "../src/store/backend.ts";
import { randomName, type Runtime, sleep, systemRuntime } from "../src/runtime.ts";
import { checkKey, checkLimit, checkShard, checkSize, isKey } from "./shared/check.ts";
import { WatchHub } from "./shared/watch_hub.ts";
import type { DynamoClientLike, DynamoConnectionOptions } from "./dynamodb_client.ts";
import { CreateDeadline } from "./dynamodb_deadline.ts";
import { DynamoEngine, isConditionFailure, wasResent } from "./dynamodb_engine.ts";
import { ACTIVE_INDEX, DUE_INDEX, DUE_SHARDS, type DynamoItem, DynamoLayout } from "./dynamodb_layout.ts";

export { createTable, type CreateTableOptions } from "./dynamodb_table.ts";
export type { DynamoClientLike, DynamoConnectionOptions } from "./dynamodb_client.ts";
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

/** Options of {@linkcode dynamodb}. */
export interface DynamoOptions {
  /** A client that is ready, which stays open. Absent: one of the backend's own. */
  readonly client?: DynamoClientLike;
  /** How to connect without a ready client. Absent: as the environment says. */
  readonly connection?: DynamoConnectionOptions;
  /** First part of every key, so that several things can share one table. @default {"perdure"} */
  readonly namespace?: string;
  /** Longest time one operation may take, with all its attempts, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
  /** Clock, timers and randomness. @default {systemRuntime} */
  readonly runtime?: Runtime;
}

/** An item may have 400 KB, with its keys and the names of its attributes. */
const MAX_VALUE_BYTES = 384 * 1024;
const READ_AT_ONCE = 100;
const DELETED_AT_ONCE = 25;
/** Longest pause after a batch of which nothing was done. */
const BATCH_PAUSE_MS = 200;

/**
 * Creates a backend over DynamoDB.
 *
 * @param table Name of a table laid out as {@linkcode createTable} does it.
 */
export function dynamodb(table: string, options: DynamoOptions = {}): StorageBackend {
  return new DynamoBackend(table, options);
}

/** What the commands used here answer. */
interface Answer {
  readonly Item?: DynamoItem;
  readonly Items?: readonly DynamoItem[];
  readonly Count?: number;
  readonly LastEvaluatedKey?: DynamoItem;
  readonly Responses?: Readonly<Record<string, readonly DynamoItem[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly DynamoItem[] }>>;
  readonly UnprocessedItems?: Readonly<Record<string, readonly object[]>>;
}

class DynamoBackend implements StorageBackend {
  readonly traits: BackendTraits = {
    name: "dynamodb",
    maxValueBytes: MAX_VALUE_BYTES,
    dueShards: DUE_SHARDS,
    indexLagMs: 1000,
    exactLimit: false,
  };
  readonly #table: string;
  readonly #runtime: Runtime;
  readonly #layout: DynamoLayout;
  readonly #engine: DynamoEngine;
  readonly #own: DynamoClientLike | undefined;
  readonly #hub = new WatchHub();

  constructor(table: string, options: DynamoOptions) {
    const { client, connection = {}, namespace = "perdure", timeoutMs = 10_000, runtime = systemRuntime } =
      options;
    this.#table = table;
    this.#runtime = runtime;
    this.#layout = new DynamoLayout(namespace);
    // What is sent again, and until when, is decided here alone.
    if (client === undefined) this.#own = new DynamoDBClient({ ...connection, maxAttempts: 1 });
    this.#engine = new DynamoEngine(client ?? this.#own!, table, runtime, timeoutMs);
  }

  async get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    const wanted = new Map<string, RecordKey>();
    for (const key of keys) if (isKey(key)) wanted.set(nameOf(key), key);
    const found = new Map<string, StoredRecord>();
    for (const record of await this.#read([...wanted.values()])) found.set(nameOf(record.key), record);
    return keys.map((key) => found.get(nameOf(key)));
  }

  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    const { key } = write;
    checkKey(key);
    checkSize(write, MAX_VALUE_BYTES);
    const isCreate = "absent" in condition;
    if (!isCreate && condition.version === "") return { ok: false, reason: "conflict" };
    if (isCreate && write.active && await this.#isFull(key.owner, condition.activeLimit)) {
      const [existing] = await this.#read([key]);
      return { ok: false, reason: existing === undefined ? "limit" : "conflict" };
    }
    const version = randomName(this.#runtime, 12);
    const result = await this.#putItem(write, version, isCreate ? undefined : condition.version);
    if (result.ok) this.#hub.notify(key);
    return result;
  }

  async delete(keys: readonly RecordKey[]): Promise<void> {
    const distinct = new Map(keys.filter(isKey).map((key) => [nameOf(key), key]));
    const requests: object[] = [...distinct.values()]
      .map((key) => ({ DeleteRequest: { Key: this.#layout.key(key) } }));
    for (let i = 0; i < requests.length; i += DELETED_AT_ONCE) {
      await this.#writeBatch(requests.slice(i, i + DELETED_AT_ONCE));
    }
    for (const key of distinct.values()) this.#hub.notify(key);
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { owner, kind, after, reverse = false, limit } = query;
    checkLimit(limit);
    if (!isKey({ owner, kind, id: after ?? "-" })) return { records: [] };
    const pages = await Promise.all(
      this.#layout.partitions(owner, kind).map((partition) => this.#listPartition(partition, query)),
    );
    if (pages.length === 1) return pages[0]!;
    // Beyond the end of a partition's page nothing is known of it, so the whole page ends at the first such end.
    const isBefore = (a: string, b: string) => reverse ? a > b : a < b;
    const end = pages.map((page) => page.after).filter((id) => id !== undefined)
      .reduce<string | undefined>(
        (first, id) => first === undefined || isBefore(id, first) ? id : first,
        undefined,
      );
    const records = pages.flatMap((page) => page.records)
      .filter(({ key }) => end === undefined || !isBefore(end, key.id))
      .sort((a, b) => isBefore(a.key.id, b.key.id) ? -1 : 1);
    if (records.length <= limit) return { records, after: end };
    return { records: records.slice(0, limit), after: records[limit - 1]!.key.id };
  }

  async due(query: DueQuery): Promise<DuePage> {
    const { before, shard, after, limit } = query;
    checkShard(shard, DUE_SHARDS);
    checkLimit(limit);
    const partition = this.#layout.dueShard(shard);
    const start = after === undefined ? undefined : { dp: partition, ...parseCursor(after) };
    const { Items: items = [], LastEvaluatedKey: last } = await this.#engine.send<Answer>(
      "list due records",
      new QueryCommand({
        TableName: this.#table,
        IndexName: DUE_INDEX,
        KeyConditionExpression: "dp = :dp AND d < :before",
        ExpressionAttributeValues: { ":dp": partition as AttributeValue, ":before": { N: String(before) } },
        ExclusiveStartKey: start && toSdk(start),
        Limit: limit,
      }),
    );
    return {
      keys: items.map((item) => this.#layout.toKey(item)),
      after: last && JSON.stringify([last.d!.N, last.pk!.S, last.sk!.S]),
    };
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    return this.#hub.watch(key, signal);
  }

  close(): Promise<void> {
    this.#own?.destroy();
    return Promise.resolve();
  }

  /** Reads distinct records, strongly, in any order; up to 100 are one request. */
  async #read(keys: readonly RecordKey[]): Promise<StoredRecord[]> {
    const all = keys.map((key) => toSdk(this.#layout.key(key)));
    if (all.length === 1) {
      const command = new GetItemCommand({ TableName: this.#table, Key: all[0], ConsistentRead: true });
      const { Item: item } = await this.#engine.send<Answer>("read a record", command);
      return item === undefined ? [] : [this.#layout.toRecord(item)];
    }
    const groups: Promise<StoredRecord[]>[] = [];
    for (let i = 0; i < all.length; i += READ_AT_ONCE) {
      groups.push(this.#readBatch(all.slice(i, i + READ_AT_ONCE)));
    }
    return (await Promise.all(groups)).flat();
  }

  async #readBatch(keys: Record<string, AttributeValue>[]): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    // The service answers 16 MB at a time and names the rest, also of what it throttled.
    while (keys.length > 0) {
      const left = keys;
      const answer = await this.#engine.send<Answer>(
        "read records",
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: left, ConsistentRead: true } } }),
      );
      const items = answer.Responses?.[this.#table] ?? [];
      records.push(...items.map((item) => this.#layout.toRecord(item)));
      keys = (answer.UnprocessedKeys?.[this.#table]?.Keys ?? []).map(toSdk);
      if (keys.length === left.length) await sleep(this.#runtime, this.#runtime.random() * BATCH_PAUSE_MS);
    }
    return records;
  }

  async #writeBatch(requests: readonly object[]): Promise<void> {
    while (requests.length > 0) {
      const left = requests;
      const answer = await this.#engine.send<Answer>(
        "delete records",
        new BatchWriteItemCommand({ RequestItems: { [this.#table]: [...left] } }),
      );
      requests = answer.UnprocessedItems?.[this.#table] ?? [];
      if (requests.length === left.length) {
        await sleep(this.#runtime, this.#runtime.random() * BATCH_PAUSE_MS);
      }
    }
  }

  async #listPartition(partition: string, query: ListQuery): Promise<ListPage> {
    const { kind, after, reverse = false, limit } = query;
    const { Items: items = [], LastEvaluatedKey: last } = await this.#engine.send<Answer>(
      `list ${kind} records`,
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :kind)",
        ExpressionAttributeValues: { ":pk": { S: partition }, ":kind": { S: `${kind}#` } },
        ExclusiveStartKey: after === undefined
          ? undefined
          : { pk: { S: partition }, sk: { S: `${kind}#${after}` } },
        ScanIndexForward: !reverse,
        ConsistentRead: true,
        Limit: limit,
      }),
    );
    return {
      records: items.map((item) => this.#layout.toRecord(item)),
      after: last && this.#layout.toKey(last).id,
    };
  }

  /** Counts active records up to the limit. */
  async #isFull(owner: OwnerKey, limit: number | undefined): Promise<boolean> {
    if (limit === undefined) return false;
    let left = limit;
    let start: DynamoItem | undefined;
    while (left > 0) {
      const { Count: count = 0, LastEvaluatedKey: last } = await this.#engine.send<Answer>(
        "count active records",
        new QueryCommand({
          TableName: this.#table,
          IndexName: ACTIVE_INDEX,
          KeyConditionExpression: "pk = :pk AND a > :now",
          ExpressionAttributeValues: {
            ":pk": { S: this.#layout.partition(owner) },
            ":now": { N: String(this.#runtime.now()) },
          },
          ExclusiveStartKey: start && toSdk(start),
          ConsistentRead: true,
          Select: "COUNT",
          Limit: left,
        }),
      );
      left -= count;
      if (last === undefined) break;
      start = last;
    }
    return left <= 0;
  }

  async #putItem(write: RecordWrite, version: Version, expected: Version | undefined): Promise<PutResult> {
    const { key, notAfter } = write;
    const action = `store ${key.kind} "${key.id}"`;
    const deadline = new CreateDeadline(this.#runtime, expected === undefined ? notAfter : undefined);
    let wasLost = false;
    try {
      await this.#engine.send(
        action,
        new PutItemCommand({
          TableName: this.#table,
          Item: toSdk(this.#layout.toItem(write, version)),
          ConditionExpression: expected === undefined ? "attribute_not_exists(pk)" : "n = :expected",
          ExpressionAttributeValues: expected === undefined ? undefined : { ":expected": { S: expected } },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
        {
          attempted: version,
          signal: deadline.signal,
          beforeAttempt: () => deadline.check(action),
          onLost: () => wasLost = true,
        },
      );
      return { ok: true, version };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      if (!wasLost && !wasResent(error)) return { ok: false, reason: "conflict" };
      // An attempt whose answer was lost may be what made the condition fail.
      const old = (error as { Item?: DynamoItem }).Item;
      const [stored] = old === undefined ? await this.#read([key]) : [this.#layout.toRecord(old)];
      if (stored?.version === version) return { ok: true, version };
      throw new StorageUnavailableError(`Cannot ${action}: the answer was lost`, {
        cause: error,
        attempted: version,
      });
    } finally {
      deadline.end();
    }
  }
}

function nameOf({ owner, kind, id }: RecordKey): string {
  return `${owner}#${kind}#${id}`;
}

function toSdk(item: DynamoItem): Record<string, AttributeValue> {
  return item as Record<string, AttributeValue>;
}

function parseCursor(cursor: string): DynamoItem {
  try {
    const parts = JSON.parse(cursor);
    if (Array.isArray(parts) && parts.length === 3 && parts.every((part) => typeof part === "string")) {
      const [d, pk, sk] = parts as [string, string, string];
      if (d !== "" && !Number.isNaN(Number(d))) return { d: { N: d }, pk: { S: pk }, sk: { S: sk } };
    }
  } catch {
    // Not JSON: refused like every other cursor that is not ours.
  }
  throw new TypeError("Cannot read due records: the cursor is malformed");
}
