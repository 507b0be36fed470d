/**
 * The progress of a workflow: what the head says of its steps, and how each operation changes it.
 *
 * Pure functions, as in `operations.ts`. A workflow is `running` only while a process works on it for a client; otherwise
 * it is parked, with status `working`, and only a client sets it going again.
 *
 * @module
 */
import type { JsonObject } from "../protocol/mod.ts";
import { assertHeld, complete, type Holder, leased, MAX_STATUS_MESSAGE, released } from "./operations.ts";
import { describePause, MAX_REASON_TEXT, type PauseReason } from "./pause_reason.ts";
import { type Outcome, type PrincipalSnapshot, type Spillable, type TaskHead, touched } from "./record.ts";

/** Calls beside the steps that are kept; the oldest are forgotten first. */
export const MAX_WORKFLOW_EXTRAS = 64;
/** Longest goal kept, in UTF-16 units. */
const MAX_GOAL = 1024;

/** Where a step stands. `running`: begun, and not to be begun again should its process be lost. */
export type WorkflowStepStatus = "pending" | "running" | "completed" | "failed";

/** A step of a workflow, in its task. */
export interface WorkflowStepState {
  /** Name of the step. */
  readonly name: string;
  /** Its tool. Absent: the step only reads resources. */
  readonly tool?: string;
  /** See {@linkcode WorkflowStepStatus}. */
  readonly status: WorkflowStepStatus;
  /** Which try this is, from 1; a failed step that is run again has the next one. */
  readonly attempt: number;
  /** Whether the tool may be called again after it failed. */
  readonly retryable?: true;
  /** Who called the tool. Absent: the server. */
  readonly by?: "client";
  /** Whether the process that called the tool was lost. There is no outcome then. */
  readonly lost?: true;
  /** Random name of the write that recorded the outcome. */
  readonly nonce?: string;
  /** The tool's result. On a pending step: the tool has run, and resources are still to be read. */
  readonly outcome?: Spillable;
  /** What is told of the step: a list of messages, with `null` where the result stands. */
  readonly messages?: Spillable;
}

/** A call that named the workflow and matched no step of it. */
export interface WorkflowExtra {
  /** The tool. */
  readonly tool: string;
  /** Random name of the write that recorded it. */
  readonly nonce: string;
  /** The tool's result. */
  readonly outcome: Spillable;
}

/** The progress of a workflow. */
export interface WorkflowState {
  /** What it is for, as `name: description`. */
  readonly goal: string;
  /** Its steps, in order. */
  readonly steps: readonly WorkflowStepState[];
  /** Why it stopped. Absent: it is being worked on, or has ended. */
  readonly pauseReason?: PauseReason;
  /** Calls beside the steps, oldest first. */
  readonly extras: readonly WorkflowExtra[];
  /** How many of them were forgotten. */
  readonly forgotten?: number;
}

/** A step as it is declared. */
export interface NewWorkflowStep {
  /** Name of the step. */
  readonly name: string;
  /** Its tool. */
  readonly tool?: string;
  /** Whether the tool may be called again after it failed. */
  readonly retryable: boolean;
}

/** The first state: everything is still to be done. */
export function newWorkflow(goal: string, steps: readonly NewWorkflowStep[]): WorkflowState {
  return {
    goal: goal.slice(0, MAX_GOAL).toWellFormed(),
    steps: steps.map(({ name, tool, retryable }) => ({
      name,
      ...(tool === undefined ? {} : { tool }),
      status: "pending",
      attempt: 1,
      ...(retryable ? { retryable: true } : {}),
    })),
    extras: [],
  };
}

/** The workflow of a head; a head without one is none of this module's business. */
export function workflowOf({ id, workflow }: TaskHead): WorkflowState {
  if (workflow === undefined) throw new TypeError(`Cannot read the workflow of task "${id}": it is none`);
  return workflow;
}

/** What the server may do next. */
export type NextStep =
  /** Run the step of that index. */
  | { readonly kind: "run"; readonly index: number }
  /** Nothing: that step failed, and it is the client's turn. */
  | { readonly kind: "failed"; readonly index: number }
  /** Nothing: all steps are completed. */
  | { readonly kind: "done" };

/**
 * What the server may do next, in the order of the steps.
 *
 * A failed step stops the server, until the client makes the call itself, or goes on past it with the call of a later
 * step: the client has decided then that the workflow can do without.
 *
 * @param retries Whether failed steps may be run again that are retryable.
 */
export function nextStep({ steps }: WorkflowState, retries: boolean): NextStep {
  const passed = steps.findLastIndex(({ status, by }) => status === "completed" && by === "client");
  let isDone = true;
  for (const [index, { status, retryable }] of steps.entries()) {
    if (status === "completed") continue;
    isDone = false;
    if (status !== "failed") return { kind: "run", index };
    if (retries && retryable) return { kind: "run", index };
    if (index > passed) return { kind: "failed", index };
  }
  if (isDone) return { kind: "done" };
  // Everything else is done, and only what the client has passed over is left.
  return { kind: "failed", index: steps.findIndex(({ status }) => status === "failed") };
}

