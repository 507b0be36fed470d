/**
 * `tasks/get`, `tasks/update` and `tasks/cancel` of the Tasks extension.
 *
 * @module
 */
import { isJsonObject, type JsonObject, type JsonRpcRequest } from "../protocol/mod.ts";
import {
  declaresTasks,
  missingCapability,
  parseTaskIdParams,
  parseUpdateTaskParams,
  type RequestMeta,
  TASKS_CAPABILITY,
} from "../protocol/v2026_07_28/mod.ts";
import { type ReceivedAnswer, TaskNotFoundError, toDetailedTask2026 } from "../tasks/mod.ts";
import type { Versioned } from "../store/mod.ts";
import type { Exchange } from "./exchange.ts";
import { takeAnswers } from "./input_answers.ts";
import { ownerKeyFor } from "./owner.ts";
import { attended, type Services } from "./services.ts";
import { cancelOrFinish } from "./workflow_cancel.ts";
import { demandTaskScopes } from "./task_scopes.ts";

const ACKNOWLEDGED: JsonObject = { resultType: "complete" };

/** `tasks/get`: the task with what belongs to its status (T26-047 to T26-055). */
export async function getTaskModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  const { head } = await attended(services, await findForClient(services, request, meta, exchange));
  const task = toDetailedTask2026(head, await services.store.loadDetails(head));
  return { ...(task as unknown as JsonObject), resultType: "complete" };
}

/**
 * `tasks/cancel`: an empty acknowledgement, also for a terminal task (T26-081). With a result, a workflow is completed with
 * it instead.
 */
export async function cancelTaskModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  const current = await findForClient(services, request, meta, exchange);
  await cancelOrFinish(services, current, request.params?.result);
  return ACKNOWLEDGED;
}

/** `tasks/update`: answers to outstanding questions; anything else is ignored (T26-071, T26-073). */
export async function updateTask(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  if (!declaresTasks(meta.clientCapabilities)) throw missingCapability(TASKS_CAPABILITY);
  const { taskId, inputResponses } = parseUpdateTaskParams(request.params);
  const received = Object.entries(inputResponses).map((
    [key, value],
  ): [string, ReceivedAnswer] => [key, { value }]);
  await takeAnswers(services, exchange.caller, taskId, Object.fromEntries(received));
  return ACKNOWLEDGED;
}

/**
 * Finds the task of `tasks/get` or `tasks/cancel`.
 *
 * The extension must be declared, and that is checked first. A client that declares only the older `tasks`
 * capability may still reach tasks that were created under 2025-11-25 (T26-016).
 */
async function findForClient(
  services: Services,
  request: JsonRpcRequest,
  { clientCapabilities }: RequestMeta,
  exchange: Exchange,
): Promise<Versioned> {
  const isDeclared = declaresTasks(clientCapabilities);
  if (!isDeclared && !isJsonObject(clientCapabilities.tasks)) throw missingCapability(TASKS_CAPABILITY);
  const { taskId } = parseTaskIdParams(request.params);
  const current = await services.store.find(await ownerKeyFor(exchange.caller, taskId), taskId);
  if (!isDeclared && current?.head.era !== "2025-11-25") throw missingCapability(TASKS_CAPABILITY);
  if (current === undefined) throw new TaskNotFoundError();
  demandTaskScopes(services, exchange.caller, current.head);
  return current;
}
