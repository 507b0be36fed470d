/**
 * A backend that writes down what it committed, and kills its process at a chosen write.
 *
 * @module
 */
import type {
  DuePage,
  DueQuery,
  ListPage,
  ListQuery,
  PutCondition,
  PutResult,
  RecordKey,
  RecordWrite,
  StorageBackend,
  StoredRecord,
} from "../../src/store/backend.ts";
import type { TaskHead } from "../../src/tasks/mod.ts";
import type { CrashPoint, Point } from "./settings.ts";

/** One write of a head, as it is written down. */
export interface WriteNote {
  readonly id: string;
  readonly rev: number;
  readonly epoch: number;
  readonly status: string;
  readonly phase: string;
  readonly point: Point;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Whether the store took it; `unknown`: the store did not say. */
  readonly outcome: "stored" | "refused" | "unknown";
}

/** Options of {@linkcode WatchedBackend}. */
export interface WatchedBackendOptions {
  readonly crash?: CrashPoint;
  /** Takes notes of head writes. */
  readonly note: (note: WriteNote) => void;
}

/** Wraps a backend. */
export class WatchedBackend implements StorageBackend {
  readonly traits: StorageBackend["traits"];
  readonly #inner: StorageBackend;
  readonly #options: WatchedBackendOptions;
  readonly #known = new Map<string, TaskHead>();
  #count = 0;

  constructor(inner: StorageBackend, options: WatchedBackendOptions) {
    this.traits = inner.traits;
    this.#inner = inner;
    this.#options = options;
  }

  get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    return this.#inner.get(keys);
  }

  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    if (write.key.kind !== "task") {
      return await this.#at(
        write.key.kind === "payload" ? "payload" : undefined,
        () => this.#inner.put(write, condition),
      );
    }
    const head = JSON.parse(new TextDecoder().decode(write.value)) as TaskHead;
    const point = pointOf(head, this.#known.get(head.id), "absent" in condition);
    const note = (outcome: WriteNote["outcome"]) =>
      this.#options.note({
        id: head.id,
        rev: head.rev,
        epoch: head.exec.epoch,
        status: head.status,
        phase: head.exec.phase,
        point,
        at: Date.now(),
        outcome,
      });
    try {
      return await this.#at(point, async () => {
        const result = await this.#inner.put(write, condition);
        note(result.ok ? "stored" : "refused");
        if (result.ok) this.#known.set(head.id, head);
        return result;
      });
    } catch (error) {
      note("unknown");
      throw error;
    }
  }

  delete(keys: readonly RecordKey[]): Promise<void> {
    return this.#at("delete", () => this.#inner.delete(keys));
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#inner.list(query);
  }

  due(query: DueQuery): Promise<DuePage> {
    return this.#inner.due(query);
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    return this.#inner.watch(key, signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #at<T>(point: Point | undefined, call: () => Promise<T>): Promise<T> {
    const { crash } = this.#options;
    const isHere = crash !== undefined && crash.point === point && ++this.#count === crash.nth;
    if (isHere && crash.when === "before") die();
    const result = await call();
    if (isHere) die();
    return result;
  }
}

/** Ends this process as a crash does. */
export function die(): never {
  Deno.kill(Deno.pid, "SIGKILL");
  // The signal is under way: nothing else may happen in this process.
  while (true) { /* dying */ }
}

function pointOf(head: TaskHead, known: TaskHead | undefined, isCreate: boolean): Point {
  if (isCreate) return "create";
  if (head.exec.phase === "done") return "finish";
  if (head.exec.phase === "parked") return "park";
  if (head.exec.leaseOwner !== known?.exec.leaseOwner && head.exec.phase === "running") {
    return Object.keys(head.input.answers).length > answersOf(known) && known !== undefined
      ? "answer"
      : "claim";
  }
  if (head.journal.entries.length > (known?.journal.entries.length ?? Infinity)) return "step";
  if (Object.keys(head.input.outstanding).length > Object.keys(known?.input.outstanding ?? {}).length) {
    return "ask";
  }
  return Object.keys(head.input.answers).length > answersOf(known) ? "answer" : "beat";
}

function answersOf(head: TaskHead | undefined): number {
  return Object.keys(head?.input.answers ?? {}).length;
}
