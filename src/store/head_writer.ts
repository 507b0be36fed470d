/**
 * Reads heads and writes them under the version read, until the write took effect, lost, or was refused.
 *
 * The one place that knows what a conflict and an unknown outcome mean. After either it reads again,
 * strongly: found its own mark, the write took effect; found the same version, the same put is
 * repeated; found another, the change is decided anew on the fresh head.
 *
 * @module
 */
import { randomName, type Runtime, sleep } from "../runtime.ts";
import {
  ConcurrentModificationError,
  dueAt,
  isExpired,
  isTerminal,
  type PayloadRef,
  type TaskHead,
  TaskNotFoundError,
  TooLargeError,
  UndecodableRecordError,
} from "../tasks/mod.ts";
import {
  MAX_MUTABLE_BYTES,
  type OwnerKey,
  type PutCondition,
  type RecordKey,
  type RecordWrite,
  type StorageBackend,
  StorageUnavailableError,
  type StoredRecord,
  type Version,
} from "./backend.ts";
import { decodeHead, toBytes } from "./codec.ts";
import { CREATE_DEADLINE_MS } from "./create_deadline.ts";
import { decodeIdempotencyRecord, releaseKey } from "./idempotency_record.ts";
import type { Payloads, PayloadScope } from "./payloads.ts";
import { allPayloads, replacedPayloads } from "./left_payloads.ts";
import { payloadRefs, spillHead } from "./spill.ts";

/** A head and the version it was read or written under. */
export interface Versioned {
  readonly head: TaskHead;
  readonly version: Version;
}

/** What a change came to. */
export type Change<T> =
  | { readonly write: TaskHead; readonly value: T }
  | { readonly skip: T };

/** A change of one head. */
export interface Mutation<T> {
  /** Decides on a head as stored; called again on every fresh one. What it throws ends the mutation. */
  readonly decide: (head: TaskHead, now: number) => Change<T>;
  /** Whether the write took effect although the head has been overwritten since. */
  readonly landed?: (head: TaskHead) => boolean;
}

/** What a mutation came to. */
export interface Mutated<T> {
  readonly current: Versioned;
  readonly value: T;
}

/** Options of {@linkcode HeadWriter}. */
export interface HeadWriterOptions {
  /** Safety margin M of the lease, in milliseconds: part of every due time. */
  readonly marginMs: number;
  /** How long after its expiry the engine may remove a head by itself, in milliseconds. */
  readonly purgeGraceMs: number;
  /** Attempts of one mutation before it gives up. */
  readonly maxAttempts: number;
  /** Called before every write of this process. */
  readonly onPut?: (key: RecordKey) => void;
  /** Called with every state this process reads or writes, for waiting neighbours. */
  readonly onState?: (key: RecordKey, current: Versioned) => void;
}

/** Reads and writes heads. */
export class HeadWriter {
  readonly #backend: StorageBackend;
  readonly #runtime: Runtime;
  readonly #payloads: Payloads;
  readonly #options: HeadWriterOptions;

  constructor(backend: StorageBackend, runtime: Runtime, payloads: Payloads, options: HeadWriterOptions) {
    this.#backend = backend;
    this.#runtime = runtime;
    this.#payloads = payloads;
    this.#options = options;
  }

  /** The head as stored, or `undefined` if there is none or it has expired. */
  async find(owner: OwnerKey, id: string): Promise<Versioned | undefined> {
    const [record] = await this.#backend.get([headKey(owner, id)]);
    return this.accept(record);
  }

  /** The head as stored, expired or not. */
  async peek(owner: OwnerKey, id: string): Promise<Versioned | undefined> {
    const [record] = await this.#backend.get([headKey(owner, id)]);
    return record && { head: decodeHead(id, record.value), version: record.version };
  }

