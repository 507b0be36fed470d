/**
 * `tasks/get`, `tasks/list` and `tasks/cancel` of 2025-11-25.
 *
 * @module
 */
import {
  invalidParams,
  isJsonObject,
  type JsonObject,
  type JsonRpcRequest,
  methodNotFound,
} from "../protocol/mod.ts";
import { parseCancelTaskParams, parseListParams } from "../protocol/v2025_11_25/mod.ts";
import { type TaskHead, TaskNotFoundError, toTask2025 } from "../tasks/mod.ts";
import type { OwnerKey, Versioned } from "../store/mod.ts";
import type { LegacyCallContext } from "./legacy_call.ts";
import { ownerKeyFor } from "./owner.ts";
import { attended, type Services } from "./services.ts";
import { cancelOrFinish } from "./workflow_cancel.ts";
import { demandTaskScopes, mayUseTask } from "./task_scopes.ts";

/** `tasks/get`: the flat task, never the payload (T25-042). `found` was read together with the session. */
export async function getTaskLegacy(
  { services, session, stored, delivery, exchange }: LegacyCallContext,
  found: Versioned | undefined,
): Promise<JsonObject> {
  if (found === undefined) throw new TaskNotFoundError();
  demandTaskScopes(services, exchange.caller, found.head);
  const { head } = await attended(services, found);
  services.streams.follow(session.id, head);
  await delivery.sendOnGet(exchange, stored, head);
  return await toWireTask(services, head);
}

/**
 * `tasks/cancel`: the task is `cancelled` before the answer goes out, and stays so (T25-080, T25-081). With a result, a
 * workflow is completed with it instead.
 */
export async function cancelTaskLegacy(
  { services, exchange }: LegacyCallContext,
  request: JsonRpcRequest,
  found: Versioned | undefined,
): Promise<JsonObject> {
  const { result } = parseCancelTaskParams(request.params);
  if (found === undefined) throw new TaskNotFoundError();
  demandTaskScopes(services, exchange.caller, found.head);
  const { current, value: isDone } = await cancelOrFinish(services, found, result);
  if (!isDone) {
    const { status } = toTask2025(current.head, services.options.toolErrorStatus);
    throw invalidParams(`Cannot cancel a task that is already "${status}"`, { reason: "terminal", status });
  }
  return await toWireTask(services, current.head);
}

/** `tasks/list`: the owner's tasks that the caller may use, newest first (T25-071 to T25-077). */
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
  const heads = page.heads.filter((head) => mayUseTask(services, exchange.caller, head));
  const tasks = await Promise.all(heads.map((head) => toWireTask(services, head)));
  if (page.after === undefined) return { tasks };
  return {
    tasks,
    nextCursor: await services.keyring.sign("cursor", cursorContext(owner), { after: page.after }),
  };
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
