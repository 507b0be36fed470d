/**
 * Storage in Redis 7 or later, or in a Redis Cluster.
 *
 * A put is one script, and so is every other change: a record never disagrees with the sets that list it. An
 * owner's records share a hash slot, so a script touches one node. The adapter chooses versions, and a script
 * that finds its own version stored answers as if it had just stored it: a put whose answer was lost can be
 * sent again. Values are at most 1 MiB. Records expire by `PEXPIREAT`; what that leaves in the sets is taken
 * out when it is met.
 *
 * Redis acknowledges a write before its replicas have it. After a failover the last writes may be gone, unless
 * `durability: "replicated"` makes every put wait for them.
 *
 * @example Keep tasks in Redis
 * ```ts
 * import { redis } from "@perdure/mcp-tasks/redis";
 *
 * const backend = redis("redis://127.0.0.1:6379");
 * await backend.close();
 * ```
 *
 * @module
 */
import { Redis } from "ioredis";
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
import { randomName, type Runtime, systemRuntime } from "../src/runtime.ts";
import { checkKey, checkLimit, checkShard, checkSize, isKey } from "./shared/check.ts";
import { WatchHub, watchName } from "./shared/watch_hub.ts";
import { toDriverBytes } from "./redis_bytes.ts";
import type { RedisClientLike, RedisConnectionOptions } from "./redis_client.ts";
import { RedisEngine, toText } from "./redis_engine.ts";
import { RedisLayout } from "./redis_layout.ts";
import { CHECK_DUE, DELETE, DUE, PUT, READ, READ_PAGE } from "./redis_scripts.ts";
import { RedisSubscriber } from "./redis_subscriber.ts";

export type { RedisClientLike, RedisConnectionOptions, RedisSubscriberLike } from "./redis_client.ts";
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

/** Options of {@linkcode redis}. */
export interface RedisOptions {
  /** First part of every key and channel; no braces. @default {"perdure:"} */
  readonly prefix?: string;
  /** Slots that owners are spread over, fixed when the first record is stored. @default {64} */
  readonly slots?: number;
  /**
   * When a put is answered: once the server has it, or once `replicas` have it as well. Replicas cannot be
   * waited for in a cluster.
   *
   * @default {"server"}
   */
  readonly durability?: "server" | "replicated";
  /** Replicas that must confirm a put when `durability` is `"replicated"`. @default {1} */
  readonly replicas?: number;
  /** Longest time one operation may take, with all its attempts, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
  /** Told once, at the first use, when the server is set up to lose tasks. @default {console.warn} */
  readonly warn?: (message: string) => void;
  /** Clock, timers and randomness. @default {systemRuntime} */
  readonly runtime?: Runtime;
}

const MAX_VALUE_BYTES = 1024 * 1024;
const DELETED_AT_ONCE = 250;
const RECONNECT_MS = 500;
/** Version of what is stored under a record's key and is no record of ours. */
const FOREIGN_VERSION = "foreign";

/**
 * Creates a backend over Redis.
 *
 * @param server A client that is open already (`Redis` or `Cluster` of `npm:ioredis`), which stays open; or the
 * URL or options of a server, to which the backend connects by itself without queues and resending.
 */
export function redis(
  server: RedisClientLike | RedisConnectionOptions | string = {},
  options: RedisOptions = {},
): StorageBackend {
  return new RedisBackend(server, options);
}

class RedisBackend implements StorageBackend {
  readonly traits: BackendTraits;
  readonly #runtime: Runtime;
  readonly #layout: RedisLayout;
  readonly #engine: RedisEngine;
  readonly #subscriber: RedisSubscriber;
  readonly #hub: WatchHub;
  readonly #own: Redis | undefined;

