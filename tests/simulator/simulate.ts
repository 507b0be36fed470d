/**
 * Runs a plan: the faulty part, the rest that must follow it, and the end of everything.
 *
 * Must be called outside of promise reactions, such as in a timer's callback: it empties their queue itself.
 *
 * @module
 */
import { Checker } from "./checker.ts";
import { Clients } from "./clients.ts";
import { Engine, type MirrorRecord } from "./engine.ts";
import { hasEnded } from "./head_checks.ts";
import { Model } from "./model.ts";
import { Node } from "./node.ts";
import type { CallFault, Incident, Op, Plan } from "./plan.ts";
import { EPOCH, type Violation, World } from "./world.ts";

/** What came of a run. */
export interface Outcome {
  readonly violation: Violation | undefined;
  readonly traceHash: string;
  readonly counters: ReadonlyMap<string, number>;
  readonly events: number;
  /** Faults that happened, by call. */
  readonly faults: readonly (readonly [string, CallFault])[];
  /** Steps, if they were asked for. */
  readonly lines: readonly string[] | undefined;
}

/** Options of {@linkcode simulate}. */
export interface SimulateOptions {
  /** Keep the steps. @default {false} */
  readonly trace?: boolean;
}

/** After the last fault, everything that can go on has gone on within so many leases. */
const SETTLE_LEASES = 5;
/** Longest backoff after two lost attempts, in milliseconds. */
const BACKOFF_MS = 4000;
const HOUR_MS = 3_600_000;

/** Runs a plan. */
export function simulate(plan: Plan, { trace = false }: SimulateOptions = {}): Outcome {
  const world = new World(plan, trace);
  new Simulation(world).run();
  const { violation, traceHash, counters, events, faults, lines } = world;
  return { violation, traceHash, counters, events, faults, lines };
}

class Simulation {
  readonly #world: World;
  readonly #engine: Engine;
  readonly #model: Model;
  readonly #clients: Clients;
  readonly #nodes: readonly Node[];

  constructor(world: World) {
    this.#world = world;
    this.#engine = new Engine(world);
    this.#model = new Model(world);
    this.#engine.observer = new Checker(world, this.#engine, this.#model);
    this.#clients = new Clients(world, this.#model);
    const forced = world.plan.faults && new Map(world.plan.faults);
    this.#nodes = Array.from(
      { length: world.plan.nodes },
      (_, index) => new Node(world, this.#engine, this.#model, index, forced),
    );
  }

  run(): void {
    const { plan } = this.#world;
    for (const node of this.#nodes) node.boot();
    for (const op of plan.ops) this.#world.schedule(op.at, () => this.#send(op));
    for (const incident of plan.incidents) this.#world.schedule(incident.at, () => this.#happen(incident));
    this.#world.runUntil(plan.durationMs);
    this.#rest();
    this.#end();
    this.#world.note("end");
  }

  #send(op: Op): void {
    const { tool } = this.#world.plan.tasks[op.task]!;
    const isFit = (node: Node) => node.life !== undefined && node.knows(tool);
    const alive = [this.#nodes[op.node]!, ...this.#nodes].find(isFit)?.life;
    if (alive !== undefined && !alive.process.isPaused) this.#clients.send(op, alive);
  }

  #happen({ kind, node: index, ms }: Incident): void {
    const node = this.#nodes[index]!;
    const { life } = node;
    if (life === undefined) return;
    this.#world.note(`n${index} ${kind} ${ms}`);
    this.#world.count(`incident.${kind}`);
    switch (kind) {
      case "crash":
        return node.crash(ms);
      case "pause":
        return life.process.pause(ms);
      case "jump":
        this.#world.count("clock.jumped");
        return life.process.jump(ms);
      case "away":
        life.backend.awayUntil = this.#world.time + ms;
        return;
      case "drain":
        return void node.drain(ms, 500);
    }
  }

