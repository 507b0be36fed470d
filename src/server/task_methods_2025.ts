/**
 * `tasks/get`, `tasks/result`, `tasks/list` and `tasks/cancel` of 2025-11-25.
 *
 * @module
 */
import {
  internalError,
  invalidParams,
  isJsonObject,
  type JsonObject,
  type JsonRpcRequest,
  methodNotFound,
  ProtocolError,
} from "../protocol/mod.ts";
import {
  parseCancelTaskParams,
  parseListParams,
  parseTaskIdParams,
  relatedTaskMeta,
} from "../protocol/v2025_11_25/mod.ts";
import { isTerminal, type TaskHead, TaskNotFoundError, toTask2025 } from "../tasks/mod.ts";
import { headKey, type OwnerKey, type Versioned } from "../store/mod.ts";
import { type LegacyCallContext, toResult2025 } from "./legacy_call.ts";
import { ownerKeyFor } from "./owner.ts";
import { attended, type Services } from "./services.ts";

/** `tasks/get`: the flat task, never the payload (T25-042). `found` was read together with the session. */
export async function getTaskLegacy(
  { services, session, stored, delivery, exchange }: LegacyCallContext,
  found: Versioned | undefined,
): Promise<JsonObject> {
  if (found === undefined) throw new TaskNotFoundError();
  const { head } = await attended(services, found);
  services.streams.follow(session.id, head);
  await delivery.sendOnGet(exchange, stored, head);
  return await toWireTask(services, head);
}

/** `tasks/cancel`: the task is `cancelled` before the answer goes out, and stays so (T25-080, T25-081). */
export async function cancelTaskLegacy(
  { services, exchange }: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  const { taskId } = parseCancelTaskParams(request.params);
  const owner = await ownerKeyFor(exchange.caller, taskId);
  const { current, value: isCancelled } = await services.store.cancel(owner, taskId);
  if (!isCancelled) {
    const { status } = toTask2025(current.head, services.options.toolErrorStatus);
    throw invalidParams(`Cannot cancel a task that is already "${status}"`, { reason: "terminal", status });
  }
  return await toWireTask(services, current.head);
}

/** `tasks/list`: the owner's tasks, newest first (T25-071 to T25-077). */
export async function listTasks(
  { services, exchange }: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  if (exchange.caller === undefined) {
    throw methodNotFound("Method not found: tasks/list needs a caller that can be told from others");
  }
  const { cursor } = parseListParams(request.params);
  const owner = await ownerKeyFor(exchange.caller, "");
  const after = cursor === undefined ? undefined : await readCursor(services, owner, cursor);
  const page = await services.store.list(owner, { after, limit: services.options.pageSize });
  const tasks = await Promise.all(page.heads.map((head) => toWireTask(services, head)));
  if (page.after === undefined) return { tasks };
  return {
    tasks,
    nextCursor: await services.keyring.sign("cursor", cursorContext(owner), { after: page.after }),
  };
}

/** `tasks/result`: what the call came to; waits for the end of the task (T25-050 to T25-055). */
export async function getTaskResult(
  context: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  const { services, exchange } = context;
  const { taskId } = parseTaskIdParams(request.params);
  const owner = await ownerKeyFor(exchange.caller, taskId);
  const head = await untilTerminal(context, owner, taskId);
  if (head.status === "cancelled") {
    throw internalError("The task was cancelled: it has no result", { reason: "cancelled" });
  }
  const outcome = await services.store.loadOutcome(head);
  if (outcome === undefined) throw internalError("The task has no outcome", { reason: "undecodable" });
  if (outcome.kind === "rpcError") {
    const { code, message, data } = outcome.error;
    throw new ProtocolError(code, message, data);
  }
  const { _meta, ...result } = toResult2025(outcome.result);
  return { ...result, _meta: { ...(isJsonObject(_meta) ? _meta : {}), ...relatedTaskMeta(taskId) } };
}

/** Waits for the end of a task; its questions go on this request's stream meanwhile. */
async function untilTerminal(context: LegacyCallContext, owner: OwnerKey, taskId: string): Promise<TaskHead> {
  const { services, session, exchange, delivery, cancelled } = context;
  const first = await services.store.find(owner, taskId);
  if (first === undefined) throw new TaskNotFoundError();
  const { head } = await attended(services, first);
  if (isTerminal(head.status)) return head;
  const leave = services.subscriptions.enter(owner, exchange.caller === undefined);
  const open = delivery.openResult(exchange, session, taskId);
  const report = (error: unknown) =>
    services.store.emit({
      type: "question_not_sent",
      taskId,
      message: "A question could not be sent",
      error,
    });
  try {
    return await watchTask(services, owner, taskId, AbortSignal.any([exchange.left, cancelled]), (head) => {
      open.send(head).catch(report);
    });
  } finally {
    open.close().catch(report);
    leave();
  }
}

function watchTask(
  services: Services,
  owner: OwnerKey,
  taskId: string,
  signal: AbortSignal,
  onState: (head: TaskHead) => void,
): Promise<TaskHead> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      unsubscribe();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = () =>
      end(() => reject(internalError("The wait for the result was cancelled", { reason: "cancelled" })));
    const onChange = (current: Versioned | undefined) => {
      if (current === undefined) return end(() => reject(new TaskNotFoundError()));
      if (isTerminal(current.head.status)) return end(() => resolve(current.head));
      onState(current.head);
    };
    // Watched before it is read: no change can fall between the two.
    const unsubscribe = services.store.watcher.subscribe(headKey(owner, taskId), onChange);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return onAbort();
    services.store.find(owner, taskId).then(onChange, (error) => end(() => reject(error)));
  });
}

async function toWireTask(services: Services, head: TaskHead): Promise<JsonObject> {
  const variables = await services.store.loadPublicVariables(head);
  return toTask2025(head, services.options.toolErrorStatus, variables) as unknown as JsonObject;
}

function cursorContext(owner: OwnerKey): string {
  return `tasks/list:${owner}`;
}

async function readCursor(services: Services, owner: OwnerKey, cursor: string): Promise<string> {
  const value = await services.keyring.verify("cursor", cursorContext(owner), cursor);
  if (isJsonObject(value) && typeof value.after === "string") return value.after;
  throw invalidParams('Invalid params: "cursor" is not one that this list returned');
}