  constructor(server: RedisClientLike | RedisConnectionOptions | string, options: RedisOptions) {
    const {
      prefix = "perdure:",
      slots = 64,
      durability = "server",
      replicas = 1,
      timeoutMs = 10_000,
      warn = (message) => console.warn(message),
      runtime = systemRuntime,
    } = options;
    this.#layout = new RedisLayout(prefix, slots);
    this.#runtime = runtime;
    let connectionFault: string | undefined;
    let client: RedisClientLike;
    if (isClient(server)) {
      client = server;
    } else {
      this.#own = connect(server, timeoutMs, (fault) => connectionFault = fault);
      client = this.#own as unknown as RedisClientLike;
    }
    if (durability === "replicated" && client.isCluster) {
      throw new TypeError(
        'Cannot use durability "replicated": a cluster cannot be asked for the replicas of one put',
      );
    }
    this.#engine = new RedisEngine(client, this.#layout, {
      runtime,
      timeoutMs,
      replicas: durability === "replicated" ? replicas : 0,
      warn,
      connectionFault: () => connectionFault,
    });
    this.#hub = new WatchHub({
      opened: (name) => this.#subscriber.opened(name),
      closed: (name) => this.#subscriber.closed(name),
    });
    this.#subscriber = new RedisSubscriber(
      client,
      this.#layout,
      (name) => this.#hub.notifyName(name),
      () => this.#hub.notifyAll(),
    );
    this.traits = {
      name: "redis",
      maxValueBytes: MAX_VALUE_BYTES,
      dueShards: slots,
      indexLagMs: 0,
      exactLimit: true,
      watchLatencyMs: 5,
    };
  }

  async get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    if (keys.length === 1) return [await this.#getOne(keys[0]!)];
    const records: (StoredRecord | undefined)[] = new Array(keys.length).fill(undefined);
    await Promise.all(Array.from(this.#placesBySlot(keys).values(), async (places) => {
      const names = places.map((i) => this.#layout.record(keys[i]!));
      const found = await this.#engine.script("read records", READ, names, []) as unknown[];
      places.forEach((i, n) => records[i] = toRecord(keys[i]!, found[n * 2], found[n * 2 + 1]));
    }));
    return records;
  }

  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    const { key, value, dueAt, purgeAt, active, notAfter } = write;
    checkKey(key);
    checkSize(write, MAX_VALUE_BYTES);
    const isCreate = "absent" in condition;
    if (!isCreate && condition.version === "") return { ok: false, reason: "conflict" };
    const version = randomName(this.#runtime, 12);
    const action = `store ${key.kind} "${key.id}"`;
    const answer = await this.#engine.write(action, PUT, [
      this.#layout.record(key),
      this.#layout.list(key.owner, key.kind),
      this.#layout.due(this.#layout.slotOf(key.owner)),
      this.#layout.active(key.owner),
    ], [
      isCreate ? "" : condition.version,
      version,
      toDriverBytes(value),
      dueAt ?? "",
      purgeAt === undefined ? "" : Math.ceil(purgeAt),
      active ? "1" : "",
      isCreate ? condition.activeLimit ?? "" : "",
      isCreate ? notAfter ?? "" : "",
      key.id,
      watchName(key),
      this.#layout.channel(key),
    ], version);
    if (answer === 1) return { ok: true, version };
    if (answer === -1) return { ok: false, reason: "limit" };
    if (answer === 0) return { ok: false, reason: "conflict" };
    throw new StorageUnavailableError(`Cannot ${action}: the time allowed for it has passed`);
  }

  async delete(keys: readonly RecordKey[]): Promise<void> {
    await Promise.all(Array.from(this.#placesBySlot(keys), async ([slot, places]) => {
      for (let i = 0; i < places.length; i += DELETED_AT_ONCE) {
        const group = places.slice(i, i + DELETED_AT_ONCE).map((place) => keys[place]!);
        await this.#engine.script("delete records", DELETE, [
          this.#layout.due(slot),
          ...group.flatMap((key) => [
            this.#layout.record(key),
            this.#layout.list(key.owner, key.kind),
            this.#layout.active(key.owner),
          ]),
        ], group.flatMap((key) => [key.id, watchName(key), this.#layout.channel(key)]));
      }
    }));
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { owner, kind, after, reverse = false, limit } = query;
    checkLimit(limit);
    if (!isKey({ owner, kind, id: after ?? "-" })) return { records: [] };
    const action = `list ${kind} records`;
    const list = this.#layout.list(owner, kind);
    const [start, end] = reverse
      ? [after === undefined ? "+" : `(${after}`, "-"]
      : [after === undefined ? "-" : `(${after}`, "+"];
    const range = ["BYLEX", ...(reverse ? ["REV"] : []), "LIMIT", 0, limit] as const;
    const ids = (await this.#engine.command(action, "ZRANGE", list, start, end, ...range) as unknown[]).map(
      toText,
    );
    if (ids.length === 0) return { records: [] };
    const keys = ids.map((id) => ({ owner, kind, id }));
    const names = keys.map((key) => this.#layout.record(key));
    const found = await this.#engine.script(action, READ_PAGE, [list, ...names], ids) as unknown[];
    const records = keys.map((key, i) => toRecord(key, found[i * 2], found[i * 2 + 1]));
    return {
      records: records.filter((record) => record !== undefined),
      after: ids.length === limit ? ids[limit - 1] : undefined,
    };
  }

  async due(query: DueQuery): Promise<DuePage> {
    const { before, shard, after, limit } = query;
    checkShard(shard, this.#layout.slots);
    checkLimit(limit);
    const due = this.#layout.due(shard);
    const [score, member] = after === undefined ? ["", ""] : parseCursor(after);
    const page = await this.#engine.script("list due records", DUE, [due], [
      before,
      score,
      member,
      limit,
    ]) as unknown[];
    const entries = page.map(toText);
    if (entries.length === 0) return { keys: [] };
    const keys = entries.filter((_, i) => i % 2 === 0).map((name) => this.#layout.toRecordKey(name));
    const names = keys.map((key) => this.#layout.record(key));
    const holds = await this.#engine.script(
      "list due records",
      CHECK_DUE,
      [due, ...names],
      entries,
    ) as number[];
    return {
      keys: keys.filter((_, i) => holds[i] === 1),
      after: keys.length === limit ? JSON.stringify([entries.at(-1), entries.at(-2)]) : undefined,
    };
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    checkKey(key);
    return this.#hub.watch(key, signal);
  }

  close(): Promise<void> {
    this.#engine.close();
    this.#subscriber.close();
    this.#own?.disconnect();
    return Promise.resolve();
  }

  /** Places of well-formed keys in the list, by slot: one script touches the keys of one slot. */
  #placesBySlot(keys: readonly RecordKey[]): Map<number, number[]> {
    const slots = new Map<number, number[]>();
    for (const [place, key] of keys.entries()) {
      if (!isKey(key)) continue;
      const slot = this.#layout.slotOf(key.owner);
      const places = slots.get(slot);
      if (places === undefined) slots.set(slot, [place]);
      else places.push(place);
    }
    return slots;
  }

  async #getOne(key: RecordKey): Promise<StoredRecord | undefined> {
    if (!isKey(key)) return undefined;
    const [value, version] = await this.#engine.readHash(this.#layout.record(key), "v", "n");
    return toRecord(key, value, version);
  }
}

