/**
 * A store that tells what changed since a mark, and goes wrong on demand.
 *
 * @module
 */
import { memory } from "../../backends/memory.ts";
import { type Runtime, sleep } from "../../src/runtime.ts";
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
} from "../../src/store/backend.ts";
import type { StoreFault } from "./plan.ts";

/** In every error of an injected fault: it must never reach a client. */
export const STORE_SECRET = "SECRET-store";
const SLOW_MS = 2000;

/** See the module. */
export class FuzzStore implements StorageBackend {
  readonly traits: BackendTraits;
  readonly #inner: StorageBackend;
  readonly #runtime: Runtime;
  readonly #records = new Map<string, RecordWrite>();
  #before = new Map<string, RecordWrite | undefined>();
  #faults: { readonly fault: StoreFault; left: number }[] = [];
  /** Whether a fault was ever armed. */
  wasFaulty = false;
  /** Records that are watched. */
  watches = 0;
  /** Calls that went wrong. */
  faultsMet = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#inner = memory({ runtime, maxValueBytes: 64 * 1024 });
    this.traits = this.#inner.traits;
  }

  /** Forgets what changed so far. */
  mark(): void {
    this.#before = new Map();
  }

  /** Records that are not what they were at the mark. That a session lives longer for being used is no change. */
  changes(): string[] {
    const changed: string[] = [];
    for (const [name, before] of this.#before) {
      const after = this.#records.get(name);
      if (textOf(before) !== textOf(after)) {
        changed.push(`${name}: ${textOf(before)?.slice(0, 500)} -> ${textOf(after)?.slice(0, 500)}`);
      }
    }
    return changed;
  }

  /** Kinds of all records, without those that only wait for the engine to remove them. */
  kinds(): string[] {
    return [...this.#records.values()].filter((write) => !isGivenUp(write)).map(({ key }) => key.kind);
  }

  /** Lets calls go wrong. */
  arm(fault: StoreFault): void {
    this.wasFaulty = true;
    this.#faults.push({ fault, left: fault.times });
  }

  /** Lets all calls go well again. */
  heal(): void {
    this.#faults = [];
  }

  get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    return this.#run("get", undefined, () => this.#inner.get(keys));
  }

  put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    return this.#run("put", write.key.kind, async () => {
      // The engine removes nothing by itself: what has expired is the library's to remove.
      const result = await this.#inner.put({ ...write, purgeAt: undefined }, condition);
      if (result.ok) this.#note(write.key, write);
      return result;
    });
  }

  delete(keys: readonly RecordKey[]): Promise<void> {
    return this.#run("delete", undefined, async () => {
      await this.#inner.delete(keys);
      for (const key of keys) this.#note(key, undefined);
    });
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#run("list", undefined, () => this.#inner.list(query));
  }

  due(query: DueQuery): Promise<DuePage> {
    return this.#run("due", undefined, () => this.#inner.due(query));
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    if (!signal.aborted) {
      this.watches++;
      signal.addEventListener("abort", () => this.watches--, { once: true });
    }
    return this.#inner.watch(key, signal);
  }

  /** Two instances share the store: it ends with the world. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #note(key: RecordKey, write: RecordWrite | undefined): void {
    const name = `${key.owner}/${key.kind}/${key.id}`;
    if (!this.#before.has(name)) this.#before.set(name, this.#records.get(name));
    if (write === undefined) this.#records.delete(name);
    else this.#records.set(name, write);
  }

  async #run<T>(op: StoreFault["op"], kind: string | undefined, call: () => Promise<T>): Promise<T> {
    const armed = this.#faults.find(({ fault, left }) =>
      left > 0 && fault.op === op && (fault.kind === undefined || fault.kind === kind)
    );
    if (armed === undefined) return await call();
    armed.left--;
    this.faultsMet++;
    switch (armed.fault.how) {
      case "away":
        throw new StorageUnavailableError(`${STORE_SECRET} is away`);
      case "lost":
        await call();
        throw new StorageUnavailableError(`${STORE_SECRET} lost the reply`);
      case "slow":
        await sleep(this.#runtime, SLOW_MS);
        return await call();
      case "broken":
        throw new Error(`${STORE_SECRET} broke at file:///srv/store.ts:1:1`);
    }
  }
}

/** A key of idempotency that is free again: its record may be removed by the engine, and by nobody else. */
function isGivenUp({ key, value, purgeAt }: RecordWrite): boolean {
  return key.kind === "idem" && purgeAt !== undefined &&
    new TextDecoder().decode(value).includes('"isReleased":true');
}

function textOf(write: RecordWrite | undefined): string | undefined {
  if (write === undefined || isGivenUp(write)) return undefined;
  const { key, value, dueAt, purgeAt, active } = write;
  const text = new TextDecoder().decode(value);
  if (key.kind !== "session" || !text.includes('"renewals":')) {
    return `${text} ${JSON.stringify({ dueAt, purgeAt, active })}`;
  }
  const { renewals: _, expiresAt: __, ...session } = JSON.parse(text);
  return JSON.stringify(session);
}
