/**
 * The store as one process sees it: every call takes time, and may go wrong in every way a network knows.
 *
 * @module
 */
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
import { chanceOf, hashText } from "./dice.ts";
import { type Engine, nameOf } from "./engine.ts";
import type { CallFault } from "./plan.ts";
import type { SimProcess } from "./process.ts";
import { UnknownPuts } from "./unknown_puts.ts";

type Method = "get" | "put" | "delete" | "list" | "due";

const READ_FAULTS: readonly CallFault[] = ["throw_before", "slow", "crash_before", "crash_after", "pause"];
const DELETE_FAULTS: readonly CallFault[] = [...READ_FAULTS, "lose_reply", "partial", "late"];
const PUT_FAULTS: readonly CallFault[] = [
  ...READ_FAULTS,
  "lose_reply",
  "lose_reply",
  "lose_reply_known",
  "lose_reply_known",
  "late",
  "late",
  "conflict_with_itself",
  "conflict_with_itself",
  "duplicate",
];

/** Faults that a call of this method can meet; some stand there twice, being met more often. */
export function faultsOf(method: string): readonly CallFault[] {
  return method === "put" ? PUT_FAULTS : method === "delete" ? DELETE_FAULTS : READ_FAULTS;
}

/** What a call does at the engine, told apart from its way there and back. */
interface Call<T> {
  readonly id: string;
  readonly number: number;
  readonly method: Method;
  readonly fault?: CallFault;
  readonly apply: () => T;
  /** What arrives instead of a result that was lost. */
  readonly lost?: () => Error;
  /** What arrives when the same request arrives twice. */
  readonly again?: (first: T) => T;
  /** The part that takes effect when only a part does. */
  readonly applyPart?: () => void;
  readonly show?: (result: T) => string;
  /** Whether the result says that the call took effect. */
  readonly hasWon?: (result: T) => boolean;
}

/** Numbers the calls of one node, over all its lives. */
export class CallCounter {
  readonly #counts = new Map<string, number>();

  /** How many calls of the kind there were before. */
  next(kind: string): number {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return count;
  }
}

/** A backend for one process. */
export class FlakyBackend implements StorageBackend {
  readonly traits: BackendTraits;
  readonly #process: SimProcess;
  readonly #engine: Engine;
  readonly #counter: CallCounter;
  readonly #forced: ReadonlyMap<string, CallFault> | undefined;
  readonly #unknown: UnknownPuts;
  readonly #subjectOf: (key: RecordKey) => string;
  /** True time until which the store cannot be reached from here. */
  awayUntil = 0;
  /** Called to end this process from within a call. */
  readonly #crash: (restartMs: number) => void;

  constructor(
    process: SimProcess,
    engine: Engine,
    counter: CallCounter,
    forced: ReadonlyMap<string, CallFault> | undefined,
    crash: (restartMs: number) => void,
    subjectOf: (key: RecordKey) => string,
  ) {
    this.#process = process;
    this.#engine = engine;
    this.#counter = counter;
    this.#forced = forced;
    this.#crash = crash;
    this.#subjectOf = subjectOf;
    this.#unknown = new UnknownPuts(process.world);
    const { maxValueBytes, shards, indexLagMs } = process.world.plan;
    this.traits = {
      name: "simulated",
      maxValueBytes,
      dueShards: shards,
      indexLagMs,
      exactLimit: true,
      watchLatencyMs: 1,
    };
  }

