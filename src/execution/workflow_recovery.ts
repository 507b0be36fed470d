/**
 * What to do with a workflow that is due. It is never run from here: only a client sets it going.
 *
 * @module
 */
import {
  earliestDeadline,
  expireInputs,
  isExpired,
  isHeldAt,
  isTerminal,
  type LeaseTimes,
  parkLost,
  type TaskHead,
} from "../tasks/mod.ts";
import type { RecoveryAction } from "./recovery_decision.ts";

/** What a decision needs besides the head. */
export interface WorkflowDecisionContext {
  readonly now: number;
  readonly times: LeaseTimes;
  /** Random name of what is written. */
  readonly nonce: string;
  /** Whether the workflow belongs to this service. Its steps need not be known here. */
  readonly isOurs: boolean;
}

const NOT_DUE: RecoveryAction = { type: "pass", reason: "not_due" };

/** Decides on the head of a workflow: one whose process was lost is parked, and what that may have broken off has failed. */
export function decideWorkflowRecovery(head: TaskHead, context: WorkflowDecisionContext): RecoveryAction {
  const { now, times, nonce, isOurs } = context;
  if (isExpired(head, now)) return { type: "reap" };
  if (isTerminal(head.status)) return NOT_DUE;
  if (!isOurs) return { type: "pass", reason: "foreign" };
  const deadline = earliestDeadline(head.input);
  if (deadline !== undefined && deadline <= now) {
    return { type: "store", head: expireInputs(head, now, nonce), reason: "input_timeout" };
  }
  if (head.exec.phase !== "running" || isHeldAt(head, now, times.marginMs)) return NOT_DUE;
  return { type: "store", head: parkLost(head, now), reason: "workflow_parked" };
}
