/**
 * The operation table: what each operation on a task checks and changes, as pure functions over the head.
 *
 * Every function takes the head as stored and returns the head to store, or throws; the caller puts the
 * result under the version it read. A holder's operations check its epoch, so that whoever lost the
 * task can no longer write it.
 *
 * @module
 */
import { LeaseLostError } from "./errors.ts";
import {
  addOutstanding,
  applyAnswers,
  expireOutstanding,
  hasOutstanding,
  type InputState,
  MAX_DELIVERIES,
  type OutstandingInput,
  type ReceivedAnswer,
} from "./input.ts";
import { type ExecState, type Outcome, type Progress, type TaskHead, touched } from "./record.ts";
import { assertTransition, isTerminal, type TaskStatus } from "./status.ts";

/** Longest status message kept, in UTF-16 units. */
export const MAX_STATUS_MESSAGE = 1024;

/** Who holds a task. */
export interface Holder {
  readonly epoch: number;
  readonly leaseOwner?: string;
}

/**
 * Checks that `holder` still holds the task.
 *
 * @throws {LeaseLostError} If it was cancelled, finished or taken over.
 */
export function assertHeld(head: TaskHead, holder: Holder): void {
  if (head.status === "cancelled") throw new LeaseLostError(head.id, "cancelled");
  const lost = isTerminal(head.status) || head.exec.epoch !== holder.epoch ||
    head.exec.leaseOwner !== holder.leaseOwner;
  if (lost) throw new LeaseLostError(head.id, "lease_lost");
}

/** Execution state of a task leased to `leaseOwner` from `now` on. */
export function leased(exec: ExecState, leaseOwner: string, now: number, leaseMs: number): ExecState {
  const { notBefore: _notBefore, wakeAt: _wakeAt, ...rest } = exec;
  return {
    ...rest,
    phase: "running",
    epoch: exec.epoch + 1,
    attempt: exec.attempt + 1,
    leaseOwner,
    leaseUntil: now + leaseMs,
  };
}

/** Execution state without a holder: every earlier holder is refused from now on. */
export function released(exec: ExecState, phase: ExecState["phase"]): ExecState {
  const { leaseOwner: _owner, leaseUntil: _until, notBefore: _notBefore, wakeAt: _wakeAt, ...rest } = exec;
  return { ...rest, phase, epoch: exec.epoch + 1 };
}

/** Finish: the one outcome. The task stops counting as active. */
export function finish(
  head: TaskHead,
  holder: Holder,
  now: number,
  outcome: Outcome,
  statusMessage: string | undefined,
): TaskHead {
  assertHeld(head, holder);
  const status: TaskStatus = outcome.kind === "result" ? "completed" : "failed";
  assertTransition(head.id, head.status, status);
  return terminal(head, now, status, statusMessage, {
    ...head.exec,
    phase: "done",
    leaseOwner: undefined,
    leaseUntil: undefined,
  }, outcome);
}

/** Cancel: revokes the lease. The caller has checked that the task is not terminal. */
export function cancel(head: TaskHead, now: number): TaskHead {
  assertTransition(head.id, head.status, "cancelled");
  return terminal(head, now, "cancelled", undefined, released(head.exec, "done"), undefined);
}

/** Complete: the outcome, from whoever may say that the task is done. Revokes the lease. */
export function complete(
  head: TaskHead,
  now: number,
  outcome: Outcome,
  statusMessage: string | undefined,
): TaskHead {
  assertTransition(head.id, head.status, "completed");
  return terminal(head, now, "completed", statusMessage, released(head.exec, "done"), outcome);
}

/** Give up: nobody may run the task again; `outcome` says why. */
export function giveUp(head: TaskHead, now: number, outcome: Outcome, statusMessage: string): TaskHead {
  assertTransition(head.id, head.status, "failed");
  return terminal(head, now, "failed", statusMessage, released(head.exec, "done"), outcome);
}

function terminal(
  head: TaskHead,
  now: number,
  status: TaskStatus,
  statusMessage: string | undefined,
  exec: ExecState,
  outcome: Outcome | undefined,
): TaskHead {
  return {
    ...touched(head, now),
    status,
    statusMessage: statusMessage?.slice(0, MAX_STATUS_MESSAGE).toWellFormed(),
    exec,
    input: { ...head.input, outstanding: {} },
    outcome,
  };
}

/** Progress: what the tool last said about itself. */
export function reportProgress(
  head: TaskHead,
  holder: Holder,
  now: number,
  statusMessage: string | undefined,
  progress: Progress | undefined,
): TaskHead {
  assertHeld(head, holder);
  return {
    ...touched(head, now),
    statusMessage: statusMessage?.slice(0, MAX_STATUS_MESSAGE).toWellFormed(),
    progress: progress === undefined ? head.progress : withShortMessage(progress),
  };
}