function isClient(server: RedisClientLike | RedisConnectionOptions | string): server is RedisClientLike {
  return typeof server === "object" && "callBuffer" in server && typeof server.callBuffer === "function";
}

/** Connects without queueing or resending: what is sent again, and until when, is decided by the adapter alone. */
function connect(
  server: RedisConnectionOptions | string,
  timeoutMs: number,
  onFault: (fault: string | undefined) => void,
): Redis {
  const options = {
    connectTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    retryStrategy: (attempt: number) => Math.min(attempt * 20, RECONNECT_MS),
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
    ...(typeof server === "string" ? {} : server),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // With any other number the driver neither resends nor rejects what was under way when a connection ends.
    maxRetriesPerRequest: 0,
    // The driver drops the promise of its own subscription; rejected, it would end the process.
    autoResubscribe: false,
  };
  const client = typeof server === "string" ? new Redis(server, options) : new Redis(options);
  client.on("error", (error) => onFault(error.message));
  client.on("ready", () => onFault(undefined));
  return client;
}

function toRecord(key: RecordKey, value: unknown, version: unknown): StoredRecord | undefined {
  if (!(version instanceof Uint8Array)) return undefined;
  const bytes = new Uint8Array(value instanceof Uint8Array ? value : []);
  return { key, value: bytes, version: version.length === 0 ? FOREIGN_VERSION : toText(version) };
}

function parseCursor(cursor: string): [string, string] {
  try {
    const parts = JSON.parse(cursor);
    if (Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === "string")) {
      if (parts[0] !== "" && !Number.isNaN(Number(parts[0]))) return parts as [string, string];
    }
  } catch {
    // Not JSON: refused like every other cursor that is not ours.
  }
  throw new TypeError("Cannot read due records: the cursor is malformed");
}