  async get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    const records = await this.#call({
      ...this.#begin("get", keys),
      apply: () => this.#engine.get(keys),
      show: (found) => found.map((record) => record?.version ?? "-").join(","),
    });
    keys.forEach((key, i) => this.#unknown.seen(nameOf(key), records[i]));
    return records;
  }

  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    // The caller may change its bytes once it has an answer, and a late put comes after the answer.
    const copy: RecordWrite = { ...write, value: write.value.slice() };
    const expected = "version" in condition ? condition.version : "absent";
    const begun = this.#begin("put", [write.key], `if ${expected}`);
    const version = `v${begun.id}`;
    let puts = 0;
    const apply = () =>
      this.#engine.put(this.#process, copy, condition, puts++ === 0 ? version : `${version}.${puts}`);
    const isKnown = begun.fault === "lose_reply_known";
    const attempted = isKnown ? version : undefined;
    try {
      const result = await this.#call<PutResult>({
        ...begun,
        apply,
        lost: () => new StorageUnavailableError("The reply was lost", { attempted }),
        again: (first) =>
          first.ok && chanceOf(this.#process.world.plan.seed, begun.number, 8) < 0.3 && copy.active
            ? {
              ok: false,
              reason: "activeLimit" in condition && condition.activeLimit ? "limit" : "conflict",
            }
            : first.ok
            ? { ok: false, reason: "conflict" }
            : first,
        show: (done) => done.ok ? done.version : done.reason,
        hasWon: ({ ok }) => ok,
      });
      if (!result.ok) this.#unknown.open(copy, condition, version, this.#engine, "conflict");
      return result;
    } catch (error) {
      this.#unknown.open(copy, condition, version, this.#engine, isKnown ? "known" : "unknown");
      throw error;
    }
  }

  async delete(keys: readonly RecordKey[]): Promise<void> {
    await this.#call<void>({
      ...this.#begin("delete", keys),
      apply: () => this.#engine.delete(this.#process, keys),
      applyPart: () => this.#engine.delete(this.#process, keys.slice(0, Math.ceil(keys.length / 2))),
      lost: () => new StorageUnavailableError("The reply was lost"),
    });
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#call({ ...this.#begin("list", []), apply: () => this.#engine.list(query) });
  }

  due(query: DueQuery): Promise<DuePage> {
    return this.#call({
      ...this.#begin("due", []),
      apply: () => this.#engine.due(query),
      show: ({ keys }) => keys.map(({ id }) => id.slice(-6)).join(","),
    });
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    const { world } = this.#process;
    let hint = Promise.withResolvers<void>();
    let hints = 0;
    const stop = this.#engine.watch(key, () => {
      if (this.#process.isDead) return stop();
      const luck = chanceOf(world.plan.seed, 21, hashText(key.id), hints++);
      if (luck >= world.plan.hintRate) return;
      this.#process.deliver(world.time + 1 + luck * 20, () => hint.resolve());
    });
    const onAbort = () => {
      stop();
      hint.resolve();
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    async function* hintsOf(): AsyncGenerator<void> {
      while (!signal.aborted) {
        await hint.promise;
        if (signal.aborted) return;
        hint = Promise.withResolvers<void>();
        yield;
      }
    }
    return hintsOf();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A call is named by its node, its method and its task, so that its name outlives changes elsewhere. */
  #begin(
    method: Method,
    keys: readonly RecordKey[],
    how = "",
  ): { id: string; number: number; method: Method; fault?: CallFault } {
    const { world, node, life } = this.#process;
    const kind = `${node}.${method}.${keys[0] === undefined ? "" : this.#subjectOf(keys[0])}`;
    const id = `${kind}.${this.#counter.next(kind)}`;
    const number = hashText(id);
    const fault = this.#faultOf(method, id, number);
    if (fault !== undefined) {
      world.faults.push([id, fault]);
      world.count(`fault.${fault}`);
    }
    const what = keys.map((key) => `${key.kind} ${key.id.slice(30)}`).join(",");
    world.note(`n${node}/${life} ${id}: ${what} ${how}${fault === undefined ? "" : ` !${fault}`}`);
    return { id, number, method, fault };
  }

  #faultOf(method: Method, id: string, number: number): CallFault | undefined {
    const { world } = this.#process;
    if (!world.isFaulty) return undefined;
    if (this.#forced !== undefined) return this.#forced.get(id);
    const { seed, faultRate } = world.plan;
    // Scans are many and say little when they fail.
    const rate = method === "due" ? faultRate / 10 : faultRate;
    if (chanceOf(seed, number, 1) >= rate) return undefined;
    const faults = faultsOf(method);
    return faults[Math.floor(chanceOf(seed, number, 2) * faults.length)];
  }

  #call<T>(call: Call<T>): Promise<T> {
    const { world } = this.#process;
    const { seed, leaseMs } = world.plan;
    const draw = (salt: number) => chanceOf(seed, call.number, salt);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const wayThere = 0.2 + draw(3) * draw(4) * 12 + (call.fault === "slow" ? draw(5) * 1.5 * leaseMs : 0);
    // A lost reply is missed only after a while, in which others may write.
    const patience = call.fault?.startsWith("lose_reply") ? draw(11) ** 3 * leaseMs / 2 : 0;
    const wayBack = 0.2 + draw(6) * draw(7) * 8 + patience;
    const answer = (at: number, settle: () => void) => void this.#process.deliver(at, settle);
    const throwLater = (at: number, error: Error) => answer(at, () => reject(error));
    const away = () => new StorageUnavailableError("The engine is away");
    if (call.fault === "pause") this.#process.pause(draw(9) * 2.5 * leaseMs);
    if (call.fault === "crash_before") {
      this.#crash(draw(9) * leaseMs);
      // What was sent may arrive all the same.
      if (draw(10) < 0.5) world.schedule(world.time + wayThere, () => void this.#apply(call));
      return promise;
    }
    if (world.isFaulty && world.time < this.awayUntil || call.fault === "throw_before") {
      throwLater(world.time + wayThere + wayBack, away());
      return promise;
    }
    const arrivesAt = world.time + wayThere;
    if (call.fault === "late") {
      throwLater(arrivesAt, call.lost?.() ?? away());
      world.schedule(arrivesAt + draw(9) ** 2 * 5 * leaseMs, () => void this.#apply(call));
      return promise;
    }
    world.schedule(arrivesAt, () => this.#arrive(call, world.time + wayBack, resolve, reject, draw));
    return promise;
  }

  #arrive<T>(
    call: Call<T>,
    answerAt: number,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    draw: (salt: number) => number,
  ): void {
    const { world } = this.#process;
    const answer = (settle: () => void) => void this.#process.deliver(answerAt, settle);
    if (call.fault === "partial") {
      call.applyPart?.();
      return answer(() => reject(call.lost!()));
    }
    const done = this.#apply(call);
    if (call.fault === "crash_after") return this.#crash(draw(9) * world.plan.leaseMs);
    if ("error" in done) return answer(() => reject(done.error));
    if (call.fault === "lose_reply" || call.fault === "lose_reply_known") {
      return answer(() => reject(call.lost!()));
    }
    // A copy of a refused request would be a request of its own: nobody sends such a one behind an answer.
    if (call.fault === "duplicate" && (call.hasWon?.(done.value) ?? false)) {
      world.schedule(world.time + draw(9) * 2 * world.plan.leaseMs, () => void this.#apply(call));
    }
    if (call.fault === "conflict_with_itself" && call.again !== undefined) {
      const { value } = done;
      return answer(() => resolve(call.again!(value)));
    }
    answer(() => resolve(done.value));
  }

  #apply<T>(call: Call<T>): { readonly value: T } | { readonly error: unknown } {
    const { world } = this.#process;
    try {
      const value = call.apply();
      world.note(`  ${call.id}: ${call.show?.(value) ?? "done"}`);
      return { value };
    } catch (error) {
      world.note(`  ${call.id}: threw ${String(error)}`);
      if (!(error instanceof StorageUnavailableError)) throw error;
      return { error };
    }
  }
}
