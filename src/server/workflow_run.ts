/**
 * Running a workflow's task for as long as somebody waits for it.
 *
 * @module
 */
import { type RunHooks, TaskAbortError } from "../execution/mod.ts";
import { type CancelTimer, sleep } from "../runtime.ts";
import {
  firstUnfinished,
  type Holder,
  type Interrupted,
  LeaseLostError,
  type PauseReason,
  type TaskHead,
  TaskNotFoundError,
  workflowOf,
} from "../tasks/mod.ts";
import { StorageUnavailableError, type Versioned } from "../store/mod.ts";
import { type ArgumentValues, StepStore, type WorkflowDefinition, WorkflowRunner } from "../workflow/mod.ts";
import { onFirstAbort } from "./abort_race.ts";
import type { Services } from "./services.ts";

/** How a workflow is run. */
export interface WorkflowRunRequest {
  readonly definition: WorkflowDefinition;
  readonly args: ArgumentValues;
  readonly current: Versioned;
  readonly holder: Holder;
  /** Monotonic start of the write that took the task. */
  readonly startedAt: number;
  readonly hooks: RunHooks;
  /** Whether failed steps are tried again that may be. */
  readonly retries: boolean;
  /** Whether a step that asks leaves at once: the answer comes with another request. */
  readonly leavesToAsk: boolean;
  /** Abort when nobody waits any longer. */
  readonly stops: readonly AbortSignal[];
  /** Monotonic time from which on no further step is started. */
  readonly endsAt: number;
}

/** Where a run stands. */
export interface WorkflowStanding {
  /** The task, as it is known here. */
  readonly head: TaskHead;
  /** What finished steps came to. */
  readonly steps: StepStore;
  /** What runs it. */
  readonly runner: WorkflowRunner;
  /** Why it stopped, where that is not stored. */
  readonly pauseReason?: PauseReason;
}

/** A run under way. */
export interface WorkflowRun {
  /** Resolves when the workflow has stopped, or has taken as long as it may and {@linkcode HANDOVER_MS} more. */
  readonly inTime: Promise<WorkflowStanding>;
  /** Resolves when its last step has ended, which may be later. Never rejects. */
  readonly ended: Promise<void>;
}

/** How long a step that is under way may take to end before the rest is handed over, in milliseconds. */
export const HANDOVER_MS = 1000;

/** Runs a workflow that is held here. */
export async function runWorkflow(services: Services, request: WorkflowRunRequest): Promise<WorkflowRun> {
  const { store, executor, workflowHost: host } = services;
  const { definition, args, hooks, holder, retries, leavesToAsk } = request;
  const steps = new StepStore(store);
  const parts: { runner?: WorkflowRunner } = {};
  const run = await executor.hold(request.current, request.startedAt, {
    hooks,
    holder,
    settings: { park: (head, holder, now) => parts.runner?.park(head, holder, now), storesProgress: false },
  });
  if (leavesToAsk) run.leaveWhenIdle();
  const waitMs = Math.max(1, request.endsAt - store.runtime.monotonic());
  const end = new EndOfWait(services, waitMs, request.stops, () => run.leaveWhenIdle());
  const runner = new WorkflowRunner(run, {
    definition,
    args,
    host,
    steps,
    retries,
    stopBefore: () => end.reason,
  });
  parts.runner = runner;
  const done = executor.perform(run, (ctx) => runner.go(ctx)).then(
    () => ({ type: "done" as const }),
    (error: unknown) => {
      // Whatever it was: nothing is written by this run any more.
      run.abort("lease_lost");
      return { type: "failed" as const, error };
    },
  );
  const stopped = Promise.race([done, run.left.then(() => ({ type: "left" as const }))]);
  const ended = stopped.then(() => end.stop());
  const stand = (head: TaskHead, type?: Interrupted["type"]): WorkflowStanding => {
    const pauseReason = type && { type, nextStep: firstUnfinished(workflowOf(head))?.name ?? "" };
    return { head, steps, runner, pauseReason };
  };
  const inTime = async (): Promise<WorkflowStanding> => {
    const giveUp = new AbortController();
    const slow = sleep(store.runtime, waitMs + HANDOVER_MS, giveUp.signal).catch(() => {});
    const event = await Promise.race([stopped, slow]);
    giveUp.abort();
    if (event === undefined) return stand(run.head, end.reason ?? "timeLimit");
    if (event.type === "done") return stand(run.head);
    if (event.type === "failed" && !isLoss(event.error)) throw event.error;
    try {
      // Somebody else may have it by now, or nobody.
      return stand((await store.get(run.head.owner, run.head.id)).head);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      return stand(run.head, "storeUnavailable");
    }
  };
  return { inTime: inTime(), ended };
}

/** Whether the task was lost to somebody else, which is no fault. */
function isLoss(error: unknown): boolean {
  return error instanceof TaskAbortError || error instanceof LeaseLostError ||
    error instanceof TaskNotFoundError;
}

/** Why a run is to start no further step: nobody waits, it has taken as long as it may, or the server closes. */
class EndOfWait {
  reason: Interrupted["type"] | undefined;
  readonly #onEnd: () => void;
  readonly #stops: (() => void)[];

  constructor(
    { options: { runtime }, subscriptions: { closing } }: Services,
    waitMs: number,
    stops: readonly AbortSignal[],
    onEnd: () => void,
  ) {
    this.#onEnd = onEnd;
    const cancelTimer: CancelTimer = runtime.setTimer(waitMs, () => this.#end("timeLimit"));
    this.#stops = [
      cancelTimer,
      onFirstAbort(stops, () => this.#end("cancelled")),
      onFirstAbort([closing], () => this.#end("closing")),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #end(reason: Interrupted["type"]): void {
    this.reason ??= reason;
    this.#onEnd();
  }
}
