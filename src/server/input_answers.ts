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
import { continueWithAnswers } from "./workflow_continuation.ts";

/**
 * Stores the answers to outstanding questions; answers to anything else are ignored. What waits for them goes on, a
 * workflow unless `goesOn` is `false`.
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
  { goesOn = true }: { readonly goesOn?: boolean } = {},
): Promise<void> {
  const owner = await ownerKeyFor(caller, taskId);
  const { head } = await services.store.get(owner, taskId);
  demandTaskScopes(services, caller, head);
  const requests = await services.store.loadInputRequests(head);
  const fitting = Object.entries(answers)
    .filter(([key]) => Object.hasOwn(requests, key))
    .map(([key, answer]) => [key, answer.isRefusal ? answer : toFitting(requests[key]!, answer.value)]);
  if (fitting.length === 0) return;
  const { current } = await services.store.answer(owner, taskId, Object.fromEntries(fitting));
  // A parked task goes on here, if its tool is here.
  await services.recovery.attend(current);
  if (goesOn) void continueWithAnswers(services, caller, current);
}

/** @throws {ProtocolError} -32602 if the answer does not fit its question. */
function toFitting(request: InputRequest, value: JsonValue): ReceivedAnswer {
  const response = parseInputResponse(request, value);
  if (request.method !== "elicitation/create" || !("action" in response)) return { value };
  // What somebody entered on a page is between them and the page: nothing of it is kept here (T25-267, T26-278).
  if (request.params.mode === "url") return { value: { action: response.action } };
  if (response.action !== "accept") return { value };
  const fault = faultOfElicitedContent(request.params.requestedSchema, response.content ?? {});
  if (fault === undefined) return { value };
  throw invalidParams(`Invalid params: the answer does not fit the form: ${fault}`);
}