/** The first step that is not completed; absent once all are. */
export function firstUnfinished({ steps }: WorkflowState): WorkflowStepState | undefined {
  return steps.find(({ status }) => status !== "completed");
}

/** Marks a step as begun, so that nobody begins it again. What a client completed meanwhile stays as it is. */
export function startStep(head: TaskHead, holder: Holder, index: number): TaskHead {
  assertHeld(head, holder);
  const step = stepAt(head, index);
  return step.status === "completed" ? head : withStep(head, index, { ...step, status: "running" });
}

/** What a step came to. */
export interface StepRecord {
  /** `pending`: its tool has run, and resources are still to be read. */
  readonly status: "completed" | "failed" | "pending";
  /** Which try it was. */
  readonly attempt: number;
  /** Random name of this write. */
  readonly nonce: string;
  /** See {@linkcode WorkflowStepState}. */
  readonly outcome?: Spillable;
  /** See {@linkcode WorkflowStepState}. */
  readonly messages?: Spillable;
}

/**
 * Records what a step came to. A step that was completed meanwhile, by the client, stays as it is.
 *
 * When it is the last one, the same write completes the task with `outcome`.
 */
export function recordStep(
  head: TaskHead,
  holder: Holder,
  now: number,
  index: number,
  record: StepRecord,
  outcome: Outcome,
): TaskHead {
  assertHeld(head, holder);
  const next = record.status === "pending" ? head : withoutQuestions(head);
  if (stepAt(head, index).status === "completed") return completeIfDone(next, now, outcome);
  return completeIfDone(touched(withRecord(next, index, record), now), now, outcome);
}

/**
 * Parks the workflow: nobody holds it, and it waits for a client. A step under way is to be run again from its journal,
 * and its questions stay open if they are the reason.
 */
export function pauseWorkflow(
  head: TaskHead,
  holder: Holder,
  now: number,
  pauseReason: PauseReason,
): TaskHead {
  assertHeld(head, holder);
  const workflow = workflowOf(head);
  const steps = workflow.steps.map((step) =>
    step.status === "running" ? { ...step, status: "pending" as const } : step
  );
  const isAsked = pauseReason.type === "inputRequired" && pauseReason.isOpen;
  return {
    ...touched(isAsked ? head : withoutQuestions(head), now),
    statusMessage: toStatusMessage(pauseReason),
    exec: released(head.exec, "parked"),
    workflow: { ...workflow, steps, pauseReason },
  };
}

/** Whether some process holds the workflow at `now`, as far as the clock can say. */
export function isHeldAt({ exec }: TaskHead, now: number, marginMs: number): boolean {
  return exec.phase === "running" && (exec.leaseUntil ?? 0) + marginMs > now;
}

/**
 * Parks a workflow whose process was lost: what that process had begun and must not be begun again has failed, everything else
 * is still to be done.
 */
export function parkLost(head: TaskHead, now: number): TaskHead {
  const workflow = workflowOf(head);
  const steps = workflow.steps.map((step): WorkflowStepState =>
    step.status === "running" ? { ...step, status: "failed", lost: true } : step
  );
  const lost = steps.find((step, i) => step !== workflow.steps[i]);
  const pauseReason: PauseReason = lost === undefined
    ? { type: "workerLost", nextStep: firstUnfinished(workflow)?.name ?? "" }
    : lostStep(lost);
  return {
    ...touched(lost === undefined ? head : withoutQuestions(head), now),
    statusMessage: toStatusMessage(pauseReason),
    exec: released(head.exec, "parked"),
    workflow: { ...workflow, steps, pauseReason },
  };
}

/** Whom a workflow is gone on with for. */
export interface WorkflowCaller {
  /** Who asks; `undefined` for an anonymous caller. The tools run for this caller. */
  readonly principal: PrincipalSnapshot | undefined;
  /** What the client can be asked. @default what the creating one could */
  readonly clientCapabilities?: JsonObject;
}

/** Takes a parked workflow, to go on with it. */
export function claimWorkflow(
  head: TaskHead,
  leaseOwner: string,
  now: number,
  leaseMs: number,
  { principal, clientCapabilities = head.clientCapabilities }: WorkflowCaller,
): TaskHead {
  const { pauseReason: _pauseReason, ...workflow } = workflowOf(head);
  return {
    ...touched(head, now),
    principal,
    clientCapabilities,
    statusMessage: undefined,
    exec: leased(head.exec, leaseOwner, now, leaseMs),
    workflow,
  };
}

/** A call of a client that names the workflow. */
export interface ContinuingCall {
  /** The tool. */
  readonly tool: string;
  /** The tool's result. */
  readonly outcome: Spillable;
  /** Whether the result is an error. */
  readonly isError: boolean;
  /** What is told of the call, as in {@linkcode WorkflowStepState}. */
  readonly messages: Spillable;
  /** What the tool said, where it failed. */
  readonly error?: string;
  /** Random name of the write. */
  readonly nonce: string;
}

/** What {@linkcode continueWorkflow} did. */
export interface ContinuationEffect {
  readonly head: TaskHead;
  /** Step that the call was taken for. Absent: it is kept as an extra. */
  readonly step?: string;
}

