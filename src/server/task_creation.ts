/**
 * Creating a task for a call and running it in the background: shared by both revisions.
 *
 * @module
 */
import type { Era, JsonObject, JsonValue, RequestId } from "../protocol/mod.ts";
import { toInputCapabilities } from "../protocol/input_capability.ts";
import { randomName } from "../runtime.ts";
import { clampTtl, LimitReachedError, type NewTask, type TaskHead } from "../tasks/mod.ts";
import type { Run, RunHooks, Settled } from "../execution/mod.ts";
import { minKeyedTtlMs, type Versioned } from "../store/mod.ts";
import type { Exchange } from "./exchange.ts";
import { createKeyedTask } from "./idempotency.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import type { CallableTool } from "./tool_registry.ts";

/** A call that is, or may become, a task. */
export interface TaskCall {
  readonly tool: CallableTool;
  readonly era: Era;
  readonly exchange: Exchange;
  /** Arguments as they were sent. */
  readonly rawArgs: JsonValue;
  /** Arguments as the tool's schema read them. */
  readonly args: unknown;
  readonly clientCapabilities: JsonObject;
  /** Wish of a 2025-11-25 client, in milliseconds. */
  readonly ttl?: number;
  readonly progressToken?: RequestId;
  readonly sessionId?: string;
  /** Makes the creation idempotent. */
  readonly idempotencyKey?: string;
  /** Id kept over the rounds of one call. */
  readonly taskId?: string;
  /** Workflow that the call continues. */
  readonly continues?: Versioned;
}

/** What is known of the task when the call starts. */
export async function toNewTask(services: Services, call: TaskCall, prepared?: JsonValue): Promise<NewTask> {
  const { tool, exchange, continues } = call;
  const { runtime, config } = services.store;
  const id = call.taskId ?? runtime.newTaskId(runtime.now());
  const ttlMs = clampTtl(call.ttl ?? tool.task.ttlMs, config.ttl);
  const lease = tool.handler && { leaseOwner: randomName(runtime), leaseMs: config.times.leaseMs };
  return {
    id,
    owner: await ownerKeyFor(exchange.caller, id),
    kind: "tool",
    name: tool.name,
    namespace: services.options.namespace,
    era: call.era,
    args: call.rawArgs,
    prepared,
    principal: exchange.caller,
    clientCapabilities: toInputCapabilities(call.clientCapabilities),
    progressToken: call.progressToken,
    sessionId: call.sessionId,
    ttlMs,
    pollIntervalMs: tool.task.pollIntervalMs ?? config.pollIntervalMs,
    publicVariables: tool.task.publicVariables,
    executor: tool.handler === undefined ? "external" : "inline",
    repeatable: tool.repeatable,
    maxAttempts: tool.maxAttempts,
    lease,
    ...(continues === undefined ? {} : { continues: { owner: continues.head.owner, id: continues.head.id } }),
  };
}

/** Limit on the owner's active tasks, as the store counts it; anonymous tasks have an owner each. */
export function activeLimitFor(services: Services, exchange: Exchange): number | undefined {
  return exchange.caller === undefined ? undefined : services.options.limits.activeTasks;
}

/**
 * Gives back the place of a task that has ended, or was not created after all: the error says why, and a task that the
 * store refused is no creation. Calling it again does nothing.
 */
export type FreePlace = (error?: unknown) => void;

/**
 * Takes what is counted in this process for a task about to be created: one of the owner's creations in a minute, of
 * the tasks it may keep, and of the places for running tasks of anonymous callers. Taken ahead of the put, so that no
 * number of callers at once gets past the limit.
 *
 * @param draft The task.
 * @throws {LimitReachedError} If there is none left.
 */
export function takePlace(
  services: Services,
  exchange: Exchange,
  { owner, expiresAt }: Pick<TaskHead, "owner" | "expiresAt">,
): FreePlace {
  const { anonymousActive } = services.options.limits;
  const isAnonymous = exchange.caller === undefined;
  if (isAnonymous && services.anonymousActive >= anonymousActive) {
    throw new LimitReachedError("anonymousActive", anonymousActive, services.store.config.pollIntervalMs);
  }
  // Anonymous callers cannot be told apart: together they share one allowance.
  const creator = isAnonymous ? "anonymous" : owner;
  services.creates.take(creator);
  const keeper = { owner, isAnonymous };
  try {
    services.retained.take(keeper, expiresAt);
  } catch (error) {
    services.creates.giveBack(creator);
    throw error;
  }
  let isTaken = true;
  if (isAnonymous) services.anonymousActive++;
  return (error) => {
    if (!isTaken) return;
    isTaken = false;
    if (isAnonymous) services.anonymousActive--;
    if (error !== undefined) services.retained.giveBack(keeper, expiresAt);
    if (error instanceof LimitReachedError) services.creates.giveBack(creator);
  };
}

/** Creates the task and, if its handler is here, starts it. Answers once it is stored. With an idempotency key, once per key. */
export async function createTask(
  services: Services,
  call: TaskCall,
  prepared: JsonValue | undefined,
  hooks: RunHooks,
): Promise<TaskHead> {
  if (call.idempotencyKey === undefined) {
    return await startTask(services, call, await toNewTask(services, call, prepared), hooks);
  }
  return await createKeyedTask(services, call, call.idempotencyKey, async ({ taskId, idem, createBy }) => {
    const task = await toNewTask(services, { ...call, taskId }, prepared);
    const ttlMs = Math.max(task.ttlMs, minKeyedTtlMs(services.store.config.times));
    return await startTask(services, call, { ...task, idem, ttlMs }, hooks, createBy);
  });
}

async function startTask(
  services: Services,
  call: TaskCall,
  task: NewTask,
  hooks: RunHooks,
  createBy?: number,
): Promise<TaskHead> {
  const { tool, exchange, args } = call;
  const { store, executor } = services;
  const draft = store.draft(task);
  const freePlace = takePlace(services, exchange, draft);
  try {
    const startedAt = store.runtime.monotonic();
    const created = await store.create(draft, activeLimitFor(services, exchange), createBy);
    if (tool.handler !== undefined) {
      const run = await executor.newHeldRun(tool, created, startedAt, hooks, draft.exec);
      const settled = executor.execute(run, { tool, args, prepared: task.prepared });
      finishInBackground(services, exchange, run, settled, freePlace);
      return created.head;
    }
    freePlace();
    if (tool.dispatch !== undefined) exchange.waitUntil(dispatchNow(services, tool, created));
    return created.head;
  } catch (error) {
    freePlace(error);
    throw error;
  }
}

/** A dispatch that fails is tried again by the next scan. */
async function dispatchNow(services: Services, tool: CallableTool, created: Versioned): Promise<void> {
  try {
    await services.executor.dispatch(tool, created);
  } catch (error) {
    const { id, name } = created.head;
    services.store.emit({
      type: "dispatch_failed",
      taskId: id,
      name,
      message: "A task was not dispatched yet",
      error,
    });
  }
}

/** Lets a task's run end behind the response. */
export function finishInBackground(
  services: Services,
  exchange: Exchange,
  run: Run,
  settled: Promise<Settled>,
  freePlace: FreePlace,
): void {
  exchange.waitUntil(services.executor.finishOrLeave(run, settled).finally(() => freePlace()));
}
