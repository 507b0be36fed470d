/**
 * The one store of the simulated world: the real memory backend, with a mirror that can be looked at.
 *
 * Every call takes effect in one instant. The mirror holds what a checker has to see: the index facts of each
 * record, and who put it.
 *
 * @module
 */
import { memory, type MemoryBackend } from "../../backends/memory.ts";
import type {
  DuePage,
  DueQuery,
  ListPage,
  ListQuery,
  PutCondition,
  PutResult,
  RecordKey,
  RecordWrite,
  StoredRecord,
  Version,
} from "../../src/store/backend.ts";
import { drainMicrotasks } from "./determinism.ts";
import { chanceOf, Dice, hashText, mix } from "./dice.ts";
import type { SimProcess } from "./process.ts";
import { EPOCH, type World } from "./world.ts";

/** A record as the mirror has it. */
export interface MirrorRecord {
  readonly key: RecordKey;
  readonly value: Uint8Array;
  readonly version: Version;
  readonly innerVersion: Version;
  readonly dueAt: number | undefined;
  readonly purgeAt: number | undefined;
  readonly active: boolean;
  /** True time of the put. */
  readonly putAt: number;
}

/** Sees each change as it takes effect. `by`: absent, the engine itself. */
export interface EngineObserver {
  onPut(by: SimProcess, before: MirrorRecord | undefined, after: MirrorRecord): void;
  onRemove(by: SimProcess | undefined, record: MirrorRecord): void;
  onRefused(by: SimProcess, write: RecordWrite, stored: MirrorRecord | undefined, reason: string): void;
}

/** Name of a record, for maps. */
export function nameOf(key: RecordKey): string {
  return `${key.kind}|${key.owner}|${key.id}`;
}

/** The shared engine. */
export class Engine {
  readonly records = new Map<string, MirrorRecord>();
  readonly #world: World;
  readonly #inner: MemoryBackend;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #landed = new Set<Version>();
  observer: EngineObserver | undefined;
  #purges = 0;

  constructor(world: World) {
    this.#world = world;
    const dice = new Dice(mix(world.plan.seed, 99));
    this.#inner = memory({
      maxValueBytes: world.plan.maxValueBytes,
      runtime: {
        now: () => EPOCH + world.time,
        monotonic: () => world.time,
        setTimer: () => () => {},
        random: () => dice.next(),
        randomBytes: (length) => Uint8Array.from({ length }, () => dice.below(256)),
        newTaskId: () => "",
      },
    });
  }

  /** The record as it is now. */
  peek(key: RecordKey): MirrorRecord | undefined {
    return this.records.get(nameOf(key));
  }

  /** Whether the put that would store this version has taken effect by now. */
  hasLanded(version: Version): boolean {
    return this.#landed.has(version);
  }

  /** Stores a record. */
  put(by: SimProcess, write: RecordWrite, condition: PutCondition, version: Version): PutResult {
    const name = nameOf(write.key);
    const before = this.records.get(name);
    const innerCondition = "version" in condition
      ? { version: before?.version === condition.version ? before.innerVersion : "another" }
      : condition;
    // The engine of the plan removes records when it likes: the inner one never does.
    const { purgeAt, ...kept } = write;
    const result = settleNow(this.#inner.put(kept, innerCondition));
    if (!result.ok) {
      this.observer?.onRefused(by, write, before, result.reason);
      return result;
    }
    const after: MirrorRecord = {
      key: write.key,
      value: write.value,
      version,
      innerVersion: result.version,
      dueAt: write.dueAt,
      purgeAt,
      active: write.active ?? false,
      putAt: this.#world.time,
    };
    this.records.set(name, after);
    this.#landed.add(version);
    if (purgeAt !== undefined && this.#world.plan.hasPurge) this.#purgeLater(name, purgeAt);
    this.observer?.onPut(by, before, after);
    this.#notify(name);
    return { ok: true, version };
  }

  /** Reads records. */
  get(keys: readonly RecordKey[]): readonly (StoredRecord | undefined)[] {
    return settleNow(this.#inner.get(keys)).map((record) => this.#translate(record));
  }

  /** Removes records. */
  delete(by: SimProcess | undefined, keys: readonly RecordKey[]): void {
    for (const key of keys) {
      const name = nameOf(key);
      const record = this.records.get(name);
      settleNow(this.#inner.delete([key]));
      if (record === undefined) continue;
      this.records.delete(name);
      this.observer?.onRemove(by, record);
      this.#notify(name);
    }
  }

  /** Lists an owner's records. */
  list(query: ListQuery): ListPage {
    const page = settleNow(this.#inner.list(query));
    return { ...page, records: page.records.map((record) => this.#translate(record)!) };
  }

  /** Lists due records of one shard; what was put a moment ago may not be indexed yet. */
  due(query: DueQuery): DuePage {
    const { shards, indexLagMs } = this.#world.plan;
    const page = settleNow(this.#inner.due({ ...query, shard: 0 }));
    const keys = page.keys.filter((key) => {
      const name = nameOf(key);
      if (hashText(name) % shards !== query.shard) return false;
      return indexLagMs === 0 || this.#world.time - this.records.get(name)!.putAt >= indexLagMs;
    });
    return { ...page, keys };
  }

  /** Calls back at changes of a record. Returns how to stop. */
  watch(key: RecordKey, onHint: () => void): () => void {
    const name = nameOf(key);
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(onHint));
    return () => {
      watchers.delete(onHint);
      if (watchers.size === 0) this.#watchers.delete(name);
    };
  }

  #notify(name: string): void {
    for (const onHint of this.#watchers.get(name) ?? []) onHint();
  }

  #translate(record: StoredRecord | undefined): StoredRecord | undefined {
    return record && { ...record, version: this.records.get(nameOf(record.key))!.version };
  }

  #purgeLater(name: string, purgeAt: number): void {
    const delay = chanceOf(this.#world.plan.seed, 13, this.#purges++) * 2000;
    this.#world.schedule(purgeAt - EPOCH + delay, () => {
      const record = this.records.get(name);
      if (record?.purgeAt === undefined || EPOCH + this.#world.time < record.purgeAt) return;
      this.#world.count("engine.purged");
      this.#world.note(`engine purges ${name}`);
      this.delete(undefined, [record.key]);
    });
  }
}

/** Result of an operation of the memory backend, which is done when it returns. */
function settleNow<T>(promise: Promise<T>): T {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  promise.then((value) => outcome = { value }, (error) => outcome = { error });
  drainMicrotasks();
  if (outcome === undefined) throw new Error("Cannot simulate: the memory backend did not answer at once");
  const settled = outcome as { readonly value: T } | { readonly error: unknown };
  if ("error" in settled) throw settled.error;
  return settled.value;
}
