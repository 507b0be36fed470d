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
  { services, session }: LegacyCallContext,
  found: Versioned | undefined,
): Promise<JsonObject> {
  if (found === undefined) throw new TaskNotFoundError();
  const { head } = await attended(services, found);
  services.streams.follow(session.id, head);
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
  const { services, exchange, cancelled } = context;
  const { taskId } = parseTaskIdParams(request.params);
  const owner = await ownerKeyFor(exchange.caller, taskId);
  const head = await untilTerminal(services, owner, taskId, AbortSignal.any([exchange.signal, cancelled]));
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

function untilTerminal(
  services: Services,
  owner: OwnerKey,
  taskId: string,
  signal: AbortSignal,
): Promise<TaskHead> {
  const { watcher } = services.store;
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      end(() => reject(internalError("The wait for the result was cancelled", { reason: "cancelled" })));
    const onState = (current: Versioned | undefined) => {
      if (current === undefined) end(() => reject(new TaskNotFoundError()));
      else if (isTerminal(current.head.status)) end(() => resolve(current.head));
    };
    // Subscribed before the first read: no change can fall between the two.
    const unsubscribe = watcher.subscribe(headKey(owner, taskId), onState);
    const end = (settle: () => void) => {
      unsubscribe();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return onAbort();
    services.store.find(owner, taskId).then(onState, (error) => end(() => reject(error)));
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
