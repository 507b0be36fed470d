/**
 * Clients of the simulated service, and the code that a server would run for their requests.
 *
 * What a client is told is held against what the store has: a promise, a refusal and an answer must all be true.
 *
 * @module
 */
import type { Run } from "../../src/execution/mod.ts";
import { StorageUnavailableError } from "../../src/store/mod.ts";
import {
  ConcurrentModificationError,
  IdempotencyConflictError,
  InvalidTransitionError,
  LeaseLostError,
  LimitReachedError,
  type NewTask,
  type TaskHead,
  TaskNotFoundError,
  TaskNotReadyError,
  UndecodableRecordError,
} from "../../src/tasks/mod.ts";
import { randomName } from "../../src/runtime.ts";
import { chanceOf } from "./dice.ts";
import { hasEnded } from "./head_checks.ts";
import { argsHashOf, callOnce } from "./keyed.ts";
import type { Model, TaskModel } from "./model.ts";
import { type Life, NAMESPACE } from "./node.ts";
import type { Op, TaskPlan } from "./plan.ts";
import { MAX_ATTEMPTS, type ScriptArgs } from "./tools.ts";
import type { World } from "./world.ts";

/** Errors that a client may be shown; after the last two kinds it knows nothing. */
const REFUSALS = [
  IdempotencyConflictError,
  TaskNotFoundError,
  TaskNotReadyError,
  LeaseLostError,
  LimitReachedError,
  InvalidTransitionError,
  ConcurrentModificationError,
  StorageUnavailableError,
];

/** A task of the plan, about to be created. */
export type SimTask = NewTask & { readonly args: ScriptArgs & NewTask["args"] };

/** Owners of tasks, by their index; the last one owns none. */
export const OWNERS = ["a", "b", "z"].map((letter) => letter.repeat(43));

/** See the module. */
export class Clients {
  /** Requests without an answer, by what they are. */
  readonly open = new Map<Op, Life>();
  readonly #world: World;
  readonly #model: Model;

  constructor(world: World, model: Model) {
    this.#world = world;
    this.#model = model;
  }

  /** Sends a request to a process. */
  send(op: Op, life: Life): void {
    this.#world.note(`n${op.node} ${op.kind} t${op.task}`);
    this.open.set(op, life);
    this.#serve(op, life).catch((error) => this.#refused(op, error)).finally(() => this.open.delete(op));
  }

