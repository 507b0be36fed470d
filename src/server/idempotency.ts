/**
 * One task per idempotency key: a request sent again finds the task that the first one made.
 *
 * A record of its own is put before the task and names it. Whoever finds the record without the task may
 * make that very task for ten seconds; after that the task has been and gone, and the key is free again.
 *
 * @module
 */
import { invalidParams, isJsonObject } from "../protocol/mod.ts";
import { type TaskHead, TaskNotFoundError } from "../tasks/mod.ts";
import {
  type RecordKey,
  type RecordWrite,
  sha256OfTexts,
  StorageUnavailableError,
  toBytes,
  toCanonicalJson,
  toText,
  type Version,
} from "../store/mod.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import type { TaskCall } from "./task_creation.ts";

/** Time in which the task of a record may be made, in milliseconds. */
const CREATE_WITHIN_MS = 10_000;
const MAX_ROUNDS = 8;

interface IdemRecord {
  readonly schema: 1;
  readonly taskId: string;
  readonly argsHash: string;
  readonly createBy: number;
}

/** Makes the task with the given id and the name of its record; throws `TaskIdTakenError` if the id is taken. */
export type MakeTask = (taskId: string, idem: string) => Promise<TaskHead>;

/**
 * Creates the task of a key, or finds it.
 *
 * @throws {ProtocolError} -32602 with reason `idempotency_conflict` if the key was used with other arguments, or
 * `idempotency_anonymous` if the caller is anonymous: strangers could not be told apart.
 */
export async function createOnce(
  services: Services,
  call: TaskCall,
  key: string,
  make: MakeTask,
): Promise<TaskHead> {
  if (call.exchange.caller === undefined) {
    throw invalidParams("An idempotency key needs a caller that can be told from others", {
      reason: "idempotency_anonymous",
    });
  }
  const owner = await ownerKeyFor(call.exchange.caller, "");
  const id = `${call.tool.name}/${await sha256OfTexts([key])}`;
  const argsHash = await sha256OfTexts([toCanonicalJson(call.rawArgs)]);
  return await new OnceOnly(services, { owner, kind: "idem", id }, argsHash, make).create();
}

class OnceOnly {
  readonly #services: Services;
  readonly #key: RecordKey;
  readonly #argsHash: string;
  readonly #make: MakeTask;

  constructor(services: Services, key: RecordKey, argsHash: string, make: MakeTask) {
    this.#services = services;
    this.#key = key;
    this.#argsHash = argsHash;
    this.#make = make;
  }

  async create(): Promise<TaskHead> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const record = this.#newRecord();
      if (await this.#put(record)) return await this.#makeFirst(record);
      const found = await this.#read();
      if (found === undefined) continue;
      const head = await this.#join(found.record, found.version);
      if (head !== undefined) return head;
    }
    throw new StorageUnavailableError(
      "Cannot create the task of an idempotency key: others keep changing its record",
    );
  }

  /** The task that `record` names: found, or made. `undefined`: look again. */
  async #join(record: IdemRecord, version: Version): Promise<TaskHead | undefined> {
    if (record.argsHash !== this.#argsHash) {
      throw invalidParams("The idempotency key was used with other arguments", {
        reason: "idempotency_conflict",
      });
    }
    const existing = await this.#services.store.find(this.#key.owner, record.taskId);
    if (existing !== undefined) return existing.head;
    if (this.#services.store.runtime.now() < record.createBy) return await this.#makeOrFind(record.taskId);
    const fresh = this.#newRecord();
    return await this.#put(fresh, version) ? await this.#makeFirst(fresh) : undefined;
  }

  async #makeFirst(record: IdemRecord): Promise<TaskHead> {
    try {
      return await this.#make(record.taskId, this.#key.id);
    } catch (error) {
      // Unless it may have taken effect all the same, the key is free again.
      if (!(error instanceof StorageUnavailableError)) await this.#services.store.backend.delete([this.#key]);
      throw error;
    }
  }

  /** Somebody else may be making the same task at this moment: then theirs is the task. */
  async #makeOrFind(taskId: string): Promise<TaskHead> {
    try {
      return await this.#make(taskId, this.#key.id);
    } catch (error) {
      const existing = await this.#services.store.find(this.#key.owner, taskId);
      if (existing !== undefined) return existing.head;
      throw error;
    }
  }

  #newRecord(): IdemRecord {
    const { runtime } = this.#services.store;
    const now = runtime.now();
    return {
      schema: 1,
      taskId: runtime.newTaskId(now),
      argsHash: this.#argsHash,
      createBy: now + CREATE_WITHIN_MS,
    };
  }

  async #put(record: IdemRecord, version?: Version): Promise<boolean> {
    const { ttl, purgeGraceMs } = this.#services.store.config;
    // The record must outlive its task, whatever time to live that has.
    const dueAt = record.createBy + ttl.maxTtlMs;
    const write: RecordWrite = {
      key: this.#key,
      value: toBytes(JSON.stringify(record)),
      dueAt,
      purgeAt: dueAt + purgeGraceMs,
    };
    const condition = version === undefined ? { absent: true } as const : { version };
    return (await this.#services.store.backend.put(write, condition)).ok;
  }

  async #read(): Promise<{ readonly record: IdemRecord; readonly version: Version } | undefined> {
    const [stored] = await this.#services.store.backend.get([this.#key]);
    if (stored === undefined) return undefined;
    const value: unknown = JSON.parse(toText(stored.value));
    if (!isJsonObject(value) || typeof value.taskId !== "string") throw new TaskNotFoundError();
    return { record: value as unknown as IdemRecord, version: stored.version };
  }
}
