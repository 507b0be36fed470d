/**
 * What to do with a task that is due: one decision, for the scanner and for `tasks/get` alike.
 *
 * @module
 */
import { internalError } from "../protocol/mod.ts";
import {
  claim,
  earliestDeadline,
  expireInputs,
  giveUp,
  isExpired,
  isTerminal,
  type LeaseTimes,
  type Outcome,
  postpone,
  type TaskHead,
} from "../tasks/mod.ts";
import { toOutcome } from "../store/mod.ts";
import type { RepeatBackoff } from "./tool.ts";

/** Why nobody may run a task again. */
export type GiveUpReason = "worker_lost" | "attempts_exhausted";

/** What to do. */
export type RecoveryAction =
  /** Nothing is due (any more), it is not ours, or this process has its hands full. */
  | { readonly type: "pass"; readonly reason: "not_due" | "foreign" | "busy" }
  /** Gone for everyone: delete it. */
  | { readonly type: "reap" }
  /** Take it and run it. */
  | { readonly type: "claim"; readonly head: TaskHead; readonly isLoss: boolean }
  /** Hand it to an outside engine. */
  | { readonly type: "dispatch" }
  /** Store this; nothing is to be run now. */
  | {
    readonly type: "store";
    readonly head: TaskHead;
    readonly reason: GiveUpReason | "postponed" | "input_timeout" | "workflow_parked";
    readonly isLoss?: boolean;
  };

/** What a decision needs besides the head. */
export interface DecisionContext {
  readonly now: number;
  readonly times: LeaseTimes;
  /** Random name of the holder, should the task be claimed. */
  readonly leaseOwner: string;
  /** Random name of what is written otherwise. */
  readonly nonce: string;
  /** In [0, 1), for the backoff. */
  readonly random: number;
  /** Whether the task belongs to this service and its tool is registered here. */
  readonly isKnown: boolean;
  /** Pauses before lost attempts, as the tool's author wants them. */
  readonly backoff?: RepeatBackoff;
  /** Whether the tool has a handler here. */
  readonly hasHandler: boolean;
  /** Whether the tool hands its tasks to an outside engine. */
  readonly hasDispatch: boolean;
  /** Whether this process may claim the task's tool now. */
  readonly mayClaim: boolean;
}

const NOT_DUE: RecoveryAction = { type: "pass", reason: "not_due" };

const TEXTS: Readonly<Record<GiveUpReason, string>> = {
  worker_lost:
    "The process running this task was lost. The tool is not declared safe to repeat, so it was not run " +
    "again; its effects may or may not have taken place.",
  attempts_exhausted: "The processes running this task were lost on every attempt it had.",
};

/** Decides on a head. */
export function decideRecovery(head: TaskHead, context: DecisionContext): RecoveryAction {
  const { now } = context;
  if (isExpired(head, now)) return { type: "reap" };
  if (isTerminal(head.status)) return NOT_DUE;
  if (!context.isKnown) return { type: "pass", reason: "foreign" };
  const deadline = earliestDeadline(head.input);
  if (deadline !== undefined && deadline <= now) {
    return { type: "store", head: expireInputs(head, now, context.nonce), reason: "input_timeout" };
  }
  if (!context.hasHandler) {
    if (context.hasDispatch && isQueuedAndDue(head, now)) return { type: "dispatch" };
    return { type: "pass", reason: "foreign" };
  }
  switch (head.exec.phase) {
    case "running":
      return decideLapsed(head, context);
    case "queued":
      return isQueuedAndDue(head, now) ? take(head, context, false) : NOT_DUE;
    case "parked":
      return (head.exec.wakeAt ?? Infinity) <= now ? take(head, context, false) : NOT_DUE;
    default:
      return NOT_DUE;
  }
}

function isQueuedAndDue({ exec, createdAt }: TaskHead, now: number): boolean {
  return exec.phase === "queued" && (exec.notBefore ?? createdAt) <= now;
}

function decideLapsed(head: TaskHead, context: DecisionContext): RecoveryAction {
  const { exec } = head;
  if ((exec.leaseUntil ?? 0) + context.times.marginMs > context.now) return NOT_DUE;
  if (!exec.repeatable) return abandoned(head, context, "worker_lost");
  const isFirst = exec.attempt < 2;
  // Unless its author wants it otherwise, the first loss is made good at once; a tool that keeps losing its process
  // waits longer each time.
  const isAtOnce = isFirst && context.backoff === undefined;
  if (isAtOnce || exec.attempt >= exec.maxAttempts) return take(head, context, true);
  const { initialMs = 1000, maxMs = 60_000, factor = 2 } = context.backoff ?? {};
  const pause = Math.floor(context.random * Math.min(maxMs, initialMs * factor ** (exec.attempt - 1)));
  // Only the first loss of a task counts against its tool: one that always takes its process down must not stop all others.
  return { type: "store", head: postpone(head, context.now + pause), reason: "postponed", isLoss: isFirst };
}

function take(head: TaskHead, context: DecisionContext, isLoss: boolean): RecoveryAction {
  if (head.exec.attempt >= head.exec.maxAttempts) return abandoned(head, context, "attempts_exhausted");
  if (!context.mayClaim) return { type: "pass", reason: "busy" };
  const { now, times, leaseOwner } = context;
  return { type: "claim", head: claim(head, leaseOwner, now, times.leaseMs), isLoss };
}

function abandoned(head: TaskHead, { now, nonce }: DecisionContext, reason: GiveUpReason): RecoveryAction {
  const error = internalError(TEXTS[reason], { reason }).toJsonRpc();
  const outcome: Outcome = toOutcome({ kind: "rpcError", error }, `${head.exec.epoch + 1}.${nonce}`);
  return { type: "store", head: giveUp(head, now, outcome, TEXTS[reason]), reason };
}