  /** Like {@linkcode find}, for a record read elsewhere. */
  accept(record: StoredRecord | undefined): Versioned | undefined {
    if (record === undefined) return undefined;
    const head = decodeHead(record.key.id, record.value);
    return isExpired(head, this.#runtime.now()) ? undefined : { head, version: record.version };
  }

  /**
   * Creates a head; answers only once it is stored.
   *
   * @param createBy Instant after which it must not be stored any more, if that is sooner than it would be anyway.
   * @returns `limit` if the owner has as many active tasks as allowed, `exists` if the id is taken.
   * @throws {StorageUnavailableError} If it is not known whether it was stored, or it was and is gone again.
   */
  async create(
    draft: TaskHead,
    activeLimit: number | undefined,
    createBy = Infinity,
  ): Promise<Versioned | "limit" | "exists"> {
    const notAfter = Math.min(createBy, this.#runtime.now() + CREATE_DEADLINE_MS);
    const prepared = await this.#prepare(draft, 1);
    const condition = { absent: true, activeLimit } as const;
    let unknown: StorageUnavailableError | undefined;
    for (let attempt = 1;; attempt++) {
      const put = await this.#put(prepared, condition, notAfter);
      if (put.ok) return this.#publish({ head: prepared.head, version: put.version });
      // An earlier try may have taken effect without our hearing of it: look before believing a refusal. It may
      // even have expired since, and is ours all the same.
      const fresh = await this.peek(draft.owner, draft.id);
      if (fresh?.head.createNonce === draft.createNonce) return this.#publish(fresh);
      if (fresh === undefined && put.reason === "unknown") unknown = put.error;
      // A try that is still under way may take effect after a later one was refused: nothing can be said then.
      else if (fresh === undefined && unknown !== undefined) throw unknown;
      // Most likely our own, resent by the engine's client, and removed at its expiry before we looked.
      else if (fresh === undefined && put.reason === "conflict") throw goneAgain(draft.id);
      else {
        await this.#discard(prepared, fresh?.head);
        return put.reason === "limit" ? "limit" : "exists";
      }
      if (attempt >= this.#options.maxAttempts) throw unknown;
      await this.#backOff(attempt);
    }
  }

  /**
   * Changes a head.
   *
   * @param known State to try first, saving the read; a stale one costs a read, nothing else.
   * @throws {TaskNotFoundError} If it is gone.
   * @throws {ConcurrentModificationError} After too many lost attempts.
   * @throws {StorageUnavailableError} If the engine stays away.
   */
  async mutate<T>(
    owner: OwnerKey,
    id: string,
    mutation: Mutation<T>,
    known?: Versioned,
  ): Promise<Mutated<T>> {
    const now = this.#runtime.now();
    if (known !== undefined && isExpired(known.head, now)) throw new TaskNotFoundError();
    let current = known ?? await this.#require(owner, id);
    for (let attempt = 1;; attempt++) {
      const change = mutation.decide(current.head, this.#runtime.now());
      if ("skip" in change) return { current, value: change.skip };
      const replaced = replacedPayloads(current.head, change.write);
      const write = replaced.length === 0 ? change.write : { ...change.write, retired: replaced };
      const prepared = await this.#prepare(write, current.head.rev + 1);
      const put = await this.#putUntilDecided(prepared, current.version, owner, id, mutation, attempt);
      if ("current" in put) {
        if (replaced.length > 0) await this.#delete(current.head, current.head.retired ?? []);
        return { current: this.#publish(put.current), value: change.value };
      }
      await this.#discard(prepared, put.lostTo.head);
      current = put.lostTo;
      if (attempt >= this.#options.maxAttempts) throw new ConcurrentModificationError(id, attempt);
      await this.#backOff(attempt);
    }
  }

  /** Removes an expired head, the records it names, and those that its sealed journal names. */
  async remove(head: TaskHead): Promise<void> {
    const payloads = await allPayloads(head, (ref) => this.#payloads.read(head.owner, head.id, ref));
    // The idempotency record first: once the head is gone, somebody may put a new one in its place.
    if (head.idem !== undefined) await this.#freeKey(head, head.idem);
    await this.#backend.delete([headKey(head.owner, head.id)]);
    await this.#payloads.delete(scopeOf(head), payloads);
  }

  async #freeKey({ owner, id }: TaskHead, idem: string): Promise<void> {
    const key: RecordKey = { owner, kind: "idem", id: idem };
    const [stored] = await this.#backend.get([key]);
    if (stored === undefined) return;
    try {
      const record = decodeIdempotencyRecord(stored);
      if (record.taskId !== id || record.isReleased) return;
      await releaseKey(this.#backend, key, record, stored.version, this.#runtime.now());
    } catch (error) {
      // A damaged record keeps no task alive.
      if (!(error instanceof UndecodableRecordError)) throw error;
    }
  }

  async #require(owner: OwnerKey, id: string): Promise<Versioned> {
    const current = await this.find(owner, id);
    if (current === undefined) throw new TaskNotFoundError();
    return current;
  }

  async #putUntilDecided<T>(
    prepared: Prepared,
    version: Version,
    owner: OwnerKey,
    id: string,
    mutation: Mutation<T>,
    attempt: number,
  ): Promise<{ current: Versioned } | { lostTo: Versioned }> {
    for (let repeat = attempt;; repeat++) {
      const put = await this.#put(prepared, { version });
      if (put.ok) return { current: { head: prepared.head, version: put.version } };
      const fresh = await this.#require(owner, id);
      const isMine = fresh.head.writeNonce === prepared.head.writeNonce ||
        ("error" in put && put.error.attempted !== undefined && fresh.version === put.error.attempted);
      if (isMine || mutation.landed?.(fresh.head)) return { current: fresh };
      if (fresh.version !== version) return { lostTo: fresh };
      if (repeat >= this.#options.maxAttempts) {
        throw "error" in put ? put.error : new ConcurrentModificationError(id, repeat);
      }
      await this.#backOff(repeat);
    }
  }

  async #prepare(write: TaskHead, rev: number): Promise<Prepared> {
    const written: PayloadRef[] = [];
    const scope = scopeOf(write);
    const numbered: TaskHead = { ...write, rev, writeNonce: randomName(this.#runtime, 9) };
    const { head, text } = await spillHead(numbered, async (_value, json) => {
      const ref = await this.#payloads.write(scope, json);
      written.push(ref);
      return ref;
    });
    const bytes = toBytes(text);
    if (bytes.length > MAX_MUTABLE_BYTES) {
      await this.#payloads.delete(scope, written);
      throw new TooLargeError(
        `Cannot store task "${write.id}": its record would be ${bytes.length} bytes, the limit is ${MAX_MUTABLE_BYTES}`,
      );
    }
    return { head, bytes, written };
  }

  async #put(
    prepared: Prepared,
    condition: PutCondition,
    notAfter?: number,
  ): Promise<PutOutcome> {
    const { head, bytes } = prepared;
    const write: RecordWrite = {
      key: headKey(head.owner, head.id),
      value: bytes,
      dueAt: dueAt(head, this.#options.marginMs),
      purgeAt: head.expiresAt + this.#options.purgeGraceMs,
      active: !isTerminal(head.status),
      notAfter,
    };
    this.#options.onPut?.(write.key);
    try {
      return await this.#backend.put(write, condition);
    } catch (error) {
      if (error instanceof StorageUnavailableError) return { ok: false, reason: "unknown", error };
      throw error;
    }
  }

  /** Deletes payloads of a write that did not take effect. */
  async #discard(prepared: Prepared, stored: TaskHead | undefined): Promise<void> {
    if (prepared.written.length === 0) return;
    const kept = new Set((stored === undefined ? [] : payloadRefs(stored)).map(({ gen }) => gen));
    await this.#delete(prepared.head, prepared.written.filter(({ gen }) => !kept.has(gen)));
  }

  /** Deletes payloads; what stays behind is swept when it is due. */
  async #delete(head: TaskHead, refs: readonly PayloadRef[]): Promise<void> {
    try {
      await this.#payloads.delete(scopeOf(head), refs);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
    }
  }

  #publish(current: Versioned): Versioned {
    this.#options.onState?.(headKey(current.head.owner, current.head.id), current);
    return current;
  }

  /** Full jitter, doubling from 4 ms to 1 s. */
  #backOff(attempt: number): Promise<void> {
    return sleep(this.#runtime, this.#runtime.random() * Math.min(1000, 2 ** (attempt + 1)));
  }
}

interface Prepared {
  readonly head: TaskHead;
  readonly bytes: Uint8Array;
  readonly written: readonly PayloadRef[];
}

type PutOutcome =
  | { readonly ok: true; readonly version: Version }
  | { readonly ok: false; readonly reason: "conflict" | "limit" }
  | { readonly ok: false; readonly reason: "unknown"; readonly error: StorageUnavailableError };

function goneAgain(id: string): StorageUnavailableError {
  return new StorageUnavailableError(
    `Cannot create task "${id}": a record of its id was stored, and is gone again`,
  );
}

function scopeOf({ owner, id, expiresAt, exec, principal }: TaskHead): PayloadScope {
  return { owner, taskId: id, expiresAt, epoch: exec.epoch, isAnonymous: principal === undefined };
}

/** Key of a head. */
export function headKey(owner: OwnerKey, id: string): RecordKey {
  return { owner, kind: "task", id };
}
