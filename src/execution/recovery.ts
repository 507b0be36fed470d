/**
 * Recovery: finds tasks whose time has come and takes, fails, wakes or deletes them.
 *
 * One scan looks at what is due, over all shards from a random one, in bounded batches. What this process may
 * not touch is passed by and remembered for some scans, so that it cannot starve the rest.
 *
 * @module
 */
import { type CancelTimer, randomName } from "../runtime.ts";
import { type TaskHead, TaskNotFoundError, UndecodableRecordError } from "../tasks/mod.ts";
import {
  decodeIdempotencyRecord,
  idempotencyDueAt,
  type Mutated,
  type OwnerKey,
  type RecordKey,
  releaseKey,
  StorageUnavailableError,
  type TaskStore,
  toText,
  type Versioned,
} from "../store/mod.ts";
import { ClaimBreaker } from "./claim_breaker.ts";
import type { Executor } from "./executor.ts";
import { decideRecovery, type RecoveryAction } from "./recovery_decision.ts";
import type { RunHooks } from "./run.ts";
import { decideWorkflowRecovery } from "./workflow_recovery.ts";
import type { ExecutableTool } from "./tool.ts";

/** Options of {@linkcode Recovery}. */
export interface RecoveryOptions {
  /** Service whose tasks this process takes. */
  readonly namespace: string;
  /** A tool registered in this process. */
  readonly findTool: (name: string) => ExecutableTool | undefined;
  /** What the runs of claimed tasks report to. */
  readonly hooksFor?: (head: TaskHead) => RunHooks;
  /** Time between two scans in milliseconds. @default a sixth of the lease */
  readonly scanMs?: number;
  /** Runs claimed at most at the same time; a scan that would exceed it leaves the rest. @default {100} */
  readonly maxConcurrent?: number;
}

/** What a scan did. */
export interface ScanReport {
  /** Tasks taken over and started. */
  readonly claimed: number;
  /** Tasks that were failed, because nobody may run them again. */
  readonly failed: number;
  /** Records deleted. */
  readonly deleted: number;
}

const BATCH = 100;
/** Batches of one shard in one scan. */
const MAX_BATCHES = 20;
/** Scans for which an untouchable record is not looked at again. */
const REMEMBERED_SCANS = 10;
const MAX_REMEMBERED = 10_000;

type Count = { claimed: number; failed: number; deleted: number };

/** Scans for due work. */
export class Recovery {
  readonly #store: TaskStore;
  readonly #executor: Executor;
  readonly #options: RecoveryOptions;
  readonly #breaker: ClaimBreaker;
  readonly #passedBy = new Map<string, number>();
  #scans = 0;
  #timer: CancelTimer | undefined;
  #scanning: Promise<ScanReport> | undefined;
  #isStopped = false;

  constructor(executor: Executor, options: RecoveryOptions) {
    this.#store = executor.store;
    this.#executor = executor;
    this.#options = options;
    this.#breaker = new ClaimBreaker(this.#store.runtime, this.#store.emit, this.#store.config.times.leaseMs);
  }

