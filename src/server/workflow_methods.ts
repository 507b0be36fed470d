/**
 * `prompts/get` of workflows that have a task, in both revisions.
 *
 * @module
 */
import { type JsonObject, type JsonRpcRequest, META, VERSION_2025, VERSION_2026 } from "../protocol/mod.ts";
import type { GetPromptParams } from "../protocol/params.ts";
import { declares, toInputCapabilities } from "../protocol/input_capability.ts";
import type { RequestMeta, RetryParams } from "../protocol/v2026_07_28/mod.ts";
import type { RunHooks } from "../execution/mod.ts";
import { firstUnfinished, type ReceivedAnswer, type TaskHead, workflowOf } from "../tasks/mod.ts";
import { headKey } from "../store/mod.ts";
import type { ArgumentValues, WorkflowDefinition } from "../workflow/mod.ts";
import { takeAnswers } from "./input_answers.ts";
import type { Exchange } from "./exchange.ts";
import type { LegacyCallContext } from "./legacy_call.ts";
import { isLoggedAt } from "./log_level.ts";
import type { Services } from "./services.ts";
import { toReport } from "./workflow_report.ts";
import { runWorkflow, type WorkflowStanding } from "./workflow_run.ts";
import { takeInTurn } from "./workflow_turn.ts";
import { openWorkflowState, sealWorkflowState } from "./workflow_state.ts";
import {
  createWorkflowTask,
  findWorkflowTask,
  type WorkflowCall,
  type WorkflowTask,
} from "./workflow_task.ts";

/** A prompt that is asked for, and what its workflow makes of the arguments. */
export interface WorkflowPromptRequest {
  readonly definition: WorkflowDefinition;
  readonly params: GetPromptParams & RetryParams;
  /** Reads the arguments of a first request. Throws -32602 where they do not fit. */
  readonly readArgs: () => Promise<ArgumentValues>;
}

/** Answers a 2025-11-25 request; questions go on its stream. `undefined`: there can be no task now. */
export async function getWorkflowLegacy(
  context: LegacyCallContext,
  prompt: WorkflowPromptRequest,
): Promise<JsonObject | undefined> {
  const { services, exchange, session } = context;
  const { definition, params } = prompt;
  const call: WorkflowCall = {
    definition,
    era: VERSION_2025,
    exchange,
    rawArgs: { ...params.arguments },
    clientCapabilities: session.clientCapabilities,
    progressToken: params.progressToken,
    sessionId: session.id,
  };
  const task = await takeUp(services, call, prompt, params.continuesTaskId);
  if (task === undefined) return undefined;
  const { head } = task.current;
  services.streams.follow(session.id, head);
  const hooks = requestHooks(exchange, params, (level) => isLoggedAt(level, session.logLevel ?? "info"));
  const stopAsking = askOnStream(context, head);
  try {
    const standing = await stand(services, call, task, hooks, [context.cancelled], false);
    return await answer(services, task, definition, standing);
  } finally {
    hooks.close();
    stopAsking();
  }
}

/** Answers a 2026-07-28 request, with the prompt or with questions. `undefined`: there can be no task now. */
export async function getWorkflowModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
  prompt: WorkflowPromptRequest,
): Promise<JsonObject | undefined> {
  const { definition, params } = prompt;
  const call: WorkflowCall = {
    definition,
    era: VERSION_2026,
    exchange,
    rawArgs: { ...params.arguments },
    clientCapabilities: meta.clientCapabilities,
    progressToken: params.progressToken,
  };
  let taskId = params.continuesTaskId;
  if (params.requestState !== undefined) {
    const opened = await openWorkflowState(services, exchange, request.method, call, params.requestState);
    // Rounds of a prompt that is served without a task have a state of their own.
    if (opened === undefined) return undefined;
    taskId = opened;
  }
  if (taskId !== undefined && params.inputResponses !== undefined) {
    // This request goes on by itself.
    await takeAnswers(services, exchange.caller, taskId, toAnswers(params), { goesOn: false });
  }
  const task = await takeUp(services, call, prompt, taskId);
  if (task === undefined) return undefined;
  const hooks = requestHooks(exchange, params, (level) => isLoggedAt(level, meta.logLevel));
  try {
    const standing = await stand(services, call, task, hooks, [exchange.signal], true);
    return await askFor(services, request, meta, call, standing.head) ??
      { ...await answer(services, task, definition, standing), resultType: "complete" };
  } finally {
    hooks.close();
  }
}