/**
 * Records the call of a client: as the first step of that tool that is pending or has failed, else beside the steps. What has
 * finished, or is being run by a process, is left alone. The last step completes the task with `outcome`.
 *
 * The caller has checked that the workflow is not terminal.
 */
export function continueWorkflow(
  head: TaskHead,
  now: number,
  call: ContinuingCall,
  outcome: Outcome,
): ContinuationEffect {
  const workflow = workflowOf(head);
  const { tool, nonce, isError } = call;
  const index = workflow.steps.findIndex((step) =>
    step.tool === tool && (step.status === "pending" || step.status === "failed")
  );
  const step = workflow.steps[index];
  if (step === undefined) {
    const extras = [...workflow.extras, { tool, nonce, outcome: call.outcome }];
    const forgotten = (workflow.forgotten ?? 0) + Math.max(0, extras.length - MAX_WORKFLOW_EXTRAS);
    const kept = extras.slice(-MAX_WORKFLOW_EXTRAS);
    const next = { ...workflow, extras: kept, ...(forgotten === 0 ? {} : { forgotten }) };
    return { head: { ...touched(head, now), workflow: next } };
  }
  const status = isError ? "failed" : "completed";
  const { outcome: result, messages } = call;
  const record: StepRecord = { status, attempt: step.attempt, nonce, outcome: result, messages };
  // What the step has asked is of no interest any more.
  const base = isAskedFor(workflow, step.name) ? withoutQuestions(head) : head;
  const recorded = withRecord(base, index, record, "client");
  const next = withPauseAfter(touched(recorded, now), index, call.error);
  return { head: completeIfDone(next, now, outcome), step: step.name };
}

function isAskedFor({ pauseReason }: WorkflowState, step: string): boolean {
  return pauseReason?.type === "inputRequired" && pauseReason.blockedStep === step;
}

/** Whether a write of that name is recorded. */
export function hasWorkflowMark({ workflow }: TaskHead, nonce: string): boolean {
  const isMarked = (item: { readonly nonce?: string }) => item.nonce === nonce;
  return workflow !== undefined && (workflow.steps.some(isMarked) || workflow.extras.some(isMarked));
}

/** What is told of a step whose process was lost. */
export function lostStep({ name, tool }: WorkflowStepState): PauseReason {
  return {
    type: "toolError",
    failedStep: name,
    error:
      "The process running this step was lost. Its tool is not declared safe to repeat, so it was not run " +
      "again; its effects may or may not have taken place.",
    retryable: false,
    suggestedTool: tool,
    reason: "worker_lost",
  };
}

function stepAt(head: TaskHead, index: number): WorkflowStepState {
  const step = workflowOf(head).steps[index];
  if (step === undefined) throw new RangeError(`Cannot change task "${head.id}": it has no step ${index}`);
  return step;
}

function withStep(head: TaskHead, index: number, step: WorkflowStepState): TaskHead {
  const workflow = workflowOf(head);
  if (workflow.steps[index] === step) return head;
  return { ...head, workflow: { ...workflow, steps: workflow.steps.with(index, step) } };
}

function withRecord(head: TaskHead, index: number, record: StepRecord, by?: "client"): TaskHead {
  const { name, tool, retryable } = stepAt(head, index);
  return withStep(head, index, { name, tool, retryable, ...record, ...(by === undefined ? {} : { by }) });
}

/** A step that has ended waits for no answer. One step runs at a time, so that all open questions are its own. */
function withoutQuestions(head: TaskHead): TaskHead {
  if (head.status !== "input_required") return head;
  return { ...head, status: "working", input: { ...head.input, outstanding: {} } };
}

/**
 * Why the workflow is stopped, now that a client did that step: because it failed, or for no reason any more. While a
 * process works on it, it is not stopped.
 */
function withPauseAfter(head: TaskHead, index: number, error: string | undefined): TaskHead {
  const { pauseReason: _pauseReason, ...workflow } = workflowOf(head);
  const { name, tool, status, retryable = false } = stepAt(head, index);
  if (head.exec.phase === "running" || status !== "failed") {
    return { ...head, statusMessage: undefined, workflow };
  }
  const pauseReason: PauseReason = {
    type: "toolError",
    failedStep: name,
    error: (error ?? "").slice(0, MAX_REASON_TEXT).toWellFormed(),
    retryable,
    suggestedTool: tool,
  };
  return { ...head, statusMessage: toStatusMessage(pauseReason), workflow: { ...workflow, pauseReason } };
}

function toStatusMessage(reason: PauseReason): string {
  return describePause(reason).slice(0, MAX_STATUS_MESSAGE).toWellFormed();
}

/** The last step completes the task. */
function completeIfDone(head: TaskHead, now: number, outcome: Outcome): TaskHead {
  if (firstUnfinished(workflowOf(head)) !== undefined) return head;
  const { pauseReason: _pauseReason, ...workflow } = workflowOf(head);
  return complete({ ...head, workflow }, now, outcome, undefined);
}