/** The head holds the message as it is: it cannot be moved out. */
function withShortMessage(progress: Progress): Progress {
  const { message } = progress;
  if (message === undefined) return progress;
  return { ...progress, message: message.slice(0, MAX_STATUS_MESSAGE).toWellFormed() };
}

/** Park: nobody holds the task while it waits. `wakeAt`: absent, only an answer ends the wait. */
export function park(head: TaskHead, holder: Holder, wakeAt: number | undefined): TaskHead {
  assertHeld(head, holder);
  const exec = released(head.exec, "parked");
  return { ...head, exec: { ...exec, attempt: exec.attempt - 1, wakeAt } };
}

/** Hand back: another process may take the task at once, and this attempt does not count. */
export function handBack(head: TaskHead, holder: Holder, now: number): TaskHead {
  assertHeld(head, holder);
  const exec = released(head.exec, "queued");
  return { ...head, exec: { ...exec, attempt: exec.attempt - 1, notBefore: now } };
}

/** Claim: the task is held by `leaseOwner` from now on. The caller has checked that it may be taken. */
export function claim(head: TaskHead, leaseOwner: string, now: number, leaseMs: number): TaskHead {
  return { ...head, exec: leased(head.exec, leaseOwner, now, leaseMs) };
}

/** Dispatched: an outside engine has the task, under the epoch it was queued with. */
export function dispatched(head: TaskHead): TaskHead {
  const { notBefore: _notBefore, ...exec } = head.exec;
  return { ...head, exec: { ...exec, phase: "parked" } };
}

/** Postpone: a lost attempt is tried again later; its holder is refused from now on. */
export function postpone(head: TaskHead, notBefore: number): TaskHead {
  return { ...head, exec: { ...released(head.exec, "queued"), notBefore } };
}

/** Input deadlines that have passed: each wait ends with its fallback, or without an answer. */
export function expireInputs(head: TaskHead, now: number, nonce: string): TaskHead {
  const { input, expired } = expireOutstanding(head.input, now, nonce);
  return expired.length === 0 ? head : afterAnswers(head, input, now);
}

/** Ask: questions are recorded and the task waits for input. */
export function ask(
  head: TaskHead,
  holder: Holder,
  now: number,
  questions: Readonly<Record<string, OutstandingInput>>,
): TaskHead {
  assertHeld(head, holder);
  const input = addOutstanding(head.input, questions);
  if (!hasOutstanding(input)) return head;
  return { ...touched(head, now), input, status: "input_required" };
}

/** What {@linkcode answer} did. */
export interface AnswerEffect {
  readonly head: TaskHead;
  /** Keys whose answer counted; none: nothing changed. */
  readonly accepted: readonly string[];
}

/** Answer: first answers to outstanding keys count; the last one lets the task go on. */
export function answer(
  head: TaskHead,
  now: number,
  responses: Readonly<Record<string, ReceivedAnswer>>,
  nonce: string,
): AnswerEffect {
  if (isTerminal(head.status)) return { head, accepted: [] };
  const { input, accepted } = applyAnswers(head.input, responses, nonce);
  if (accepted.length === 0) return { head, accepted };
  const deliveries = [...input.deliveries ?? [], nonce].slice(-MAX_DELIVERIES);
  return { head: afterAnswers(head, { ...input, deliveries }, now), accepted };
}

/** The last answer lets the task go on; a parked one is queued, due now, unless only a client sets it going. */
function afterAnswers(head: TaskHead, input: InputState, now: number): TaskHead {
  const isWaiting = hasOutstanding(input);
  const next: TaskHead = { ...touched(head, now), input, status: isWaiting ? "input_required" : "working" };
  if (isWaiting || head.exec.phase !== "parked" || head.kind === "workflow") return next;
  const { wakeAt: _wakeAt, ...exec } = head.exec;
  return { ...next, exec: { ...exec, phase: "queued", notBefore: now } };
}

/** The reference's update of a status and its message, for work that is not run here. */
export function updateStatus(head: TaskHead, now: number, status: TaskStatus, message?: string): TaskHead {
  assertTransition(head.id, head.status, status);
  const next: TaskHead = {
    ...touched(head, now),
    status,
    statusMessage: message?.slice(0, MAX_STATUS_MESSAGE).toWellFormed(),
  };
  return isTerminal(status) ? { ...next, exec: released(head.exec, "done") } : next;
}
