/**
 * What the cases of the contract suite share: names, puts that must succeed, and complete readings.
 *
 * @module
 */
import { assert, assertEquals, assertExists } from "@std/assert";
import type {
  BackendTraits,
  ListQuery,
  PutResult,
  RecordKey,
  RecordKind,
  RecordWrite,
  StorageBackend,
  StoredRecord,
  Version,
} from "../../store/backend.ts";
import { randomName, type Runtime, sleep } from "../../runtime.ts";
import type { StorageAbility, StorageFixture } from "./fixture.ts";

/** One case of the suite. */
export interface StorageCase {
  /** What the fixture must be able to do. */
  readonly needs?: readonly StorageAbility[];
  /** The case opens its backend under a clock that only the case moves. */
  readonly manualClock?: boolean;
  /** Rejects if the backend breaks the contract. */
  readonly run: (kit: Kit) => Promise<void>;
}

/** Cases of one topic by their claim. */
export type StorageCases = Readonly<Record<string, StorageCase | StorageCase["run"]>>;

/** All kinds of records. */
export const KINDS: readonly RecordKind[] = ["task", "payload", "session", "idem", "meta"];

/** An hour from now is far enough to keep the engine from removing records while a case runs. */
const KEEP_MS = 3_600_000;
const LAG_FACTOR = 10;

/** A write without its key. */
export type Facts = Partial<Omit<RecordWrite, "key">>;

/** One case's view of the fixture. */
export class Kit {
  readonly fixture: StorageFixture;
  readonly runtime: Runtime;
  /** Moves the clock, where the case asked for a manual one. */
  readonly advance: (ms: number) => Promise<void>;
  /** An owner that no other case uses. */
  readonly owner: string;

  constructor(fixture: StorageFixture, runtime: Runtime, advance: (ms: number) => Promise<void>) {
    this.fixture = fixture;
    this.runtime = runtime;
    this.advance = advance;
    this.owner = randomName(runtime, 32);
  }

  get backend(): StorageBackend {
    return this.fixture.backend;
  }

  get traits(): BackendTraits {
    return this.backend.traits;
  }

  /** An instant up to which nothing is purged. */
  get later(): number {
    return this.runtime.now() + KEEP_MS;
  }

  /** The key of a record of this case. */
  key(id = "one", kind: RecordKind = "task", owner: string = this.owner): RecordKey {
    return { owner, kind, id };
  }

  /** A write of a small value, kept for an hour. */
  write(key: RecordKey, facts: Facts = {}): RecordWrite {
    return { key, value: bytes(key.id), purgeAt: this.later, ...facts };
  }

  /** Puts a record that must not exist. */
  tryCreate(key: RecordKey, facts: Facts = {}, activeLimit?: number): Promise<PutResult> {
    return this.backend.put(this.write(key, facts), { absent: true, activeLimit });
  }

  /** Creates a record, which must succeed. */
  async create(key: RecordKey, facts: Facts = {}, activeLimit?: number): Promise<Version> {
    return taken(await this.tryCreate(key, facts, activeLimit));
  }

  /** Puts a record under a version. */
  tryReplace(key: RecordKey, version: Version, facts: Facts = {}): Promise<PutResult> {
    return this.backend.put(this.write(key, facts), { version });
  }

  /** Replaces a record, which must succeed. */
  async replace(key: RecordKey, version: Version, facts: Facts = {}): Promise<Version> {
    return taken(await this.tryReplace(key, version, facts));
  }

  /** Reads one record. */
  async get(key: RecordKey, backend: StorageBackend = this.backend): Promise<StoredRecord | undefined> {
    const records = await backend.get([key]);
    assertEquals(records.length, 1);
    return records[0];
  }

  /** Reads one record that must be there. */
  async stored(key: RecordKey): Promise<StoredRecord> {
    const record = await this.get(key);
    assertExists(record);
    return record;
  }

  /** Ids of all records of a listing, page by page. */
  async listIds(query: Partial<ListQuery> = {}): Promise<string[]> {
    const ids: string[] = [];
    let after = query.after;
    do {
      const page = await this.backend.list({ owner: this.owner, kind: "task", limit: 100, ...query, after });
      assert(page.records.length <= (query.limit ?? 100), "a page is longer than its limit");
      ids.push(...page.records.map(({ key }) => key.id));
      after = page.after;
    } while (after !== undefined);
    return ids;
  }

  /** Due keys before an instant of all shards, page by page; in order where there is one shard. */
  async due(before = 1e12, limit = 100): Promise<RecordKey[]> {
    const keys: RecordKey[] = [];
    for (let shard = 0; shard < this.traits.dueShards; shard++) {
      let after: string | undefined;
      do {
        const page = await this.backend.due({ before, shard, after, limit });
        assert(page.keys.length <= limit, "a page is longer than its limit");
        keys.push(...page.keys);
        after = page.after;
      } while (after !== undefined);
    }
    return keys;
  }

  /** Ids of {@linkcode Kit.due}, sorted. */
  async dueIds(before?: number, limit?: number): Promise<string[]> {
    return (await this.due(before, limit)).map(({ id }) => id).sort();
  }

  /** Makes a claim that must hold at once, or within the index lag where there is one. */
  async eventually(claim: () => Promise<void>): Promise<void> {
    const end = this.runtime.monotonic() + this.traits.indexLagMs * LAG_FACTOR;
    while (true) {
      try {
        return await claim();
      } catch (error) {
        if (this.runtime.monotonic() >= end) throw error;
        await sleep(this.runtime, 50);
      }
    }
  }

  /** Claims which records are due, by id. */
  async assertDue(ids: readonly string[], before?: number): Promise<void> {
    await this.eventually(async () => assertEquals(await this.dueIds(before), [...ids].sort()));
  }

  /** Claims how many active records the owner has, by creating more up to a limit, and deletes those again. */
  async assertActive(count: number, owner: string = this.owner): Promise<void> {
    const probes = [this.key("probe-1", "meta", owner), this.key("probe-2", "meta", owner)] as const;
    const limit = count + 1;
    assertEquals(
      (await this.tryCreate(probes[0], { active: true }, limit)).ok,
      true,
      `more than ${count} are active`,
    );
    const second = await this.tryCreate(probes[1], { active: true }, limit);
    assertEquals(second, { ok: false, reason: "limit" }, `fewer than ${count} are active`);
    await this.backend.delete(probes);
  }

  /** Calls that `action` makes to the engine. */
  async calls(action: () => Promise<unknown>): Promise<number> {
    const before = this.fixture.calls!();
    await action();
    return this.fixture.calls!() - before;
  }
}

/** The version of a put that must have succeeded. */
export function taken(result: PutResult): Version {
  assert(result.ok, `the put was refused: ${result.ok ? "" : result.reason}`);
  return result.version;
}

/** UTF-8 bytes. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Text of UTF-8 bytes. */
export function text(record: StoredRecord | undefined): string | undefined {
  return record && new TextDecoder().decode(record.value);
}

/** `length` bytes that differ from place to place. */
export function pattern(length: number, seed = 1): Uint8Array {
  const value = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    value[i] = x >>> 16;
  }
  return value;
}

/** Claims that two values are equal, without printing them. */
export function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assertExists(actual);
  assertEquals(actual.length, expected.length, "the value has another length");
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assert(at === -1, `the value differs at byte ${at}`);
}

/** `prefix` with numbers of equal width, ascending. */
export function ids(count: number, prefix = "r"): string[] {
  return Array.from({ length: count }, (_, i) => prefix + String(i).padStart(5, "0"));
}
