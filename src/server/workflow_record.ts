/**
 * Recording a call of a client's with the workflow that it names.
 *
 * @module
 */
import { isJsonObject, type JsonValue } from "../protocol/mod.ts";
import { type TaskHead, TaskNotFoundError } from "../tasks/mod.ts";
import {
  recordContinuation,
  type RecordedContinuation,
  type TaskOutcome,
  type TaskStore,
  type Versioned,
} from "../store/mod.ts";
import { completionOf, toContinuingCall } from "../workflow/mod.ts";
import type { Turns } from "./turns.ts";

/** What recording needs of a server or a worker. */
export interface Recording {
  readonly store: TaskStore;
  /** Calls that continue the same workflow, one after the other. */
  readonly continuations: Turns;
}

/** A call that has ended. */
export interface EndedCall {
  readonly tool: string;
  /** Arguments as they were sent. */
  readonly rawArgs: JsonValue;
  readonly outcome: TaskOutcome;
  /** Names the record: a call is recorded once under it. */
  readonly nonce: string;
}

/**
 * Records a call. `undefined`: nothing was recorded. Never rejects.
 *
 * @param known The workflow, as it was read last.
 */
export async function recordCall(
  { store, continuations }: Recording,
  known: Versioned,
  { tool, rawArgs, outcome, nonce }: EndedCall,
): Promise<RecordedContinuation | undefined> {
  const { owner, id } = known.head;
  const call = toContinuingCall(tool, isJsonObject(rawArgs) ? rawArgs : {}, outcome, nonce);
  const toOutcome = ({ name, exec, workflow }: TaskHead) =>
    completionOf(name, workflow?.steps.length ?? 0, `${exec.epoch}.${nonce}`);
  try {
    return await continuations.take(
      id,
      // Behind others, what was read before they wrote is of no use.
      (isFirst) => recordContinuation(store, owner, id, call, toOutcome, isFirst ? known : undefined),
    );
  } catch (error) {
    reportUnrecorded(store, id, error);
    return undefined;
  }
}

/**
 * Records a call that became a task of its own, once that task has ended; its id marks the record, so that it is one
 * whoever ends the task. Never rejects.
 */
export async function recordTask(
  recording: Recording,
  head: TaskHead,
  outcome: TaskOutcome,
): Promise<RecordedContinuation | undefined> {
  const { id, name, args, continues } = head;
  if (continues === undefined) return undefined;
  const { store } = recording;
  try {
    const found = await store.find(continues.owner, continues.id);
    if (found === undefined) return undefined;
    const rawArgs = await store.load(head, args);
    return await recordCall(recording, found, { tool: name, rawArgs, outcome, nonce: id });
  } catch (error) {
    reportUnrecorded(store, continues.id, error);
    return undefined;
  }
}

/** Tells the operator of a call that was not recorded, unless its workflow is gone. */
export function reportUnrecorded({ emit }: TaskStore, taskId: string, error: unknown): void {
  if (error instanceof TaskNotFoundError) return;
  const message = "A call was not recorded with the workflow that it names";
  emit({ type: "continuation_failed", taskId, message, error });
}
