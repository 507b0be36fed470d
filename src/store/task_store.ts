/**
 * Tasks of owners over any storage engine.
 *
 * Every operation names the owner, answers a foreign, unknown or expired id alike, and is one
 * read-modify-put with bounded retry. Operations of execution (leases, journal) go through
 * {@linkcode TaskStore.mutate} with the pure functions of `src/tasks/operations.ts`.
 *
 * @module
 */
import { randomName, type Runtime, systemRuntime } from "../runtime.ts";
import { isJsonObject, type JsonObject, type JsonRpcError, type JsonValue } from "../protocol/mod.ts";
import type { InputRequest } from "../protocol/input.ts";
import {
  answer,
  cancel,
  ConcurrentModificationError,
  finish,
  type Holder,
  isTerminal,
  LimitReachedError,
  type LoadedOutcome,
  mergeVariables,
  newHead,
  type NewTask,
  type ReceivedAnswer,
  type Spillable,
  type TaskDetails,
  type TaskHead,
  TaskIdTakenError,
  TaskNotFoundError,
  TaskNotReadyError,
  type TaskStatus,
  UndecodableRecordError,
  updateStatus,
  type VariablePatch,
  workflowMeta,
} from "../tasks/mod.ts";
import type { OwnerKey, RecordKey, StorageBackend, StoredRecord } from "./backend.ts";
import { decodeHead } from "./codec.ts";
import { type EventSink, guardSink } from "./events.ts";
import { headKey, HeadWriter, type Mutated, type Mutation, type Versioned } from "./head_writer.ts";
import { resolveStoreConfig, type StoreConfig } from "./config.ts";
import { type OnBytes, Payloads } from "./payloads.ts";
import { outcomeOfStatus, type TaskOutcome, toOutcome } from "./outcome.ts";
import { Watcher } from "./watcher.ts";

/** A task in somebody's hands. */
export interface TaskRef extends Holder {
  /** Owner key. */
  readonly owner: OwnerKey;
  readonly id: string;
}

/** One page of an owner's tasks, newest first. */
export interface TaskPage {
  readonly heads: readonly TaskHead[];
  /** Id to go on behind. Absent: nothing is left. */
  readonly after?: string;
}

/** Options of {@linkcode TaskStore}. */
export interface TaskStoreOptions {
  /** Clock, timers, ids. @default the real ones */
  readonly runtime?: Runtime;
  /** Limits and times; what is left out has its default. */
  readonly config?: Partial<StoreConfig>;
  readonly onEvent?: EventSink;
  /** Told of large values that were stored or deleted. */
  readonly onBytes?: OnBytes;
}

/** Records that are asked for at once. */
const KEYS_PER_GET = 100;

/** Tasks over a backend. */
export class TaskStore {
  /** The engine. */
  readonly backend: StorageBackend;
  /** Clock, timers, ids. */
  readonly runtime: Runtime;
  /** Limits and times in force. */
  readonly config: StoreConfig;
  /** Tells of changes, made here or elsewhere. */
  readonly watcher: Watcher;
  /** Where events go. */
  readonly emit: EventSink;
  /** Values too large for a record. */
  readonly payloads: Payloads;
  readonly #writer: HeadWriter;