  /** Nothing goes wrong any more: what can go on does. */
  #rest(): void {
    const world = this.#world;
    const { leaseMs } = world.plan;
    world.isFaulty = false;
    world.note("-- rest --");
    for (const node of this.#nodes) node.resetClock(0);
    world.runUntil(world.time + 2.5 * leaseMs);
    for (const node of this.#nodes) node.boot();
    this.#answerHalf();
    const end = world.time + SETTLE_LEASES * leaseMs + BACKOFF_MS;
    while (world.time < end && !this.#isQuiet()) world.runUntil(world.time + leaseMs);
    if (world.violation === undefined) world.guard(() => this.#checkLiveness());
  }

  /** Nothing can happen any more but expiry. */
  #isQuiet(): boolean {
    if (this.#world.violation !== undefined) return true;
    if (this.#clients.open.size > 0) return false;
    for (const { head } of this.#model.tasks.values()) {
      if (head !== undefined && !hasEnded(head)) return false;
    }
    return true;
  }

  #answerHalf(): void {
    this.#model.byIndex.forEach((_model, task) => {
      if (task % 2 === 1) return;
      for (let i = 0; i < 4; i++) {
        const op: Op = {
          at: 0,
          node: i % this.#nodes.length,
          kind: "answer",
          task,
          salt: 1_000_000 + task * 10 + i,
        };
        this.#world.schedule(this.#world.time + i * 700, () => this.#send(op));
      }
    });
  }

  /** Nothing that could go on stands still. */
  #checkLiveness(): void {
    const world = this.#world;
    const { leaseMs } = world.plan;
    for (const [op, life] of this.#clients.open) {
      if (life.process.isDead || op.kind === "watch" || op.kind === "call") continue;
      world.fail("I14", `${op.kind} of task ${op.task} at node ${op.node} is not answered`);
    }
    const now = EPOCH + world.time;
    const slack = 2 * leaseMs;
    for (const { head, id } of this.#model.tasks.values()) {
      if (head === undefined || head.exec.executor === "external" && head.exec.phase === "queued") continue;
      const { phase, leaseUntil = 0, notBefore = 0, wakeAt = Infinity } = head.exec;
      const isStuck = now >= head.expiresAt + slack ||
        phase === "running" && now >= leaseUntil + slack ||
        phase === "queued" && now >= notBefore + slack ||
        phase === "parked" && now >= wakeAt + slack;
      const isLate = Object.values(head.input.outstanding).some(({ deadline = Infinity }) =>
        now >= deadline + slack
      );
      if (!isStuck && !isLate) continue;
      // A tool that keeps losing its process is left alone for five minutes.
      if (world.counters.has("event.claims_paused")) world.count("rest.claims_paused");
      else world.fail("I13", `${id} stands still: ${phase}, ${head.status}, attempt ${head.exec.attempt}`);
    }
  }

  /** Everything expires and is removed; nothing is left, in the store or in the processes. */
  #end(): void {
    const world = this.#world;
    if (world.violation !== undefined) return;
    const lastExpiry = Math.max(
      0,
      ...[...this.#model.tasks.values()].map(({ head }) => head?.expiresAt ?? 0),
    );
    if (lastExpiry - EPOCH <= world.time + 8 * world.plan.leaseMs) this.#expireAlive(lastExpiry - EPOCH);
    for (const node of this.#nodes) node.kill();
    world.note("-- end --");
    world.runUntil(world.time + 3 * HOUR_MS);
    if (world.violation !== undefined) return;
    for (const record of this.#engine.records.values()) {
      if (record.dueAt === undefined && !this.#isEnginesToRemove(record)) {
        world.fail("I11", `${record.key.kind} ${record.key.id} has no due entry`);
      }
    }
    this.#nodes[0]!.boot();
    world.runUntil(world.time + 2 * world.plan.leaseMs);
    const left = [...this.#engine.records.values()].filter((record) => !this.#isEnginesToRemove(record))
      .map(({ key }) => `${key.kind} ${key.id}`);
    if (left.length > 0) world.fail("I11", `at rest there is left: ${left.join(", ")}`);
    for (const node of this.#nodes) node.kill();
  }

  /** Records of keys that were let go are never deleted by a process. */
  #isEnginesToRemove({ key, purgeAt = Infinity }: MirrorRecord): boolean {
    return key.kind === "idem" && EPOCH + this.#world.time >= purgeAt;
  }

  /** Tasks expire in the hands of living processes, which forget them then. */
  #expireAlive(at: number): void {
    const world = this.#world;
    const { leaseMs } = world.plan;
    world.runUntil(Math.max(world.time, at) + 3 * leaseMs);
    for (const { head } of this.#model.tasks.values()) {
      if (head !== undefined) {
        world.fail("I13", `${head.id} is still there ${3 * leaseMs} ms after it expired`);
      }
    }
    world.count("rest.expired_alive");
    for (const { life, index } of this.#nodes) {
      if (life !== undefined && life.executor.running > 0) {
        world.fail("leak", `node ${index} still counts ${life.executor.running} runs`);
      }
      if (life !== undefined && life.store.watcher.size > 0 && this.#clients.open.size === 0) {
        world.fail("leak", `node ${index} still watches ${life.store.watcher.size} records`);
      }
    }
    if (
      this.#model.tasks.size > 0 &&
      [...this.#model.tasks.values()].every(({ head }) => !head || hasEnded(head))
    ) {
      world.count("rest.quiet");
    }
  }
}
