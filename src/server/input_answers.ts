/**
 * Taking answers to a task's questions, whichever way they came.
 *
 * @module
 */
import { invalidParams, type JsonValue } from "../protocol/mod.ts";
import { faultOfElicitedContent } from "../protocol/elicited_content.ts";
import type { InputRequest } from "../protocol/input.ts";
import { parseInputResponse } from "../protocol/input_response.ts";
import type { ReceivedAnswer } from "../tasks/mod.ts";
import type { Caller } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import { demandTaskScopes } from "./task_scopes.ts";

/**
 * Stores the answers to outstanding questions; answers to anything else are ignored.
 *
 * @throws {TaskNotFoundError} If the caller has no such task.
 * @throws {AccessRefusedError} If the caller lacks a scope of its tool.
 * @throws {ProtocolError} -32602 if an answer does not fit its question. Nothing is stored then.
 */
export async function takeAnswers(
  services: Services,
  caller: Caller,
  taskId: string,
  answers: Readonly<Record<string, ReceivedAnswer>>,
): Promise<void> {
  const owner = await ownerKeyFor(caller, taskId);
  const { head } = await services.store.get(owner, taskId);
  demandTaskScopes(services, caller, head);
  const requests = await services.store.loadInputRequests(head);
  const fitting = Object.entries(answers).filter(([key]) => Object.hasOwn(requests, key));
  for (const [key, { value, isRefusal }] of fitting) {
    if (!isRefusal) assertFits(requests[key]!, value);
  }
  if (fitting.length === 0) return;
  const { current } = await services.store.answer(owner, taskId, Object.fromEntries(fitting));
  // A parked task goes on here, if its tool is here.
  await services.recovery.attend(current);
}

function assertFits(request: InputRequest, value: JsonValue): void {
  const response = parseInputResponse(request, value);
  if (request.method !== "elicitation/create" || request.params.mode === "url") return;
  if (!("action" in response) || response.action !== "accept") return;
  const fault = faultOfElicitedContent(request.params.requestedSchema, response.content ?? {});
  if (fault !== undefined) throw invalidParams(`Invalid params: the answer does not fit the form: ${fault}`);
}
