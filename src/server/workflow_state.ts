/**
 * What travels with the questions of a workflow to a 2026-07-28 client and back: only which task they are of.
 *
 * @module
 * @see Multi round-trip requests (T26-191, T26-193, T26-200)
 */
import { isJsonObject } from "../protocol/mod.ts";
import type { TaskHead } from "../tasks/mod.ts";
import { stateContext, unusableState } from "./request_state.ts";
import type { Exchange } from "./exchange.ts";
import type { Services } from "./services.ts";
import type { WorkflowCall } from "./workflow_task.ts";

/** Seals the id of a task for the client, the prompt and the arguments it was asked for with. It lives as long as the task. */
export async function sealWorkflowState(
  { keyring }: Services,
  method: string,
  { exchange, definition, rawArgs }: WorkflowCall,
  { id, expiresAt }: TaskHead,
): Promise<string> {
  const context = await stateContext(exchange, method, definition.name, rawArgs);
  return await keyring.seal("state", context, { workflow: id, expiresAt });
}

/**
 * Opens what {@linkcode sealWorkflowState} sealed. `undefined`: it is the state of a prompt without a task.
 *
 * @throws {ProtocolError} -32602 if it is not one of this request.
 */
export async function openWorkflowState(
  { keyring, store }: Services,
  exchange: Exchange,
  method: string,
  { definition, rawArgs }: WorkflowCall,
  token: string,
): Promise<string | undefined> {
  const context = await stateContext(exchange, method, definition.name, rawArgs);
  const state = await keyring.open("state", context, token);
  if (!isJsonObject(state)) throw unusableState();
  if (typeof state.workflow !== "string") return undefined;
  if (typeof state.expiresAt !== "number" || state.expiresAt <= store.runtime.now()) throw unusableState();
  return state.workflow;
}
