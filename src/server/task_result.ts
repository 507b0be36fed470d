/**
 * `tasks/result` of 2025-11-25: what the call came to. It waits for the end of the task, in one connection or several.
 *
 * @module
 */
import {
  ERROR,
  internalError,
  isJsonObject,
  type JsonObject,
  type JsonRpcRequest,
  ProtocolError,
} from "../protocol/mod.ts";
import { parseTaskIdParams, relatedTaskMeta } from "../protocol/v2025_11_25/mod.ts";
import { isTerminal, type TaskHead, TaskNotFoundError } from "../tasks/mod.ts";
import { toErrorResult } from "../execution/mod.ts";
import { headKey, type OwnerKey, type Versioned } from "../store/mod.ts";
import { onFirstAbort } from "./abort_race.ts";
import { type LegacyCallContext, toResult2025 } from "./legacy_call.ts";
import { ownerKeyFor } from "./owner.ts";
import { askedAmong, ResultStream, type ResultWait } from "./result_stream.ts";
import { attended, type Services } from "./services.ts";
import { demandTaskScopes } from "./task_scopes.ts";

/** Answers `tasks/result` (T25-050 to T25-055). */
export function getTaskResult(context: LegacyCallContext, request: JsonRpcRequest): Promise<JsonObject> {
  const { taskId } = parseTaskIdParams(request.params);
  return awaitTaskResult(context, { requestId: request.id, taskId, asked: [], isResumed: false });
}

/**
 * Answers a `tasks/result`, the first time or when its client came back.
 *
 * @throws {ProtocolError} The error that the call came to; -32603 with reason `cancelled` if there is none because it was
 * cancelled.
 * @throws {TaskNotFoundError} If the task is gone.
 * @throws {AccessRefusedError} If the caller lacks a scope of its tool.
 */
export async function awaitTaskResult(context: LegacyCallContext, wait: ResultWait): Promise<JsonObject> {
  const { services, exchange } = context;
  const { taskId } = wait;
  const owner = await ownerKeyFor(exchange.caller, taskId);
  const head = await untilTerminal(context, owner, wait);
  if (head.status === "cancelled") {
    throw internalError("The task was cancelled: it has no result", { reason: "cancelled" });
  }
  const outcome = await services.store.loadOutcome(head);
  if (outcome === undefined) throw internalError("The task has no outcome", { reason: "undecodable" });
  if (outcome.kind === "rpcError" && outcome.error.code !== ERROR.missingCapability) {
    const { code, message, data } = outcome.error;
    throw new ProtocolError(code, message, data);
  }
  // Of a task of the newer revision: this one has no number for it, and says it as a tool's error.
  const { _meta, ...result } = outcome.kind === "rpcError"
    ? toErrorResult(outcome.error.message)
    : toResult2025(outcome.result);
  return { ...result, _meta: { ...(isJsonObject(_meta) ? _meta : {}), ...relatedTaskMeta(taskId) } };
}

/** Waits for the end of a task; its questions go on this request's stream meanwhile. */
async function untilTerminal(
  context: LegacyCallContext,
  owner: OwnerKey,
  wait: ResultWait,
): Promise<TaskHead> {
  const { services, stored, exchange } = context;
  const { taskId } = wait;
  const first = await services.store.find(owner, taskId);
  if (first === undefined) throw new TaskNotFoundError();
  demandTaskScopes(services, exchange.caller, first.head);
  const { head } = await attended(services, first);
  if (isTerminal(head.status)) return head;
  const leave = services.subscriptions.enter(stored.owner, exchange.caller === undefined);
  try {
    const stream = await ResultStream.open(services, stored, exchange.stream, wait);
    const asked = await askedAmong(Object.keys(head.input.outstanding), wait);
    return await watchAndAsk(context, owner, wait, stream, asked);
  } finally {
    leave();
  }
}

async function watchAndAsk(
  { services, session, stored, exchange, delivery, waits, cancelled }: LegacyCallContext,
  owner: OwnerKey,
  { requestId, taskId, isResumed }: ResultWait,
  stream: ResultStream | undefined,
  asked: readonly string[],
): Promise<TaskHead> {
  const open = delivery.openResult(exchange, stored, taskId, { asked, send: stream?.send.bind(stream) });
  const report = (error: unknown) =>
    services.store.emit({
      type: "question_not_sent",
      taskId,
      message: "A question could not be sent",
      error,
    });
  const pausing = waits.start(exchange, {
    name: `${session.id}/${JSON.stringify(requestId)}`,
    canComeBack: stream !== undefined,
    isResumed,
  });
  try {
    return await watchTask(services, owner, taskId, [cancelled, ...pausing.stops], (head) => {
      open.send(head).catch(report);
    });
  } finally {
    pausing.end();
    open.close().catch(report);
  }
}

function watchTask(
  services: Services,
  owner: OwnerKey,
  taskId: string,
  stops: readonly AbortSignal[],
  onState: (head: TaskHead) => void,
): Promise<TaskHead> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      unsubscribe();
      stopListening();
      settle();
    };
    const onChange = (current: Versioned | undefined) => {
      if (current === undefined) return end(() => reject(new TaskNotFoundError()));
      if (isTerminal(current.head.status)) return end(() => resolve(current.head));
      onState(current.head);
    };
    let stopListening = () => {};
    // Watched before it is read: no change can fall between the two.
    const unsubscribe = services.store.watcher.subscribe(headKey(owner, taskId), onChange);
    stopListening = onFirstAbort(stops, () => {
      unsubscribe();
      reject(internalError("The wait for the result was cancelled", { reason: "cancelled" }));
    });
    if (stops.some(({ aborted }) => aborted)) return;
    services.store.find(owner, taskId).then(onChange, (error) => end(() => reject(error)));
  });
}
