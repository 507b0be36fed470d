/**
 * One task per idempotency key: a creation asked for again finds the task that the first one made.
 *
 * A record of its own is put before the task and names it. Whoever finds the record without the task may make that very
 * task for ten seconds. Later on nobody can, and a key whose task is not there is free again.
 *
 * @module
 */
import { sleep } from "../runtime.ts";
import { IdempotencyConflictError, type TaskHead } from "../tasks/mod.ts";
import {
  type PutCondition,
  type RecordKey,
  type RecordWrite,
  StorageUnavailableError,
  type Version,
} from "./backend.ts";
import { CREATE_DEADLINE_MS } from "./create_deadline.ts";
import {
  decodeIdempotencyRecord,
  type IdempotencyRecord,
  releaseKey,
  toIdempotencyWrite,
} from "./idempotency_record.ts";
import type { TaskStore } from "./task_store.ts";

/** Which task is to be made. */
export interface TaskToMake {
  readonly taskId: string;
  /** Id of the record that names it, for the head's `idem`. */
  readonly idem: string;
  /** Instant after which it must not be created any more. */
  readonly createBy: number;
}

/** Makes a task; throws {@linkcode TaskIdTakenError} if its id is taken. */
export type MakeTask = (task: TaskToMake) => Promise<TaskHead>;

/** Looks at the record before it is given up. */
const MAX_LOOKS = 10;

/**
 * Creates the task of a key, or finds it.
 *
 * Its time to live must be at least {@linkcode minKeyedTtlMs}.
 *
 * @param key Of kind `idem`, with the owner of the task.
 * @param argsHash Tells the arguments of one call from those of another.
 * @throws {IdempotencyConflictError} If the key was used with other arguments.
 * @throws {StorageUnavailableError} If the store does not answer, or another process may still be making the task.
 */
export function createOnce(
  store: TaskStore,
  key: RecordKey,
  argsHash: string,
  make: MakeTask,
): Promise<TaskHead> {
  return new OnceOnly(store, key, argsHash, make).create();
}

/** A record as stored. */
interface Found {
  readonly record: IdempotencyRecord;
  readonly version: Version;
}

class OnceOnly {
  readonly #store: TaskStore;
  readonly #key: RecordKey;
  readonly #argsHash: string;
  readonly #make: MakeTask;

  constructor(store: TaskStore, key: RecordKey, argsHash: string, make: MakeTask) {
    this.#store = store;
    this.#key = key;
    this.#argsHash = argsHash;
    this.#make = make;
  }

  async create(): Promise<TaskHead> {
    const first = await this.#begin();
    if (first !== undefined) return first;
    for (let look = 1; look <= MAX_LOOKS; look++) {
      const head = await this.#look(look);
      if (head !== undefined) return head;
      await this.#backOff(look);
    }
    throw new StorageUnavailableError(
      `Cannot create the task of idempotency key "${this.#key.id}": others keep changing its record`,
    );
  }

  /** Uses a key that nobody uses. */
  #begin(): Promise<TaskHead | undefined> {
    return this.#makeUnder(this.#newRecord(), { absent: true });
  }

  /** The task of a key in use: found, or made. `undefined`: look again. */
  async #look(look: number): Promise<TaskHead | undefined> {
    const found = await this.#read();
    if (found === undefined) return await this.#begin();
    const { record, version } = found;
    // Asked ahead of the read: what is not there after this instant can no longer come.
    const now = this.#store.runtime.now();
    const mayCome = now < record.createBy + this.#store.config.times.marginMs;
    const existing = record.isReleased ? undefined : await this.#find(record.taskId);
    if (record.isReleased || existing === undefined && !mayCome) {
      return await this.#makeUnder(this.#newRecord(), { version });
    }
    if (record.argsHash !== this.#argsHash) throw new IdempotencyConflictError();
    if (existing !== undefined) return existing;
    // Whoever put the record is most likely about to make its task.
    if (look === 1) return undefined;
    if (now >= record.createBy) {
      throw new StorageUnavailableError(
        `Cannot create the task of idempotency key "${this.#key.id}": it is not known yet whether there is one`,
      );
    }
    return await this.#join(found);
  }

  /** Makes the task of a record that this call puts. `undefined`: the record was not put. */
  async #makeUnder(record: IdempotencyRecord, condition: PutCondition): Promise<TaskHead | undefined> {
    const version = await this.#put(record, condition);
    if (version === undefined) return undefined;
    return await this.#makeOrFind(record, (error) => this.#release({ record, version }, error));
  }

  /**
   * Makes the task of a record that somebody else has put. Putting it again tells that one, by the version, that the
   * key is not free although the task could not be made there.
   */
  async #join({ record, version }: Found): Promise<TaskHead | undefined> {
    const joined = await this.#put(record, { version });
    if (joined === undefined) return undefined;
    return await this.#makeOrFind(record, () => Promise.resolve());
  }

  async #makeOrFind(
    { taskId, createBy }: IdempotencyRecord,
    onFailure: (error: unknown) => Promise<void>,
  ): Promise<TaskHead> {
    try {
      return await this.#make({ taskId, idem: this.#key.id, createBy });
    } catch (error) {
      // Somebody else may have made the same task at this moment: then theirs is the task.
      const existing = await this.#find(taskId);
      if (existing !== undefined) return existing;
      await onFailure(error);
      throw error;
    }
  }

  /** Frees the key of a task that certainly is not there, unless somebody else is about to make it. */
  async #release({ record, version }: Found, error: unknown): Promise<void> {
    if (error instanceof StorageUnavailableError) return;
    const { backend, runtime } = this.#store;
    try {
      await releaseKey(backend, this.#key, record, version, runtime.now());
    } catch (fault) {
      // The record says when it is over by itself: what the caller has to hear of is the first error.
      if (!(fault instanceof StorageUnavailableError)) throw fault;
    }
  }

  #newRecord(): IdempotencyRecord {
    const { runtime } = this.#store;
    const now = runtime.now();
    return {
      schema: 1,
      taskId: runtime.newTaskId(now),
      argsHash: this.#argsHash,
      createBy: now + CREATE_DEADLINE_MS,
    };
  }

  async #put(record: IdempotencyRecord, condition: PutCondition): Promise<Version | undefined> {
    const write: RecordWrite = toIdempotencyWrite(this.#key, record, this.#store.config);
    const notAfter = "absent" in condition ? record.createBy : undefined;
    const put = await this.#store.backend.put({ ...write, notAfter }, condition);
    return put.ok ? put.version : undefined;
  }

  async #read(): Promise<Found | undefined> {
    const [stored] = await this.#store.backend.get([this.#key]);
    return stored && { record: decodeIdempotencyRecord(stored), version: stored.version };
  }

  async #find(taskId: string): Promise<TaskHead | undefined> {
    return (await this.#store.find(this.#key.owner, taskId))?.head;
  }

  /** Half and half jitter, doubling from 20 ms to a second. */
  #backOff(look: number): Promise<void> {
    const { runtime } = this.#store;
    const limit = Math.min(1000, 20 * 2 ** (look - 1));
    return sleep(runtime, limit / 2 + runtime.random() * limit / 2);
  }
}
