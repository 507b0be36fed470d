/**
 * What the simulator knows of each task besides its record: who asked for it, who runs it, what was promised.
 *
 * @module
 */
import type { TaskHead } from "../../src/tasks/mod.ts";
import type { SimProcess } from "./process.ts";
import type { TaskPlan } from "./plan.ts";
import type { World } from "./world.ts";

/** One start of a handler. What the handler stores carries its mark. */
export interface RunToken {
  readonly number: number;
  readonly taskId: string;
  readonly epoch: number;
  readonly leaseOwner: string | undefined;
  readonly process: SimProcess;
  /** What the handler is told to stop by. */
  readonly signal: AbortSignal;
  /** Whether the handler has come to its end. */
  hasEnded: boolean;
}

/** What is known of one task. */
export interface TaskModel {
  readonly id: string;
  /** Its place in the plan. */
  readonly index: number;
  readonly plan: TaskPlan;
  /** True time at which a client learnt that the task exists. */
  ackedAt?: number;
  /** A client was told for certain that the task does not exist. */
  isRefused?: boolean;
  /** Starts of the handler as a stored task. */
  starts: number;
  /** Attempts that were given back: parks and hand-backs. */
  refunds: number;
  /** Who holds the task under a lease name. */
  readonly holders: Map<string, SimProcess>;
  /** Keys of finished calls in the order of their records. */
  readonly journal: Set<string>;
  /** First answer by key, as JSON text. */
  readonly answers: Map<string, string>;
  /** Keys whose answer has moved into the journal. */
  readonly readAnswers: Set<string>;
  /** Answers that clients sent, as JSON text. */
  readonly sent: Set<string>;
  /** Question by key, as JSON text. */
  readonly questions: Map<string, string>;
  /** The head as stored, until it is removed. */
  head?: TaskHead;
  /** The record came back after it had expired: nobody sees it. */
  isGhost?: boolean;
  /** Arguments that it is created with, if it has an idempotency key. */
  argsHash?: string;
  /** How and when the head was removed. */
  gone?: { readonly at: number; readonly isEarly: boolean };
}

const MARK = /~r(\d+)~/;

/** All tasks and all runs. */
export class Model {
  readonly tasks = new Map<string, TaskModel>();
  /** Tasks of the plan that exist, by their index. */
  readonly byIndex = new Map<number, TaskModel>();
  readonly tokens: RunToken[] = [];
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** A task is about to be created; with an idempotency key, by several at once. */
  expect(id: string, index: number): TaskModel {
    const known = this.tasks.get(id);
    if (known !== undefined) return known;
    const model: TaskModel = {
      id,
      index,
      plan: this.world.plan.tasks[index]!,
      starts: 0,
      refunds: 0,
      holders: new Map(),
      journal: new Set(),
      answers: new Map(),
      readAnswers: new Set(),
      sent: new Set(),
      questions: new Map(),
    };
    this.tasks.set(id, model);
    return model;
  }

  /** A handler starts. */
  start(head: TaskHead, process: SimProcess, signal: AbortSignal): RunToken {
    const { epoch, leaseOwner } = head.exec;
    const { length: number } = this.tokens;
    const token: RunToken = { number, taskId: head.id, epoch, leaseOwner, process, signal, hasEnded: false };
    this.#checkAlone(token);
    this.tokens.push(token);
    return token;
  }

  /** The holder has let go of a task: it only waited, and does nothing more even if it has not heard yet. */
  letGo(taskId: string): void {
    for (const token of this.tokens) if (token.taskId === taskId) token.hasEnded = true;
  }

  /** Where clocks are good and nobody was paused, a run starts only when all earlier ones were told to stop. */
  #checkAlone(token: RunToken): void {
    if (!haveGoodClocks(this.world)) return;
    for (const earlier of this.tokens) {
      const { process, signal } = earlier;
      const isOver = earlier.taskId !== token.taskId || earlier.hasEnded || signal.aborted;
      if (isOver || process.isDead || process.wasPaused || earlier.epoch === token.epoch) continue;
      this.world.fail(
        "watchdog",
        `run ${token.number} starts while run ${earlier.number} has not been stopped`,
      );
    }
  }

  /** The run that wrote a text, if it carries a mark. */
  writerOf(text: string): RunToken | undefined {
    const match = MARK.exec(text);
    return match === null ? undefined : this.tokens[Number(match[1])];
  }
}

/** Whether the clocks of all nodes agree as well as the margins of the lease ask for. */
export function haveGoodClocks({ counters, plan }: World): boolean {
  const skew = Math.max(...plan.skews) - Math.min(...plan.skews);
  return !counters.has("clock.jumped") && skew < plan.leaseMs / 6;
}

/** The mark of a run. */
export function markOf(token: RunToken): string {
  return `~r${token.number}~`;
}