  /** Scans again and again, every L/6 ± 25 %, until {@linkcode Recovery.stop}. */
  start(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    const { runtime, config } = this.#store;
    const ms = (this.#options.scanMs ?? config.times.scanMs) * (0.75 + runtime.random() / 2);
    this.#timer = runtime.setTimer(ms, () => {
      this.#timer = undefined;
      this.scan().then(() => this.start(), (error) => {
        this.#store.emit({ type: "scan_failed", message: "A scan for due tasks failed", error });
        this.start();
      });
    });
  }

  /** Stops scanning and claiming. What runs goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.();
    this.#timer = undefined;
    await this.#scanning?.catch(() => {});
  }

  /**
   * Scans once; a scan under way is joined.
   *
   * @throws {StorageUnavailableError} If the store is away.
   */
  scan(): Promise<ScanReport> {
    this.#scanning ??= this.#scan().finally(() => this.#scanning = undefined);
    return this.#scanning;
  }

  /** Looks at one task that somebody just read: a lapsed lease need not wait for the scan. */
  async attend({ head, version }: Versioned): Promise<boolean> {
    if (this.#isStopped || !this.#needsAttention(head)) return false;
    const count: Count = { claimed: 0, failed: 0, deleted: 0 };
    const action = await this.#settle({ head, version }, count);
    return count.claimed + count.failed > 0 || action.type === "store" && action.reason === "workflow_parked";
  }

  #needsAttention(head: TaskHead): boolean {
    return this.#decide(head).type !== "pass";
  }

  async #scan(): Promise<ScanReport> {
    this.#scans++;
    this.#forget();
    const count: Count = { claimed: 0, failed: 0, deleted: 0 };
    const { dueShards } = this.#store.backend.traits;
    const first = Math.floor(this.#store.runtime.random() * dueShards);
    for (let i = 0; i < dueShards && !this.#isStopped; i++) {
      await this.#scanShard((first + i) % dueShards, count);
    }
    return count;
  }

  async #scanShard(shard: number, count: Count): Promise<void> {
    const before = this.#store.runtime.now();
    let after: string | undefined;
    for (let batch = 0; batch < MAX_BATCHES && !this.#isStopped; batch++) {
      const page = await this.#store.backend.due({ before, shard, after, limit: BATCH });
      const fresh = page.keys.filter((key) => !this.#passedBy.has(nameOf(key)));
      for (const key of fresh) {
        if (this.#isStopped) return;
        await this.#visit(key, count);
      }
      after = page.after;
      if (after === undefined) return;
    }
  }

  async #visit(key: RecordKey, count: Count): Promise<void> {
    try {
      if (key.kind === "task") await this.#visitTask(key, count);
      else await this.#sweep(key, count);
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw error;
      if (error instanceof TaskNotFoundError) return;
      this.#passBy(key);
      const type = error instanceof UndecodableRecordError ? "record_undecodable" : "recovery_failed";
      this.#store.emit({ type, taskId: key.id, message: "A due task could not be looked at", error });
    }
  }

  async #visitTask(key: RecordKey, count: Count): Promise<void> {
    const current = await this.#store.peek(key.owner, key.id);
    if (current === undefined) return;
    const action = await this.#settle(current, count);
    if (action.type === "pass" && action.reason === "foreign") this.#passBy(key);
  }

  /** Sessions, idempotency records and left-over payloads live until they are due, and no longer. */
  async #sweep(key: RecordKey, count: Count): Promise<void> {
    if (key.kind === "session" && await this.#isRenewed(key)) return;
    if (key.kind === "idem") return await this.#freeKey(key, count);
    await this.#store.backend.delete([key]);
    count.deleted++;
  }

  /** A key may have been used again since it was listed. */
  async #freeKey(key: RecordKey, count: Count): Promise<void> {
    const { backend, runtime, config } = this.#store;
    const [stored] = await backend.get([key]);
    if (stored === undefined) return;
    const record = decodeIdempotencyRecord(stored);
    const now = runtime.now();
    if (now < idempotencyDueAt(record, config)) return;
    await releaseKey(backend, key, record, stored.version, now);
    count.deleted++;
  }

  /** A session may have been renewed since it was listed. */
  async #isRenewed(key: RecordKey): Promise<boolean> {
    const [record] = await this.#store.backend.get([key]);
    if (record === undefined) return true;
    const { expiresAt } = JSON.parse(toText(record.value)) as { readonly expiresAt?: unknown };
    return typeof expiresAt === "number" && expiresAt > this.#store.runtime.now();
  }

  /** Does what is to be done with a task. */
  async #settle(current: Versioned, count: Count): Promise<RecoveryAction> {
    const { owner, id } = current.head;
    const first = this.#decide(current.head);
    if (first.type === "pass") return first;
    if (first.type === "reap") {
      await this.#store.remove(current.head);
      count.deleted++;
      return first;
    }
    if (first.type === "dispatch") {
      await this.#executor.dispatch(this.#options.findTool(current.head.name)!, current);
      return first;
    }
    const startedAt = this.#store.runtime.monotonic();
    const done = await this.#write(owner, id, current);
    const action = done.value;
    if ((action.type === "claim" || action.type === "store") && action.isLoss) {
      this.#breaker.noteLoss(action.head.name, current.head.exec.leaseUntil ?? 0);
    }
    if (action.type === "claim") {
      count.claimed++;
      this.#start(done.current, startedAt);
    } else if (action.type === "store") {
      if (action.reason === "workflow_parked") {
        const message = "A workflow was parked: the process running it was lost";
        this.#store.emit({ type: action.reason, taskId: id, name: action.head.name, message });
      }
      if (action.reason === "worker_lost" || action.reason === "attempts_exhausted") {
        count.failed++;
        this.#store.emit({
          type: action.reason,
          taskId: id,
          name: action.head.name,
          message: `Task given up: ${action.reason}`,
        });
      }
      // What just became due, such as a parked task whose wait is over, is taken at once.
      if (action.reason === "input_timeout") return await this.#settle(done.current, count);
    }
    return action;
  }

  #write(owner: OwnerKey, id: string, current: Versioned): Promise<Mutated<RecoveryAction>> {
    let written: TaskHead | undefined;
    return this.#store.mutate<RecoveryAction>(owner, id, {
      decide: (head) => {
        const action = this.#decide(head);
        if (action.type !== "claim" && action.type !== "store") return { skip: action };
        written = action.head;
        return { write: action.head, value: action };
      },
      landed: (head) =>
        written?.exec.leaseOwner !== undefined && head.exec.leaseOwner === written.exec.leaseOwner &&
        head.exec.epoch === written.exec.epoch,
    }, current);
  }

  #decide(head: TaskHead): RecoveryAction {
    const { runtime, config } = this.#store;
    const isOurs = head.namespace === this.#options.namespace;
    if (head.kind === "workflow") {
      const context = { now: runtime.now(), times: config.times, nonce: randomName(runtime, 9), isOurs };
      return decideWorkflowRecovery(head, context);
    }
    const tool = isOurs ? this.#options.findTool(head.name) : undefined;
    const isFull = this.#executor.running >= (this.#options.maxConcurrent ?? 100);
    return decideRecovery(head, {
      now: runtime.now(),
      times: config.times,
      leaseOwner: randomName(runtime),
      nonce: randomName(runtime, 9),
      random: runtime.random(),
      isKnown: tool !== undefined,
      backoff: tool?.backoff,
      hasHandler: tool?.handler !== undefined,
      hasDispatch: tool?.dispatch !== undefined,
      mayClaim: !isFull && this.#breaker.mayClaim(head.name),
    });
  }

  #start(current: Versioned, startedAt: number): void {
    const tool = this.#options.findTool(current.head.name)!;
    const hooks = this.#options.hooksFor?.(current.head) ?? {};
    this.#executor.resume(tool, current, startedAt, hooks).catch((error) => {
      const { id, name } = current.head;
      this.#store.emit({
        type: "resume_failed",
        taskId: id,
        name,
        message: "A claimed task could not be run",
        error,
      });
    });
  }

  #passBy(key: RecordKey): void {
    if (this.#passedBy.size < MAX_REMEMBERED) this.#passedBy.set(nameOf(key), this.#scans);
  }

  #forget(): void {
    for (const [name, scan] of this.#passedBy) {
      if (this.#scans - scan > REMEMBERED_SCANS) this.#passedBy.delete(name);
    }
  }
}

function nameOf(key: RecordKey): string {
  return `${key.kind}/${key.owner}/${key.id}`;
}
