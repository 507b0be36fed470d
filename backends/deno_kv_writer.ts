/**
 * Puts and deletions in Deno KV: which entries one commit checks, stores and removes.
 *
 * @module
 */
import {
  type PutCondition,
  type PutResult,
  type RecordKey,
  type RecordWrite,
  StorageUnavailableError,
  type Version,
} from "../src/store/backend.ts";
import type { Runtime } from "../src/runtime.ts";
import { ActiveSlots } from "./deno_kv_active.ts";
import type { KvAtomicLike, KvEntryLike, KvKeyPartLike } from "./deno_kv_client.ts";
import type { KvEngine } from "./deno_kv_engine.ts";
import {
  decodeEntry,
  encodeEntry,
  encodePurgeAt,
  type KvLayout,
  parseVersion,
  PART_BYTES,
  type RecordFacts,
  toVersion,
} from "./deno_kv_layout.ts";

const CONFLICT: PutResult = { ok: false, reason: "conflict" };
/** Deno KV promises ten checks per commit everywhere, and a deletion may need two. */
const DELETED_AT_ONCE = 5;

/** Writes records with their entries. */
export class KvWriter {
  readonly #engine: KvEngine;
  readonly #layout: KvLayout;
  readonly #runtime: Runtime;
  readonly #slots: ActiveSlots;

  constructor(engine: KvEngine, layout: KvLayout, runtime: Runtime) {
    this.#engine = engine;
    this.#layout = layout;
    this.#runtime = runtime;
    this.#slots = new ActiveSlots(engine, layout, runtime);
  }

