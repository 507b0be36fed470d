/**
 * The rounds of a 2026-07-28 request: opened from what the client sends back, ended by asking again.
 *
 * @module
 * @see Multi round-trip requests (T26-185 to T26-200)
 */
import type { JsonObject, JsonValue } from "../protocol/mod.ts";
import { clampTtl } from "../tasks/mod.ts";
import type { Questions } from "../execution/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { InlinePhase } from "./inline_phase.ts";
import { openState, type RoundState, sealState, stateContext } from "./request_state.ts";
import type { Services } from "./services.ts";
import type { TaskCall } from "./task_creation.ts";

/** A round that was opened. */
export interface OpenedRound {
  /** What the state is bound to; told only when it is needed. */
  readonly context: () => Promise<string>;
  /** What earlier rounds left; empty in the first. */
  readonly state: RoundState;
}

/**
 * Opens a round.
 *
 * @throws {ProtocolError} -32602 if the state is not one of this request, or has expired.
 */
export async function openRound(
  services: Services,
  exchange: Exchange,
  method: string,
  name: string,
  args: JsonObject,
  requestState: string | undefined,
): Promise<OpenedRound> {
  const context = () => stateContext(exchange, method, name, args);
  if (requestState !== undefined) {
    return { context, state: await openState(services, exchange.caller, await context(), requestState) };
  }
  const { runtime } = services.store;
  const now = runtime.now();
  return { context, state: { taskId: runtime.newTaskId(now), startedAt: now, entries: [], answers: {} } };
}

/** Ends a round with questions; the journal travels in the state. */
export async function askAgain(
  services: Services,
  call: TaskCall,
  { context, state }: OpenedRound,
  phase: InlinePhase,
  questions: Questions,
  prepared: JsonValue | undefined,
): Promise<JsonObject> {
  const { entries, answers } = phase.state;
  phase.run.abort("parked");
  const ttlMs = clampTtl(call.tool.task.ttlMs, services.store.config.ttl);
  const next: RoundState = {
    taskId: state.taskId,
    startedAt: state.startedAt,
    entries,
    answers,
    ...(prepared === undefined ? {} : { prepared: { value: prepared } }),
  };
  return {
    resultType: "input_required",
    inputRequests: questions as unknown as JsonObject,
    requestState: await sealState(services, call.exchange.caller, await context(), next, ttlMs),
  };
}
