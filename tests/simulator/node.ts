/**
 * A node: the real store and execution code over the simulated world, living and dying.
 *
 * @module
 */
import { Executor, Recovery } from "../../src/execution/mod.ts";
import {
  type PerdureEvent,
  type RecordKey,
  StorageUnavailableError,
  TaskStore,
} from "../../src/store/mod.ts";
import {
  ConcurrentModificationError,
  DEFAULT_TTL_LIMITS,
  LeaseLostError,
  leaseTimes,
  TaskNotFoundError,
  UndecodableRecordError,
} from "../../src/tasks/mod.ts";
import type { Engine } from "./engine.ts";
import { CallCounter, FlakyBackend } from "./flaky_backend.ts";
import type { Model } from "./model.ts";
import type { CallFault } from "./plan.ts";
import { SimProcess } from "./process.ts";
import { isExpected, Tools } from "./tools.ts";
import type { World } from "./world.ts";

/** Service of the simulated tasks. */
export const NAMESPACE = "simulated";

/** The longest life of a task in a plan. */
const MAX_TTL_MS = 3_600_000;

/** What runs in one life of a node. */
export interface Life {
  readonly process: SimProcess;
  readonly backend: FlakyBackend;
  readonly store: TaskStore;
  readonly executor: Executor;
  readonly recovery: Recovery;
  readonly tools: Tools;
}

/** Words of events that tell of a normal turn of things. */
const QUIET = [
  "worker_lost",
  "attempts_exhausted",
  "outcome_dropped",
  "outcome_delayed",
  "claims_paused",
  "journal_unconsumed",
  "step_failed",
];

/** A node. */
export class Node {
  readonly index: number;
  readonly #world: World;
  readonly #engine: Engine;
  readonly #model: Model;
  readonly #counter = new CallCounter();
  readonly #forced: ReadonlyMap<string, CallFault> | undefined;
  #lives = 0;
  #restarts = 0;
  #wallOffset: number;
  /** What runs now. Absent: the node is down. */
  life: Life | undefined;

  constructor(
    world: World,
    engine: Engine,
    model: Model,
    index: number,
    forced: ReadonlyMap<string, CallFault> | undefined,
  ) {
    this.#world = world;
    this.#engine = engine;
    this.#model = model;
    this.index = index;
    this.#forced = forced;
    this.#wallOffset = world.plan.skews[index] ?? 0;
  }

  /** Starts the node. */
  boot(): void {
    if (this.life !== undefined) return;
    const process = new SimProcess(this.#world, this.index, this.#lives++, this.#wallOffset);
    const crash = (restartMs: number) => this.crash(restartMs);
    const subjectOf = ({ kind, id }: RecordKey) => {
      const [first, second] = id.split("/");
      return kind === "idem" ? second! : String(this.#model.tasks.get(first!)?.index ?? "");
    };
    const backend = new FlakyBackend(process, this.#engine, this.#counter, this.#forced, crash, subjectOf);
    const { leaseMs, parkAfterMs } = this.#world.plan;
    const store = new TaskStore(backend, {
      runtime: process,
      config: { times: leaseTimes(leaseMs), ttl: { ...DEFAULT_TTL_LIMITS, maxTtlMs: MAX_TTL_MS } },
      onEvent: (event) => this.#hear(process, event),
    });
    const executor = new Executor(store);
    const die = () =>
      void this.#world.schedule(this.#world.time, () => {
        if (!process.isDead) this.crash(leaseMs / 2);
      });
    const tools = new Tools({ process, model: this.#model, die }, parkAfterMs);
    const recovery = new Recovery(executor, {
      namespace: NAMESPACE,
      findTool: (name) => this.knows(name) ? tools.find(name) : undefined,
      hooksFor: () => tools.hooks,
    });
    this.life = { process, backend, store, executor, recovery, tools };
    this.#world.note(`n${this.index} boots`);
    recovery.start();
  }

  /** Whether the tool is registered here. */
  knows(tool: string): boolean {
    const { lacksTool, nodes } = this.#world.plan;
    return !(lacksTool && this.index === nodes - 1 && tool === "again");
  }

  /** Ends the node without notice, and starts it again after a while. */
  crash(restartMs: number): void {
    if (this.life === undefined) return;
    this.#world.note(`n${this.index} crashes`);
    this.#world.count("node.crashed");
    this.#wallOffset = this.life.process.wallOffset;
    this.life.process.kill();
    this.life = undefined;
    this.#bootLater(restartMs);
  }

  /** Ends the node until it is started again. */
  kill(): void {
    this.#restarts++;
    this.life?.process.kill();
    this.life = undefined;
  }

  /** Closes the node as a deploy does. */
  async drain(graceMs: number, restartMs: number): Promise<void> {
    const { life } = this;
    if (life === undefined) return;
    this.#world.note(`n${this.index} drains`);
    this.#world.count("node.drained");
    await life.recovery.stop();
    await life.executor.close(graceMs);
    life.store.close();
    if (life.process.isDead) return;
    this.#world.note(`n${this.index} has drained`);
    this.#wallOffset = life.process.wallOffset;
    life.process.kill();
    this.life = undefined;
    this.#bootLater(restartMs);
  }

  #bootLater(ms: number): void {
    const restart = ++this.#restarts;
    this.#world.schedule(this.#world.time + ms, () => {
      if (restart === this.#restarts) this.boot();
    });
  }

  /** Sets the wall clock right. */
  resetClock(offset: number): void {
    if (this.#wallOffset !== offset || this.life?.process.wallOffset !== offset) {
      this.#world.count("clock.jumped");
    }
    this.#wallOffset = offset;
    this.life?.process.jump(offset - this.life.process.wallOffset);
  }

  #hear(process: SimProcess, event: PerdureEvent): void {
    const { world } = process;
    world.count(`event.${event.type}`);
    world.note(`n${this.index} event ${event.type} ${event.taskId?.slice(-6) ?? ""}`);
    if (QUIET.includes(event.type) || isHarmless(event)) return;
    const { error } = event;
    world.fail("events", `${event.type}: ${event.message}: ${error instanceof Error ? error.stack : error}`);
  }
}

/** Whether an event tells of a fault that the simulator caused. */
function isHarmless({ type, error }: PerdureEvent): boolean {
  if (error instanceof StorageUnavailableError || error instanceof TaskNotFoundError) return true;
  if (error instanceof LeaseLostError || error instanceof ConcurrentModificationError) return true;
  // The task may be deleted between the reading of its head and that of its payloads.
  if (error instanceof UndecodableRecordError) return type !== "record_undecodable";
  return type === "tool_threw" && isExpected(error);
}