  /** Stores a record under a condition. */
  put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    return "version" in condition
      ? this.#replace(write, condition.version)
      : write.active
      ? this.#createActive(write, condition.activeLimit)
      : this.#create(write);
  }

  /** Removes records: one read and one commit for up to five, and again only for those that changed meanwhile. */
  async delete(keys: readonly RecordKey[]): Promise<void> {
    for (let i = 0; i < keys.length; i += DELETED_AT_ONCE) {
      const group = keys.slice(i, i + DELETED_AT_ONCE);
      const entries = await this.#readRecords(group);
      if (!await this.#deleteEntries(group, entries)) { for (const key of group) await this.#deleteOne(key); }
    }
  }

  /** Removes due entries whose record the engine has purged, unless they were stored anew. */
  async deleteLeftovers(entries: readonly KvEntryLike[]): Promise<void> {
    for (let i = 0; i < entries.length; i += DELETED_AT_ONCE) {
      await this.#engine.commit("remove left-over due entries", (atomic) => {
        for (const { key, versionstamp } of entries.slice(i, i + DELETED_AT_ONCE)) {
          const dueKey = [...key] as KvKeyPartLike[];
          atomic.check({ key: dueKey, versionstamp });
          atomic.delete(dueKey);
        }
      });
    }
  }

  async #create(write: RecordWrite): Promise<PutResult> {
    const facts = toFacts(write);
    const stamp = await this.#commit(write, (atomic) => {
      atomic.check({ key: this.#layout.record(write.key), versionstamp: null });
      this.#store(atomic, write, facts);
    });
    return toResult(stamp, facts);
  }

  async #createActive(write: RecordWrite, limit: number | undefined): Promise<PutResult> {
    const { key, purgeAt } = write;
    const recordKey = this.#layout.record(key);
    for (let mustRead = false;; mustRead = true) {
      const active = await this.#slots.reserve(key.owner, { limit, mustRead });
      if (active === "limit") {
        // An earlier attempt of the same create may be what took the last place.
        const [existing] = await this.#engine.read([recordKey]);
        return existing!.versionstamp === null ? { ok: false, reason: "limit" } : CONFLICT;
      }
      const slotKey = this.#layout.active(key.owner, active.slot);
      const facts = toFacts(write, active.slot);
      let isTaken = false;
      try {
        const stamp = await this.#commit(write, (atomic) => {
          atomic.check({ key: recordKey, versionstamp: null }, { key: slotKey, versionstamp: active.stamp });
          atomic.set(slotKey, encodePurgeAt(purgeAt), this.#expiry(purgeAt));
          this.#store(atomic, write, facts);
        });
        isTaken = stamp !== undefined;
        if (isTaken) return toResult(stamp, facts);
        const [record, slot] = await this.#engine.read([recordKey, slotKey]);
        isTaken = slot!.versionstamp !== null;
        if (record!.versionstamp !== null) return CONFLICT;
      } finally {
        this.#slots.settle(key.owner, active, isTaken);
      }
    }
  }

  async #replace(write: RecordWrite, version: Version): Promise<PutResult> {
    const parsed = parseVersion(version);
    if (parsed === undefined) return CONFLICT;
    const { stamp, facts: old } = parsed;
    if (old.slot === undefined) {
      return await (write.active ? this.#activate(write, stamp, old) : this.#keep(write, stamp, old));
    }
    if (write.active && write.purgeAt === old.purgeAt) return await this.#keep(write, stamp, old);
    const { key, active = false, purgeAt } = write;
    const slotKey = this.#layout.active(key.owner, old.slot);
    const facts = toFacts(write, active ? old.slot : undefined);
    const newStamp = await this.#commit(write, (atomic) => {
      atomic.check({ key: this.#layout.record(key), versionstamp: stamp });
      atomic.check({ key: slotKey, versionstamp: old.slotStamp! });
      if (active) atomic.set(slotKey, encodePurgeAt(purgeAt), this.#expiry(purgeAt));
      else atomic.delete(slotKey);
      this.#store(atomic, write, facts, old);
    });
    if (newStamp !== undefined) {
      if (!active) this.#slots.free(key.owner, old.slot);
      return toResult(newStamp, facts);
    }
    if (!await this.#isUnchanged(key, stamp)) return CONFLICT;
    // The active entry had lapsed at its purgeAt: it is gone, or another record's by now.
    return await (active
      ? this.#activate(write, stamp, old)
      : this.#keep(write, stamp, { ...old, slot: undefined }));
  }

  /** Replaces a record that has no active entry by one that has. */
  async #activate(write: RecordWrite, oldStamp: string, old: RecordFacts): Promise<PutResult> {
    const { key, purgeAt } = write;
    for (let mustRead = false;; mustRead = true) {
      const active = await this.#slots.reserve(key.owner, { mustRead });
      if (active === "limit") return { ok: false, reason: "limit" };
      const facts = toFacts(write, active.slot);
      const slotKey = this.#layout.active(key.owner, active.slot);
      let isTaken = true;
      try {
        const stamp = await this.#commit(write, (atomic) => {
          atomic.check({ key: this.#layout.record(key), versionstamp: oldStamp });
          atomic.check({ key: slotKey, versionstamp: active.stamp });
          atomic.set(slotKey, encodePurgeAt(purgeAt), this.#expiry(purgeAt));
          this.#store(atomic, write, facts, old);
        });
        if (stamp !== undefined) return toResult(stamp, facts);
        isTaken = await this.#isUnchanged(key, oldStamp);
        if (!isTaken) return CONFLICT;
      } finally {
        this.#slots.settle(key.owner, active, isTaken);
      }
    }
  }

  /** Replaces a record and leaves its active entry, if it has one, as it is. */
  async #keep(write: RecordWrite, oldStamp: string, old: RecordFacts): Promise<PutResult> {
    const facts = toFacts(write, old.slot, old.slot === undefined ? undefined : old.slotStamp);
    const stamp = await this.#commit(write, (atomic) => {
      atomic.check({ key: this.#layout.record(write.key), versionstamp: oldStamp });
      this.#store(atomic, write, facts, old);
    });
    return toResult(stamp, facts);
  }

  #commit(write: RecordWrite, build: (atomic: KvAtomicLike) => void): Promise<string | undefined> {
    const action = `store ${write.key.kind} "${write.key.id}"`;
    const { notAfter } = write;
    return this.#engine.commit(action, (atomic) => {
      if (notAfter !== undefined && this.#runtime.now() > notAfter) {
        throw new StorageUnavailableError(`Cannot ${action}: the time allowed for it has passed`);
      }
      build(atomic);
    });
  }

  /** Stores the record, its parts and its due entry, and removes what they leave of the state they replace. */
  #store(atomic: KvAtomicLike, write: RecordWrite, facts: RecordFacts, old?: RecordFacts): void {
    const { key, value, dueAt, purgeAt } = write;
    const expiry = this.#expiry(purgeAt);
    atomic.set(this.#layout.record(key), encodeEntry(facts, value), expiry);
    for (let n = 1; n <= facts.parts; n++) {
      atomic.set(this.#layout.part(key, n), value.slice(n * PART_BYTES, (n + 1) * PART_BYTES), expiry);
    }
    if (dueAt !== undefined && (dueAt !== old?.dueAt || purgeAt !== old.purgeAt)) {
      atomic.set(this.#layout.due(key, dueAt), encodePurgeAt(purgeAt), expiry);
    }
    if (old === undefined) return;
    if (old.dueAt !== undefined && old.dueAt !== dueAt) atomic.delete(this.#layout.due(key, old.dueAt));
    for (let n = facts.parts + 1; n <= old.parts; n++) atomic.delete(this.#layout.part(key, n));
  }

  #expiry(purgeAt: number | undefined): { expireIn: number } | undefined {
    return purgeAt === undefined
      ? undefined
      : { expireIn: Math.max(1, Math.ceil(purgeAt - this.#runtime.now())) };
  }

  async #isUnchanged(key: RecordKey, stamp: string): Promise<boolean> {
    const [record] = await this.#engine.read([this.#layout.record(key)]);
    return record!.versionstamp === stamp;
  }

  #readRecords(keys: readonly RecordKey[]): Promise<readonly KvEntryLike[]> {
    return this.#engine.read(keys.map((key) => this.#layout.record(key)));
  }

  async #deleteOne(key: RecordKey): Promise<void> {
    let [entry] = await this.#readRecords([key]);
    while (!await this.#deleteEntries([key], [entry!])) {
      const [again] = await this.#readRecords([key]);
      if (again!.versionstamp === entry!.versionstamp) {
        // Only the active entry can have failed: it had lapsed and is not this record's any more.
        if (await this.#deleteEntries([key], [again!], false)) return;
      }
      entry = again;
    }
  }

  /** Deletes records in the states just read; `false` if one of them has changed. */
  async #deleteEntries(
    keys: readonly RecordKey[],
    entries: readonly KvEntryLike[],
    withActive = true,
  ): Promise<boolean> {
    if (entries.every((entry) => entry.versionstamp === null)) return true;
    const freed: [string, number][] = [];
    const stamp = await this.#engine.commit("delete records", (atomic) => {
      freed.length = 0;
      keys.forEach((key, i) => {
        const { versionstamp, value } = entries[i]!;
        if (versionstamp === null) return;
        const { facts } = decodeEntry(value);
        atomic.check({ key: this.#layout.record(key), versionstamp });
        atomic.delete(this.#layout.record(key));
        for (let n = 1; n <= facts.parts; n++) atomic.delete(this.#layout.part(key, n));
        if (facts.dueAt !== undefined) atomic.delete(this.#layout.due(key, facts.dueAt));
        if (facts.slot === undefined || !withActive) return;
        const slotKey = this.#layout.active(key.owner, facts.slot);
        atomic.check({ key: slotKey, versionstamp: facts.slotStamp ?? versionstamp });
        atomic.delete(slotKey);
        freed.push([key.owner, facts.slot]);
      });
    });
    if (stamp === undefined) return false;
    for (const [owner, slot] of freed) this.#slots.free(owner, slot);
    return true;
  }
}

function toFacts({ value, dueAt, purgeAt }: RecordWrite, slot?: number, slotStamp?: string): RecordFacts {
  return { dueAt, purgeAt, slot, slotStamp, parts: Math.max(0, Math.ceil(value.length / PART_BYTES) - 1) };
}

function toResult(stamp: string | undefined, facts: RecordFacts): PutResult {
  return stamp === undefined ? CONFLICT : { ok: true, version: toVersion(stamp, facts) };
}