  constructor(backend: StorageBackend, options: TaskStoreOptions = {}) {
    this.backend = backend;
    this.runtime = options.runtime ?? systemRuntime;
    this.config = resolveStoreConfig(options.config);
    this.emit = guardSink(options.onEvent);
    const { purgeGraceMs, maxResultBytes, maxWriteAttempts, times } = this.config;
    this.payloads = new Payloads(backend, this.runtime, {
      maxBytes: maxResultBytes,
      graceMs: purgeGraceMs,
      onBytes: options.onBytes,
    });
    this.#writer = new HeadWriter(backend, this.runtime, this.payloads, {
      marginMs: times.marginMs,
      purgeGraceMs,
      maxAttempts: maxWriteAttempts,
      onPut: (key) => this.watcher.expect(key),
      onState: (key, current) => this.watcher.observe(key, current),
    });
    this.watcher = new Watcher(backend, this.runtime, { accept: (record) => this.#writer.accept(record) });
  }

  /**
   * Creates a task; it can be found by everyone once this returns (T26-025).
   *
   * @param draft First state, as {@linkcode newHead} builds it.
   * @param activeLimit Active tasks the owner may have, this one included. Absent: no limit.
   * @param createBy Instant after which the engine is to refuse it, if that is sooner than in ten seconds.
   * @throws {LimitReachedError} If the owner has as many.
   * @throws {TaskIdTakenError} If the id is taken.
   * @throws {StorageUnavailableError} If it is not known whether it was stored, or it was and is gone again.
   */
  async create(draft: TaskHead, activeLimit?: number, createBy?: number): Promise<Versioned> {
    const created = await this.#writer.create(draft, activeLimit, createBy);
    if (created === "limit") {
      throw new LimitReachedError("activeTasks", activeLimit ?? 0, draft.pollIntervalMs);
    }
    if (created === "exists") throw new TaskIdTakenError(draft.id);
    return created;
  }

  /** First state of a task, not yet stored. */
  draft(task: NewTask): TaskHead {
    return newHead(task, this.runtime.now(), randomName(this.runtime));
  }

  /** The task, or `undefined` if it is unknown, expired or someone else's. */
  find(owner: OwnerKey, id: string): Promise<Versioned | undefined> {
    return this.#writer.find(owner, id);
  }

  /**
   * The task.
   *
   * @throws {TaskNotFoundError} If it is unknown, expired or someone else's.
   */
  async get(owner: OwnerKey, id: string): Promise<Versioned> {
    const current = await this.find(owner, id);
    if (current === undefined) throw new TaskNotFoundError();
    return current;
  }

  /**
   * Those of many tasks that {@linkcode TaskStore.find} would find, read together. A record that cannot be read is left
   * out, and told of.
   */
  async findMany(keys: readonly RecordKey[]): Promise<Versioned[]> {
    const groups: RecordKey[][] = [];
    for (let i = 0; i < keys.length; i += KEYS_PER_GET) groups.push(keys.slice(i, i + KEYS_PER_GET));
    const read = await Promise.all(groups.map((group) => this.backend.get(group)));
    return read.flat().flatMap((record) => {
      try {
        return this.#writer.accept(record) ?? [];
      } catch (error) {
        this.#tellUndecodable(record!.key, error);
        return [];
      }
    });
  }

  /** The task as stored, expired or not: for recovery. */
  peek(owner: OwnerKey, id: string): Promise<Versioned | undefined> {
    return this.#writer.peek(owner, id);
  }

  /** Reads a task and another record in one engine call. */
  async findWith(
    owner: OwnerKey,
    id: string,
    other: RecordKey,
  ): Promise<{ readonly current: Versioned | undefined; readonly other: StoredRecord | undefined }> {
    const [head, record] = await this.backend.get([headKey(owner, id), other]);
    return { current: this.#writer.accept(head), other: record };
  }

  /** Reads a value that the head holds or names. */
  async load(head: TaskHead, value: Spillable): Promise<JsonValue> {
    return "json" in value ? value.json : await this.payloads.read(head.owner, head.id, value.ref);
  }

  /** Reads the variables that a head names; newer ones, if those have been replaced twice since. */
  async loadVariables(head: TaskHead): Promise<JsonObject> {
    for (let current = head;;) {
      try {
        const variables = await this.load(current, current.variables);
        return isJsonObject(variables) ? variables : {};
      } catch (error) {
        if (!(error instanceof UndecodableRecordError)) throw error;
        const fresh = await this.get(head.owner, head.id);
        if (sameSpillable(fresh.head.variables, current.variables)) throw error;
        current = fresh.head;
      }
    }
  }

  /** Reads the outcome of a terminal task; `undefined` for a cancelled or unfinished one. */
  async loadOutcome(head: TaskHead): Promise<LoadedOutcome | undefined> {
    if (head.outcome?.value === undefined) return undefined;
    const value = await this.load(head, head.outcome.value);
    if (!isJsonObject(value)) throw new UndecodableRecordError(head.id, "its outcome is not an object");
    if (head.outcome.kind === "result") {
      return { kind: "result", isError: head.outcome.isError, result: value };
    }
    return { kind: "rpcError", error: value as unknown as JsonRpcError };
  }

  /** Reads everything a client of the 2026-07-28 revision sees of a task. */
  async loadDetails(head: TaskHead): Promise<TaskDetails> {
    const variables = await this.loadPublicVariables(head);
    if (head.status === "input_required") {
      return { inputRequests: await this.loadInputRequests(head), variables };
    }
    return { outcome: await this.loadOutcome(head), variables };
  }

  /** Reads every outstanding request of a task by its key. */
  async loadInputRequests(head: TaskHead): Promise<Record<string, InputRequest>> {
    // Only this library writes requests into a head, and it checked them before it did.
    const entries = Object.entries(head.input.outstanding).map(async ([key, { request }]) =>
      [key, await this.load(head, request) as unknown as InputRequest] as const
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Reads the variables the author marked public, and how far a workflow is; `undefined` if there is nothing of it. */
  async loadPublicVariables(head: TaskHead): Promise<JsonObject | undefined> {
    const names = head.publicVariables ?? [];
    const progress = workflowMeta(head);
    if (names.length === 0) return progress;
    const variables = await this.loadVariables(head);
    const shown = names.flatMap((name) => Object.hasOwn(variables, name) ? [[name, variables[name]]] : []);
    return shown.length === 0 ? progress : { ...Object.fromEntries(shown), ...progress };
  }

  /**
   * Tasks of an owner, newest first.
   *
   * Expired and undecodable records are left out; a page is topped up with at most one further listing,
   * so it may be short while `after` is set.
   */
  async list(
    owner: OwnerKey,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<TaskPage> {
    const heads: TaskHead[] = [];
    let after = options.after;
    for (let round = 0; round < 2; round++) {
      const limit = options.limit - heads.length;
      const page = await this.backend.list({ owner, kind: "task", reverse: true, after, limit });
      for (const record of page.records) this.#collect(record, heads);
      after = page.after;
      if (after === undefined || heads.length >= options.limit) break;
    }
    return { heads, after };
  }

  #collect(record: StoredRecord, heads: TaskHead[]): void {
    try {
      const head = decodeHead(record.key.id, record.value);
      if (this.runtime.now() < head.expiresAt) heads.push(head);
    } catch (error) {
      this.#tellUndecodable(record.key, error);
    }
  }

  #tellUndecodable({ id }: RecordKey, error: unknown): void {
    if (!(error instanceof UndecodableRecordError)) throw error;
    this.emit({ type: "record_undecodable", taskId: id, message: error.message, error });
  }

  /** Changes a head; see {@linkcode HeadWriter.mutate}. */
  mutate<T>(owner: OwnerKey, id: string, mutation: Mutation<T>, known?: Versioned): Promise<Mutated<T>> {
    return this.#writer.mutate(owner, id, mutation, known);
  }

  /**
   * Cancels a task. The first commit wins: a task that is already terminal stays as it is.
   *
   * @param known State to try first, saving the read; a stale one costs a read, nothing else.
   * @returns The task, and whether this call cancelled it.
   */
  cancel(owner: OwnerKey, id: string, known?: Versioned): Promise<Mutated<boolean>> {
    let tried = false;
    return this.mutate<boolean>(owner, id, {
      decide: (head, now) => {
        if (isTerminal(head.status)) return { skip: tried && head.status === "cancelled" };
        tried = true;
        return { write: cancel(head, now), value: true };
      },
      landed: (head) => head.status === "cancelled",
    }, known);
  }

  /**
   * Takes answers to outstanding questions; answers to anything else are ignored.
   *
   * @returns The task, and the keys whose answer counted.
   */
  answer(
    owner: OwnerKey,
    id: string,
    responses: Readonly<Record<string, ReceivedAnswer>>,
  ): Promise<Mutated<readonly string[]>> {
    const nonce = randomName(this.runtime, 9);
    return this.mutate<readonly string[]>(owner, id, {
      decide: (head, now) => {
        const effect = answer(head, now, responses, nonce);
        return effect.accepted.length === 0 ? { skip: [] } : { write: effect.head, value: effect.accepted };
      },
      // The answer itself may be sealed with the journal by now.
      landed: ({ input }) => input.deliveries?.includes(nonce) ?? false,
    });
  }

  /**
   * Finishes a task with its one outcome: the whole API for an engine outside that did the work.
   *
   * @param ref Task, and who held it: epoch 0 and no lease owner for a task that no worker has claimed.
   * @param known State to try first, saving the read.
   * @param gen Name of the outcome; a repeated try with the same one finds the earlier try if it landed.
   * @throws {LeaseLostError} If it was cancelled, finished, or has changed hands since.
   */
  finish(
    ref: TaskRef,
    outcome: TaskOutcome,
    statusMessage?: string,
    known?: Versioned,
    gen = `${ref.epoch}.${randomName(this.runtime, 9)}`,
  ): Promise<Mutated<void>> {
    const stored = toOutcome(outcome, gen);
    return this.mutate(ref.owner, ref.id, {
      decide: (head, now) => ({
        write: finish(head, ref, now, stored, statusMessage),
        value: undefined,
      }),
      landed: (head) => head.outcome?.gen === stored.gen,
    }, known);
  }

  /** Moves a task that is not run here to `status`, replacing its message. */
  updateStatus(owner: OwnerKey, id: string, status: TaskStatus, message?: string): Promise<Mutated<void>> {
    const gen = `0.${randomName(this.runtime, 9)}`;
    return this.mutate(owner, id, {
      decide: (head, now) => {
        const next = updateStatus(head, now, status, message);
        const outcome = outcomeOfStatus(head, status, message, gen);
        const pendingResult = isTerminal(status) ? undefined : head.pendingResult;
        return { write: { ...next, outcome, pendingResult }, value: undefined };
      },
      landed: (head) => head.outcome?.gen === gen,
    });
  }

  /**
   * Merges variables; `null` deletes.
   *
   * @throws {VariableLimitError} If the merged map is outside the limits. Nothing is stored then.
   * @throws {TaskNotReadyError} If the task has ended.
   * @throws {ConcurrentModificationError} If others change the variables again and again.
   */
  async setVariables(owner: OwnerKey, id: string, patch: VariablePatch): Promise<JsonObject> {
    const { maxWriteAttempts, variableLimits } = this.config;
    for (let attempt = 0; attempt < maxWriteAttempts; attempt++) {
      const { head, version } = await this.get(owner, id);
      const merged = mergeVariables(await this.loadVariables(head), patch, variableLimits);
      const done = await this.mutate(owner, id, {
        decide: (fresh) => {
          if (isTerminal(fresh.status)) throw new TaskNotReadyError(id, fresh.status);
          // Merged on one state: whoever changed the variables in between makes it start over.
          return sameSpillable(fresh.variables, head.variables)
            ? { write: { ...fresh, variables: { json: merged } }, value: true }
            : { skip: false };
        },
      }, { head, version });
      if (done.value) return merged;
    }
    throw new ConcurrentModificationError(id, maxWriteAttempts);
  }

  /** Variables of a task. */
  async getVariables(owner: OwnerKey, id: string): Promise<JsonObject> {
    return await this.loadVariables((await this.get(owner, id)).head);
  }

  /** Sets the result ahead of the status; nobody sees it until the task completes. */
  setResult(owner: OwnerKey, id: string, result: JsonObject): Promise<Mutated<void>> {
    const pendingResult = toOutcome({ kind: "result", result }, `0.${randomName(this.runtime, 9)}`);
    return this.mutate(owner, id, {
      decide: (head) => {
        if (isTerminal(head.status)) throw new TaskNotReadyError(id, head.status);
        return { write: { ...head, pendingResult }, value: undefined };
      },
    });
  }

  /**
   * The outcome of a terminal task.
   *
   * @throws {TaskNotReadyError} If it is not terminal, or was cancelled.
   */
  async getResult(owner: OwnerKey, id: string): Promise<LoadedOutcome> {
    const { head } = await this.get(owner, id);
    const outcome = await this.loadOutcome(head);
    if (outcome === undefined) throw new TaskNotReadyError(id, head.status);
    return outcome;
  }

  /** Completes a task with its result in one write. */
  completeWithResult(
    owner: OwnerKey,
    id: string,
    result: JsonObject,
    message?: string,
  ): Promise<Mutated<void>> {
    const stored = toOutcome({ kind: "result", result }, `0.${randomName(this.runtime, 9)}`);
    return this.mutate(owner, id, {
      decide: (head, now) => ({
        write: { ...updateStatus(head, now, "completed", message), outcome: stored },
        value: undefined,
      }),
      landed: (head) => head.outcome?.gen === stored.gen,
    });
  }

  /** Removes a head and the payloads it names. */
  remove(head: TaskHead): Promise<void> {
    return this.#writer.remove(head);
  }

  /** Ends all waiting. The backend stays open. */
  close(): void {
    this.watcher.close();
  }
}

function sameSpillable(a: Spillable, b: Spillable): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
