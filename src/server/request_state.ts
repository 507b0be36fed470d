/**
 * State of a 2026-07-28 call that travels through the client between its rounds: encrypted, bound to the
 * caller, the tool and the arguments, and short-lived.
 *
 * @module
 * @see Multi round-trip requests (T26-191, T26-193, T26-200)
 */
import { invalidParams, type JsonObject, type JsonValue, type ProtocolError } from "../protocol/mod.ts";
import { type JournalEntry, type PayloadRef, UndecodableRecordError } from "../tasks/mod.ts";
import { sha256OfTexts, toCanonicalJson, toJsonText } from "../store/mod.ts";
import type { Answers } from "../execution/mod.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";

/** How long a client may take for one answer, in milliseconds. */
const STATE_TTL_MS = 600_000;
/** Longest JSON text of a state that travels whole, in UTF-16 units. */
const MAX_CARRIED_CHARS = 16 * 1024;

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

/** What the client carries: the state itself, or the name of a payload that holds it. */
type Sealed =
  & { readonly expiresAt: number }
  & ({ readonly state: RoundState } | {
    readonly taskId: string;
    readonly ref: PayloadRef;
  });

/**
 * Seals the state of a round. A large one stays in the store, and only its name travels.
 *
 * No state outlives the task that may be made of it: one that did could make the same task a second time.
 *
 * @param ttlMs Time to live of that task.
 * @throws {TooLargeError} If it is larger than a result may be.
 * @throws {LimitReachedError} If it is to be stored, and the caller has created as much in the last minute as allowed.
 */
export async function sealState(
  services: Services,
  caller: Caller,
  context: string,
  state: RoundState,
  ttlMs: number,
): Promise<string> {
  const { store, keyring } = services;
  const expiresAt = Math.min(store.runtime.now() + STATE_TTL_MS, state.startedAt + ttlMs);
  const text = toJsonText(state);
  let sealed: Sealed = { expiresAt, state };
  if (text.length > MAX_CARRIED_CHARS) {
    const { taskId } = state;
    const owner = await ownerKeyFor(caller, taskId);
    // What is stored may be the client's own answers: it fills the store no faster than with tasks.
    services.creates.take(caller === undefined ? "anonymous" : owner);
    const scope = { owner, taskId, expiresAt, epoch: 0, isAnonymous: caller === undefined };
    sealed = { expiresAt, taskId, ref: await store.payloads.write(scope, text) };
  }
  return await keyring.seal("state", context, sealed as unknown as JsonValue);
}

/**
 * Opens what {@linkcode sealState} sealed for the same call.
 *
 * @throws {ProtocolError} -32602, with one text for every defect.
 */
export async function openState(
  services: Services,
  caller: Caller,
  context: string,
  token: string,
): Promise<RoundState> {
  const { store, keyring } = services;
  const sealed = await keyring.open("state", context, token) as unknown as Sealed | undefined;
  if (sealed === undefined || sealed.expiresAt <= store.runtime.now()) throw unusableState();
  if ("state" in sealed) return sealed.state;
  try {
    const owner = await ownerKeyFor(caller, sealed.taskId);
    return await store.payloads.read(owner, sealed.taskId, sealed.ref) as unknown as RoundState;
  } catch (error) {
    if (error instanceof UndecodableRecordError) throw unusableState();
    throw error;
  }
}

/** The error for every state that cannot be used: one text for all defects. */
export function unusableState(): ProtocolError {
  return invalidParams(
    'Invalid params: "requestState" is not one of this call, or has expired: start over without it',
    { reason: "state" },
  );
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