  #refused(op: Op, error: unknown): void {
    this.#world.note(`n${op.node} ${op.kind} t${op.task} refused: ${(error as Error).name}`);
    this.#world.count(`refused.${(error as Error).name}`);
    if (REFUSALS.some((kind) => error instanceof kind)) return;
    // A reader may find the head and then nothing, because the task was deleted in between.
    const model = this.#model.byIndex.get(op.task);
    if (error instanceof UndecodableRecordError && model?.head === undefined) return;
    this.#world.fail("errors", `${op.kind} ended in ${error instanceof Error ? error.stack : error}`);
  }

  async #serve(op: Op, life: Life): Promise<void> {
    if (op.kind === "create" || op.kind === "call") {
      const mayBeInline = op.kind === "call" && this.#world.plan.tasks[op.task]!.tool !== "outside";
      return await (mayBeInline ? this.#call(op, life) : this.#create(op, life));
    }
    if (op.kind === "once") return await this.#once(op, life);
    const model = this.#model.byIndex.get(op.task);
    if (model === undefined) return;
    switch (op.kind) {
      case "get":
        return void await this.#get(model, life);
      case "result":
        return await this.#result(model, life);
      case "answer":
        return await this.#answer(op, model, life);
      case "cancel":
        return await this.#cancel(model, life);
      case "list":
        return await this.#list(model, life);
      case "watch":
        return await this.#watch(model, life);
      case "finish":
        return await this.#finish(op, model, life);
      case "variables":
        return void await this.#setVariables(op, model, life);
      case "stranger":
        return await this.#stranger(op, model, life);
    }
  }

  async #create(op: Op, life: Life): Promise<void> {
    const task = this.#newTask(op, life);
    const model = this.#model.expect(task.id, op.task);
    this.#model.byIndex.set(op.task, model);
    try {
      await this.#make(life, task, model);
    } catch (error) {
      if (error instanceof LimitReachedError) this.#refuse(model);
      throw error;
    }
  }

  async #make(
    { store, executor, tools }: Life,
    task: SimTask,
    model: TaskModel,
    createBy?: number,
  ): Promise<TaskHead> {
    const startedAt = store.runtime.monotonic();
    const draft = store.draft(task);
    const created = await store.create(draft, this.#world.plan.limit, createBy);
    this.#acknowledge(model);
    const tool = tools.find(task.name)!;
    if (tool.handler !== undefined) {
      const run = await executor.newHeldRun(tool, created, startedAt, tools.hooks, draft.exec);
      void executor.finishOrLeave(run, executor.execute(run, { tool, args: task.args }));
    }
    return created.head;
  }

  /** A call with an idempotency key. */
  async #once(op: Op, life: Life): Promise<void> {
    const task = this.#newTask(op, life);
    await callOnce(this.#world, this.#model, op, life, task, (keyed, createBy) => {
      const model = this.#model.expect(keyed.id, op.task);
      this.#model.byIndex.set(op.task, model);
      model.argsHash = argsHashOf(op);
      return this.#make(life, keyed, model, createBy);
    });
  }

  /** A plain call that becomes a task when it is slow. */
  async #call(op: Op, life: Life): Promise<void> {
    const { store, executor, tools } = life;
    const task = this.#newTask(op, life);
    const model = this.#model.expect(task.id, op.task);
    this.#model.byIndex.set(op.task, model);
    const tool = tools.find(task.name)!;
    const run: Run = executor.newInlineRun(tool, task, tools.hooks);
    const settled = executor.execute(run, { tool, args: task.args });
    const slow = new Promise<"slow">((resolve) =>
      void store.runtime.setTimer(op.salt % 700, () => resolve("slow"))
    );
    if (await Promise.race([settled.then(() => "done"), slow]) === "done") {
      return this.#world.count("call.inline");
    }
    try {
      await run.promote(this.#world.plan.limit);
      this.#acknowledge(model);
      model.starts++;
      this.#world.count("call.promoted");
      void executor.finishOrLeave(run, settled);
    } catch (error) {
      if (error instanceof LimitReachedError) this.#refuse(model);
      this.#world.count("call.not_promoted");
      await settled;
      throw error;
    }
  }

  #acknowledge(model: TaskModel): void {
    model.ackedAt = this.#world.time;
    this.#world.note(`acknowledged ${model.id.slice(-6)}`);
    if (model.head === undefined && model.gone === undefined) {
      this.#world.fail("I4", `${model.id} is acknowledged, and not stored`);
    }
  }

  #refuse(model: TaskModel): void {
    model.isRefused = true;
    if (model.head !== undefined) this.#world.fail("ack", `${model.id} is refused, and stored`);
  }

  #newTask(op: Op, { store }: Life): SimTask {
    const plan: TaskPlan = this.#world.plan.tasks[op.task]!;
    const { runtime, config } = store;
    const isOutside = plan.tool === "outside";
    const args = { script: plan.script, pad: "p".repeat(plan.argBytes) } as ScriptArgs & NewTask["args"];
    return {
      id: runtime.newTaskId(runtime.now()),
      owner: OWNERS[plan.owner]!,
      kind: "tool",
      name: plan.tool,
      namespace: NAMESPACE,
      era: op.salt % 2 === 0 ? "2026-07-28" : "2025-11-25",
      args,
      clientCapabilities: { elicitation: { form: {} } },
      ttlMs: plan.ttlMs,
      pollIntervalMs: 1000,
      executor: isOutside ? "external" : "inline",
      repeatable: plan.tool === "again",
      maxAttempts: plan.tool === "again" ? MAX_ATTEMPTS : 1,
      lease: isOutside ? undefined : { leaseOwner: randomName(runtime), leaseMs: config.times.leaseMs },
    };
  }

  /** What `tasks/get` does. */
  async #get(model: TaskModel, { store, recovery, process }: Life): Promise<TaskHead | undefined> {
    const owner = OWNERS[model.plan.owner]!;
    const before = process.now();
    const isKnown = model.ackedAt !== undefined;
    const found = await store.find(owner, model.id);
    const after = process.now();
    if (found === undefined) {
      const mayBeGone = model.gone !== undefined || model.head === undefined ||
        after >= model.head.expiresAt ||
        before >= model.head.expiresAt;
      if (isKnown && !mayBeGone) this.#world.fail("I4", `${model.id} is acknowledged, and not found`);
      return undefined;
    }
    const { head } = found;
    if (before >= head.expiresAt && after >= head.expiresAt) {
      this.#world.fail("I9", `${model.id} is found after it has expired`);
    }
    if (!await recovery.attend(found)) return head;
    this.#world.count("get.attended");
    return (await store.find(owner, model.id))?.head;
  }

  async #result(model: TaskModel, life: Life): Promise<void> {
    const head = await this.#get(model, life);
    if (head === undefined) return;
    const outcome = await life.store.loadOutcome(head);
    if (!hasEnded(head) || head.status === "cancelled") {
      if (outcome !== undefined) this.#world.fail("I2", `${head.status} shows an outcome`);
    } else if (outcome === undefined) {
      this.#world.fail("I2", `${head.status} shows no outcome`);
    }
  }

  async #answer(op: Op, model: TaskModel, life: Life): Promise<void> {
    const head = await this.#get(model, life);
    const open = Object.keys(head?.input.outstanding ?? {});
    const chance = (salt: number) => chanceOf(this.#world.plan.seed, 41, op.salt, salt);
    const keys = open.filter((_, i) => i === 0 || chance(1) < 0.6);
    if (chance(2) < 0.3) keys.push("unknown");
    if (chance(3) < 0.3) keys.push(...model.answers.keys());
    if (keys.length === 0) return;
    if (chance(4) < 0.3) await new Promise<void>((resolve) => void life.process.setTimer(800, resolve));
    const pad = chance(5) < 0.2 ? "y".repeat(1500) : "";
    const values = keys.map((key) =>
      [key, { action: "accept", content: { text: `${op.salt}${pad}` } }] as const
    );
    for (const [key, value] of values) model.sent.add(`${key} ${JSON.stringify(value)}`);
    const responses = Object.fromEntries(values.map(([key, value]) => [key, { value }]));
    const { value: accepted } = await life.store.answer(OWNERS[model.plan.owner]!, model.id, responses);
    for (const [key, value] of values) {
      const counts = model.answers.get(key) === JSON.stringify(value);
      const isAccepted = accepted.includes(key);
      // Another answer of the same text may have counted: a salt is used once, so it is this one.
      if (isAccepted !== counts && model.gone === undefined) {
        this.#world.fail(
          "I6",
          `the answer to ${key} ${counts ? "counts" : "does not count"}, and was said otherwise`,
        );
      }
      if (isAccepted) this.#world.count("answer.accepted");
      else this.#world.count("answer.ignored");
    }
  }

  async #cancel(model: TaskModel, { store }: Life): Promise<void> {
    const { value } = await store.cancel(OWNERS[model.plan.owner]!, model.id);
    const status = model.head?.status;
    if (status === undefined) return;
    if (value && status !== "cancelled") this.#world.fail("I5", `cancelled, and now ${status}`);
    if (!value && !["completed", "failed", "cancelled"].includes(status)) {
      this.#world.fail("I5", `cannot be cancelled, and is ${status}`);
    }
    this.#world.count(value ? "cancel.first" : "cancel.late");
  }

  async #list(model: TaskModel, { store, process }: Life): Promise<void> {
    const owner = OWNERS[model.plan.owner]!;
    const wasThere = model.ackedAt !== undefined && model.head !== undefined;
    const before = process.now();
    const ids = new Set<string>();
    let after: string | undefined;
    do {
      const page = await store.list(owner, { after, limit: 2 });
      for (const head of page.heads) {
        if (head.owner !== owner) this.#world.fail("I9", `${head.id} is listed to another owner`);
        if (ids.has(head.id)) this.#world.fail("I9", `${head.id} is listed twice`);
        if (before >= head.expiresAt && process.now() >= head.expiresAt) {
          this.#world.fail("I9", `${head.id} is listed after it has expired`);
        }
        ids.add(head.id);
      }
      after = page.after;
    } while (after !== undefined);
    const isThere = model.head !== undefined && process.now() < model.head.expiresAt &&
      before < model.head.expiresAt;
    if (wasThere && isThere && !ids.has(model.id)) this.#world.fail("I4", `${model.id} is not listed`);
  }

  async #watch(model: TaskModel, { store, process }: Life): Promise<void> {
    const key = { owner: OWNERS[model.plan.owner]!, kind: "task", id: model.id } as const;
    let rev = 0;
    await new Promise<void>((resolve) => {
      const stop = store.watcher.subscribe(key, (current) => {
        if (current !== undefined && current.head.rev < rev) {
          this.#world.fail("I16", `a watcher sees rev ${current.head.rev} after ${rev}`);
        }
        rev = current?.head.rev ?? rev;
        if (current !== undefined && !hasEnded(current.head)) return;
        stop();
        cancelTimer();
        resolve();
      });
      // Nothing ends a watch of a task that cannot end while its store is quiet, but its time.
      const cancelTimer = process.setTimer(model.plan.ttlMs + 60_000, () => {
        stop();
        const isOver = model.head === undefined || hasEnded(model.head);
        if (isOver && !this.#world.isFaulty) this.#world.fail("I18", `the end of ${model.id} was not seen`);
        resolve();
      });
    });
    this.#world.count("watch.ended");
  }

  async #finish(op: Op, model: TaskModel, { store }: Life): Promise<void> {
    if (model.plan.tool !== "outside") return;
    const text = `outside ${op.salt}`;
    const ref = { owner: OWNERS[model.plan.owner]!, id: model.id, epoch: 0 };
    const stored = () => JSON.stringify(model.head?.outcome ?? "").includes(`"${text}"`);
    try {
      await store.finish(ref, { kind: "result", result: { content: [{ type: "text", text }] } });
      if (model.head !== undefined && !stored()) {
        this.#world.fail("I1", "finished, and another outcome is stored");
      }
      this.#world.count("outside.finished");
    } catch (error) {
      if (error instanceof LeaseLostError && stored()) {
        this.#world.fail("I1", "refused, and the outcome is stored");
      }
      throw error;
    }
  }

  async #setVariables(op: Op, model: TaskModel, { store }: Life): Promise<void> {
    if (model.plan.tool !== "outside") return;
    await store.setVariables(OWNERS[model.plan.owner]!, model.id, {
      [`k${op.salt % 4}`]: "w".repeat(op.salt % 5000),
    });
  }

  /** Another owner, and an id nobody has: both are told the same. */
  async #stranger(op: Op, model: TaskModel, { store }: Life): Promise<void> {
    const owner = OWNERS[2]!;
    const id = op.salt % 2 === 0 ? model.id : "0".repeat(36);
    if (await store.find(owner, id) !== undefined) this.#world.fail("I9", "a stranger finds a task");
    const attempt = op.salt % 3 === 0
      ? store.cancel(owner, id)
      : store.answer(owner, id, { q: { value: 1 } });
    const error = await attempt.then(() => undefined, (error) => error);
    if (error instanceof StorageUnavailableError) throw error;
    if (!(error instanceof TaskNotFoundError)) this.#world.fail("I9", `a stranger is told ${error}`);
  }
}
