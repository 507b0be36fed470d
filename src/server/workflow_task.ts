/**
 * The task of a workflow prompt: created with the first request, taken up again by later ones.
 *
 * @module
 */
import { type Era, invalidParams, isJsonObject, type JsonObject, type RequestId } from "../protocol/mod.ts";
import { toInputCapabilities } from "../protocol/input_capability.ts";
import { randomName } from "../runtime.ts";
import {
  clampTtl,
  type Holder,
  LimitReachedError,
  newWorkflow,
  TaskError,
  type TaskHead,
  TaskNotFoundError,
} from "../tasks/mod.ts";
import { findWorkflow, StorageError, toCanonicalJson, type Versioned } from "../store/mod.ts";
import { type ArgumentValues, readArguments, type WorkflowDefinition } from "../workflow/mod.ts";
import type { Exchange } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import { activeLimitFor, type FreePlace, takePlace } from "./task_creation.ts";

/** A request for a workflow prompt. */
export interface WorkflowCall {
  /** The workflow; it has a task. */
  readonly definition: WorkflowDefinition;
  readonly era: Era;
  readonly exchange: Exchange;
  /** Arguments as they were sent. */
  readonly rawArgs: JsonObject;
  /** What the client can be asked. */
  readonly clientCapabilities: JsonObject;
  readonly progressToken?: RequestId;
  /** Session of the request (2025-11-25). */
  readonly sessionId?: string;
}

/** A workflow task that a request is about. */
export interface WorkflowTask {
  readonly current: Versioned;
  /** Who holds it here, if it was just created. */
  readonly created?: { readonly holder: Holder; readonly startedAt: number };
  /** Arguments of the prompt. */
  readonly args: ArgumentValues;
  /** Whether the workflow has other steps by now: it cannot be gone on with. */
  readonly hasChanged: boolean;
  /** To be called when its run has ended. */
  readonly freePlace: FreePlace;
}

/**
 * Creates the task of a workflow, held here. `undefined`: none can be made now, and the prompt has to do without.
 *
 * @param args Arguments of the prompt, as the workflow reads them.
 */
export async function createWorkflowTask(
  services: Services,
  call: WorkflowCall,
  args: ArgumentValues,
): Promise<WorkflowTask | undefined> {
  const { definition, exchange } = call;
  const { store } = services;
  let freePlace: FreePlace = () => {};
  try {
    const startedAt = store.runtime.monotonic();
    const draft = await draftOf(services, call);
    freePlace = takePlace(services, exchange, draft);
    const current = await store.create(draft, activeLimitFor(services, exchange));
    return { current, created: { holder: draft.exec, startedAt }, args, hasChanged: false, freePlace };
  } catch (error) {
    freePlace(error);
    if (!(error instanceof TaskError || error instanceof StorageError)) throw error;
    const reason = error instanceof LimitReachedError
      ? `the limit "${error.limit}" is reached`
      : error.message;
    store.emit({
      type: "workflow_without_task",
      name: definition.name,
      message: `A workflow prompt was served without a task: ${reason}`,
      error,
    });
    return undefined;
  }
}

/**
 * Finds the task of a workflow that is to be gone on with.
 *
 * @throws {TaskNotFoundError} If the caller has no such task of this workflow.
 * @throws {ProtocolError} -32602 if arguments are given that are not those of the task.
 */
export async function findWorkflowTask(
  services: Services,
  call: WorkflowCall,
  taskId: string,
): Promise<WorkflowTask> {
  const { definition, exchange: { caller }, rawArgs } = call;
  const { store } = services;
  const found = await findWorkflow(store, await ownerKeyFor(caller, taskId), taskId, definition.name);
  const { head } = found;
  if (head.namespace !== services.options.namespace) throw new TaskNotFoundError();
  const stored = await store.load(head, head.args);
  const given = isJsonObject(stored) ? stored : {};
  if (Object.keys(rawArgs).length > 0 && toCanonicalJson(rawArgs) !== toCanonicalJson(given)) {
    throw invalidParams("Invalid params: the arguments are not those that the task was created with");
  }
  const read = readArguments(definition.arguments, given);
  return {
    current: found,
    args: read.ok ? read.values : new Map(),
    hasChanged: !read.ok || !fitsTask(definition, head),
    freePlace: () => {},
  };
}

/** Whether the steps of a task are those of the workflow. */
export function fitsTask({ steps }: WorkflowDefinition, { workflow }: TaskHead): boolean {
  return workflow?.steps.length === steps.length &&
    workflow.steps.every(({ name, tool }, i) => name === steps[i]?.name && tool === steps[i]?.tool);
}

async function draftOf(services: Services, call: WorkflowCall): Promise<TaskHead> {
  const { definition, exchange } = call;
  const { name, description, steps, task = {} } = definition;
  const { runtime, config } = services.store;
  const id = runtime.newTaskId(runtime.now());
  return services.store.draft({
    id,
    owner: await ownerKeyFor(exchange.caller, id),
    kind: "workflow",
    name,
    namespace: services.options.namespace,
    era: call.era,
    args: call.rawArgs,
    principal: exchange.caller,
    clientCapabilities: toInputCapabilities(call.clientCapabilities),
    progressToken: call.progressToken,
    sessionId: call.sessionId,
    ttlMs: clampTtl(task.ttlMs, config.ttl),
    pollIntervalMs: task.pollIntervalMs ?? config.pollIntervalMs,
    publicVariables: task.publicVariables,
    executor: "inline",
    repeatable: false,
    maxAttempts: 1,
    lease: { leaseOwner: randomName(runtime), leaseMs: config.times.leaseMs },
    workflow: newWorkflow(`${name}: ${description}`, steps),
  });
}