/** The task: the one that is named, or a new one. */
async function takeUp(
  services: Services,
  call: WorkflowCall,
  { readArgs }: WorkflowPromptRequest,
  taskId: string | undefined,
): Promise<WorkflowTask | undefined> {
  if (taskId !== undefined) return await findWorkflowTask(services, call, taskId);
  return await createWorkflowTask(services, call, await readArgs());
}

/** Goes on with a task, as soon as nobody else does, for as long as a prompt may take. */
async function stand(
  services: Services,
  { definition, exchange, clientCapabilities }: WorkflowCall,
  { current, created, args, hasChanged, freePlace }: WorkflowTask,
  hooks: RunHooks,
  cancels: readonly AbortSignal[],
  leavesToAsk: boolean,
): Promise<Partial<WorkflowStanding> & Pick<WorkflowStanding, "head">> {
  const { store, options: { workflowWaitMs } } = services;
  if (hasChanged) {
    const { head } = current;
    const first = firstUnfinished(workflowOf(head));
    return { head, pauseReason: first && { type: "workflowChanged", nextStep: first.name } };
  }
  const endsAt = store.runtime.monotonic() + workflowWaitMs;
  const stops = [exchange.left, ...cancels];
  const caller = {
    principal: exchange.caller,
    clientCapabilities: toInputCapabilities(clientCapabilities),
  };
  try {
    const taken = created === undefined
      ? await takeInTurn(store, caller, current, { endsAt, stops })
      : { ...created, current };
    const { holder } = taken;
    if (holder === undefined) return { head: taken.current.head };
    const how = { hooks, retries: true, leavesToAsk, stops, endsAt };
    const run = await runWorkflow(services, { definition, args, ...taken, holder, ...how });
    exchange.waitUntil(run.ended.finally(() => freePlace()));
    return await run.inTime;
  } catch (error) {
    freePlace();
    throw error;
  }
}

async function answer(
  services: Services,
  { args }: WorkflowTask,
  definition: WorkflowDefinition,
  standing: Partial<WorkflowStanding> & Pick<WorkflowStanding, "head">,
): Promise<JsonObject> {
  return await toReport(services, { definition, args, ...standing }) as unknown as JsonObject;
}

/** The questions of a workflow that waits for answers of this client; `undefined` if it waits for none. */
async function askFor(
  services: Services,
  request: JsonRpcRequest,
  { clientCapabilities }: RequestMeta,
  call: WorkflowCall,
  head: TaskHead,
): Promise<JsonObject | undefined> {
  if (head.status !== "input_required" || head.exec.phase !== "parked") return undefined;
  const inputRequests = await services.store.loadInputRequests(head);
  if (!Object.values(inputRequests).every((question) => declares(clientCapabilities, question))) {
    return undefined;
  }
  return {
    resultType: "input_required",
    inputRequests: inputRequests as unknown as JsonObject,
    requestState: await sealWorkflowState(services, request.method, call, head),
    _meta: { [META.taskId]: head.id },
  };
}

function toAnswers({ inputResponses = {} }: RetryParams): Record<string, ReceivedAnswer> {
  return Object.fromEntries(Object.entries(inputResponses).map(([key, value]) => [key, { value }]));
}

/** Puts a task's questions on the stream of the request, until it is answered. */
function askOnStream(
  { services, exchange, stored, delivery }: LegacyCallContext,
  head: TaskHead,
): () => void {
  const { owner, id } = head;
  const open = delivery.openResult(exchange, stored, id);
  const report = (error: unknown) =>
    services.store.emit({
      type: "question_not_sent",
      taskId: id,
      message: "A question could not be sent",
      error,
    });
  // The questions are asked by a run in this process.
  const unsubscribe = services.store.watcher.subscribe(headKey(owner, id), (current) => {
    if (current !== undefined) open.send(current.head).catch(report);
  }, { poll: false });
  open.send(head).catch(report);
  return () => {
    unsubscribe();
    open.close().catch(report);
  };
}

/** Progress and log messages go on the stream of the request, for as long as it is open. */
function requestHooks(
  exchange: Exchange,
  { progressToken }: GetPromptParams,
  isLogged: (level: string) => boolean,
): RunHooks & { close(): void } {
  let isOpen = true;
  const send = (method: string, params: JsonObject) => {
    if (isOpen) exchange.send({ jsonrpc: "2.0", method, params });
  };
  return {
    close: () => isOpen = false,
    onProgress: (progress) => {
      if (progressToken !== undefined) send("notifications/progress", { progressToken, ...progress });
    },
    onLog: (level, data, logger) => {
      if (isLogged(level)) send("notifications/message", { level, logger, data });
    },
  };
}
