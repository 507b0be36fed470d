/**
 * State of a 2026-07-28 call that travels through the client between its rounds: encrypted, bound to the
 * caller, the tool and the arguments, and short-lived.
 *
 * @module
 * @see Multi round-trip requests (T26-191, T26-193, T26-200)
 */
import { invalidParams, isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import type { JournalEntry } from "../tasks/mod.ts";
import { sha256OfTexts, toCanonicalJson } from "../store/mod.ts";
import type { Answers } from "../execution/mod.ts";
import type { Exchange } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";

/** How long a client may take for one answer, in milliseconds. */
const STATE_TTL_MS = 600_000;

/** What an earlier round left. */
export interface RoundState {
  /** Id the task will have, should the call become one. */
  readonly taskId: string;
  /** When the id was made: with the first round. */
  readonly startedAt: number;
  /** What `task.prepare` returned, once it has. */
  readonly prepared?: { readonly value: JsonValue };
  /** Which function asked: its journal and answers follow. */
  readonly entries: readonly JournalEntry[];
  readonly answers: Answers;
}

/**
 * Seals the state of a round.
 *
 * No state outlives the task that may be made of it: one that did could make the same task a second time.
 *
 * @param ttlMs Time to live of that task.
 */
export async function sealState(
  services: Services,
  context: string,
  state: RoundState,
  ttlMs: number,
): Promise<string> {
  const expiresAt = Math.min(services.store.runtime.now() + STATE_TTL_MS, state.startedAt + ttlMs);
  return await services.keyring.seal("state", context, { ...state, expiresAt } as unknown as JsonValue);
}

/**
 * Opens what {@linkcode sealState} sealed for the same call.
 *
 * @throws {ProtocolError} -32602, with one text for every defect.
 */
export async function openState(services: Services, context: string, token: string): Promise<RoundState> {
  const value = await services.keyring.open("state", context, token);
  if (
    !isJsonObject(value) || typeof value.expiresAt !== "number" ||
    value.expiresAt <= services.store.runtime.now()
  ) {
    throw invalidParams(
      'Invalid params: "requestState" is not one of this call, or has expired: start over without it',
      {
        reason: "state",
      },
    );
  }
  return value as unknown as RoundState;
}

/** What a state is bound to: who calls which tool with which arguments. */
export async function stateContext(
  exchange: Exchange,
  method: string,
  name: string,
  args: JsonObject,
): Promise<string> {
  const owner = await ownerKeyFor(exchange.caller, "");
  return sha256OfTexts([method, name, owner, toCanonicalJson(args)]);
}
