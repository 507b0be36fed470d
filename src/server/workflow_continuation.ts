/**
 * Calls of tools that name a workflow's task: recorded with it, whereupon the server goes on by itself as far as it can.
 *
 * The record is written before the call is answered, so that what a client has seen is not lost with the process; what the
 * server then does is not waited for. Whatever goes wrong here, the call is answered as any other.
 *
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue, META } from "../protocol/mod.ts";
import { randomName, sleep } from "../runtime.ts";
import {
  isHeldAt,
  isTerminal,
  nextStep,
  type TaskHead,
  TaskNotFoundError,
  workflowOf,
} from "../tasks/mod.ts";
import { type RecordedContinuation, takeWorkflow, type TaskOutcome, type Versioned } from "../store/mod.ts";
import type { Settled } from "../execution/mod.ts";
import { readArguments } from "../workflow/mod.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import { mayUseTask } from "./task_scopes.ts";
import { recordCall, recordTask, reportUnrecorded } from "./workflow_record.ts";
import { runWorkflow } from "./workflow_run.ts";
import { fitsTask } from "./workflow_task.ts";

/** A call of a tool. */
export interface ContinuingToolCall {
  readonly tool: { readonly name: string };
  readonly exchange: Exchange;
  /** Arguments as they were sent. */
  readonly rawArgs: JsonValue;
  /** The workflow that the call names, as {@linkcode findContinued} found it. */
  readonly continues?: Versioned;
}

/** How long an answer waits for its record while the store is slow, in milliseconds. */
const MAX_WAIT_MS = 5000;

/**
 * The workflow that a call names; `undefined` if it names none, or none that the caller may use: no such call is different
 * from one that names nothing. Never rejects.
 */
export async function findContinued(
  services: Services,
  { caller }: Exchange,
  taskId: string | undefined,
): Promise<Versioned | undefined> {
  if (taskId === undefined) return undefined;
  const { store, options } = services;
  try {
    const found = await store.find(await ownerKeyFor(caller, taskId), taskId);
    const isUsable = found?.head.kind === "workflow" && found.head.namespace === options.namespace &&
      mayUseTask(services, caller, found.head);
    if (!isUsable) return undefined;
    // What calls came to is kept with the workflow: who keeps as much as allowed adds nothing to it.
    services.retained.assertRoom({ owner: found.head.owner, isAnonymous: caller === undefined });
    return found;
  } catch (error) {
    reportUnrecorded(store, taskId, error);
    return undefined;
  }
}

/**
 * Records what a call came to with the workflow that it names. Never rejects.
 *
 * @returns What to add to the `_meta` of the answer; nothing if there is no workflow, or it has ended.
 */
export async function continueWithCall(
  services: Services,
  call: ContinuingToolCall,
  { outcome, hasAskedInVain }: Settled,
): Promise<JsonObject | undefined> {
  const { exchange, continues } = call;
  // A client that cannot be asked has not done what it was to do: the step is as it was.
  if (continues === undefined || hasAskedInVain === true) return undefined;
  const { runtime } = services.store;
  const nonce = randomName(runtime, 9);
  const { tool: { name: tool }, rawArgs } = call;
  const recorded = recordCall(services, continues, { tool, rawArgs, outcome, nonce });
  exchange.waitUntil(recorded.then((done) => goOnBehind(services, exchange.caller, done)));
  const stop = new AbortController();
  const wait = sleep(runtime, MAX_WAIT_MS, stop.signal).then(() => undefined, () => undefined);
  const done = await Promise.race([recorded, wait]);
  stop.abort();
  return done && { [META.workflow]: tell(done) };
}

/** Records a call that became a task, and goes on with its workflow. Never rejects. */
export async function continueWithTask(
  services: Services,
  head: TaskHead,
  outcome: TaskOutcome,
): Promise<void> {
  await goOnBehind(services, head.principal, await recordTask(services, head, outcome));
}

/** Goes on with a workflow whose questions have been answered. Never rejects. */
export async function continueWithAnswers(
  services: Services,
  caller: Caller,
  current: Versioned,
): Promise<void> {
  if (current.head.kind === "workflow" && current.head.status === "working") {
    await goOn(services, caller, current);
  }
}

/** The result of a call with what became of its continuation, if anything did. */
export function withContinuation(result: JsonObject, meta: JsonObject | undefined): JsonObject {
  if (meta === undefined) return result;
  return { ...result, _meta: { ...(isJsonObject(result._meta) ? result._meta : {}), ...meta } };
}

/** Goes on behind a call that was a step. */
async function goOnBehind(
  services: Services,
  caller: Caller,
  recorded: RecordedContinuation | undefined,
): Promise<void> {
  if (recorded?.step !== undefined) await goOn(services, caller, recorded.current);
}

/** Runs what can be run now, if nobody does and the workflow is known here. Never rejects. */
async function goOn(services: Services, caller: Caller, current: Versioned): Promise<void> {
  const { head } = current;
  const { store, workflows } = services;
  try {
    if (!mayGoOn(services, head)) return;
    const definition = workflows.get(head.name)!;
    const stored = await store.load(head, head.args);
    const args = readArguments(definition.arguments, isJsonObject(stored) ? stored : {});
    if (!args.ok) return;
    const { holder, ...taken } = await takeWorkflow(store, { principal: caller }, current);
    if (holder === undefined) return;
    const run = await runWorkflow(services, {
      definition,
      args: args.values,
      ...taken,
      holder,
      hooks: {},
      retries: false,
      leavesToAsk: true,
      stops: [],
      endsAt: store.runtime.monotonic() + services.options.workflowWaitMs,
    });
    await Promise.all([run.inTime, run.ended]);
  } catch (error) {
    if (error instanceof TaskNotFoundError) return;
    const { id: taskId, name } = head;
    const message = "A workflow did not go on by itself";
    store.emit({ type: "workflow_not_continued", taskId, name, message, error });
  }
}

function mayGoOn({ store, workflows }: Services, head: TaskHead): boolean {
  const { runtime, config: { times } } = store;
  if (isTerminal(head.status) || isHeldAt(head, runtime.now(), times.marginMs)) return false;
  const definition = workflows.get(head.name);
  return definition?.task !== undefined && fitsTask(definition, head) &&
    nextStep(workflowOf(head), false).kind === "run";
}

function tell({ current: { head }, step }: RecordedContinuation): JsonValue {
  const { id, status } = head;
  const steps = workflowOf(head).steps.map((each) => ({ name: each.name, status: each.status }));
  return { task_id: id, task_status: status, ...(step === undefined ? {} : { step }), steps };
}
