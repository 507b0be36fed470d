/**
 * Operations on workflow tasks, each one read-modify-put like those of {@linkcode TaskStore}.
 *
 * @module
 */
import { randomName } from "../runtime.ts";
import {
  claimWorkflow,
  complete,
  ConcurrentModificationError,
  continueWorkflow,
  type ContinuingCall,
  hasWorkflowMark,
  type Holder,
  isHeldAt,
  isTerminal,
  type Outcome,
  parkLost,
  type TaskHead,
  TaskNotFoundError,
  type WorkflowCaller,
} from "../tasks/mod.ts";
import type { JsonObject } from "../protocol/mod.ts";
import type { OwnerKey } from "./backend.ts";
import type { Mutated, Versioned } from "./head_writer.ts";
import { toOutcome } from "./outcome.ts";
import type { TaskStore } from "./task_store.ts";

/** How often a continuation starts over that lost against others again and again: none may be lost. */
const MAX_ROUNDS = 16;

/** What {@linkcode takeWorkflow} found. */
export interface TakenWorkflow {
  readonly current: Versioned;
  /** Who holds it now. Absent: it has ended, or another process is at work on it. */
  readonly holder?: Holder;
  /** Monotonic start of the write that took it. */
  readonly startedAt: number;
}

/**
 * Takes a workflow to go on with it.
 *
 * @throws {TaskNotFoundError} If it is unknown, expired or someone else's.
 */
export async function takeWorkflow(
  store: TaskStore,
  caller: WorkflowCaller,
  known: Versioned,
): Promise<TakenWorkflow> {
  const { runtime, config: { times } } = store;
  const { owner, id } = known.head;
  const leaseOwner = randomName(runtime);
  const startedAt = runtime.monotonic();
  const { current, value: holder } = await store.mutate<Holder | undefined>(owner, id, {
    decide: (head, now) => {
      if (isTerminal(head.status) || isHeldAt(head, now, times.marginMs)) return { skip: undefined };
      const parked = settled(head, now, times.marginMs);
      const write = claimWorkflow(parked, leaseOwner, now, times.leaseMs, caller);
      return { write, value: { epoch: write.exec.epoch, leaseOwner } };
    },
    landed: ({ exec }) => exec.leaseOwner === leaseOwner,
  }, known);
  return { current, holder, startedAt };
}

/** What {@linkcode recordContinuation} did. */
export interface RecordedContinuation {
  readonly current: Versioned;
  /** Step that the call was taken for. Absent: it is kept beside the steps. */
  readonly step?: string;
}

/**
 * Records a client's call with one write. `undefined`: the task is no workflow, or has ended; nothing was changed.
 *
 * @param outcome What the task ends with if it was the last step.
 * @param known State to try first, saving the read.
 * @throws {TaskNotFoundError} If it is unknown, expired or someone else's.
 * @throws {ConcurrentModificationError} After very many lost attempts.
 */
export async function recordContinuation(
  store: TaskStore,
  owner: OwnerKey,
  id: string,
  call: ContinuingCall,
  outcome: (head: TaskHead) => Outcome,
  known?: Versioned,
): Promise<RecordedContinuation | undefined> {
  const { times } = store.config;
  for (let round = 1;; round++) {
    try {
      const { current, value } = await store.mutate<{ readonly step?: string } | undefined>(owner, id, {
        decide: (head, now) => {
          if (head.workflow === undefined || isTerminal(head.status)) return { skip: undefined };
          // It landed without our hearing of it, and others have written since.
          if (hasWorkflowMark(head, call.nonce)) return { skip: { step: stepOf(head, call.nonce) } };
          const effect = continueWorkflow(settled(head, now, times.marginMs), now, call, outcome(head));
          return { write: effect.head, value: { step: effect.step } };
        },
        landed: (head) => hasWorkflowMark(head, call.nonce),
      }, round === 1 ? known : undefined);
      return value && { current, ...value };
    } catch (error) {
      if (!(error instanceof ConcurrentModificationError) || round >= MAX_ROUNDS) throw error;
    }
  }
}

/**
 * Completes a workflow with a result of its client's. `false`: it had ended before.
 *
 * @throws {TaskNotFoundError} If it is unknown, expired or someone else's.
 */
export function finishWorkflow(
  store: TaskStore,
  known: Versioned,
  result: JsonObject,
): Promise<Mutated<boolean>> {
  const { owner, id } = known.head;
  const outcome = toOutcome({ kind: "result", result }, `0.${randomName(store.runtime, 9)}`);
  return store.mutate<boolean>(owner, id, {
    decide: (head, now) =>
      isTerminal(head.status)
        ? { skip: false }
        : { write: complete(head, now, outcome, undefined), value: true },
    landed: (head) => head.outcome?.gen === outcome.gen,
  }, known);
}

/** The workflow task of that name; anything else is as unknown as no task at all. */
export async function findWorkflow(
  store: TaskStore,
  owner: OwnerKey,
  id: string,
  name: string,
): Promise<Versioned> {
  const current = await store.get(owner, id);
  if (current.head.kind !== "workflow" || current.head.name !== name) throw new TaskNotFoundError();
  return current;
}

/** A head without the traces of a process that was lost. */
function settled(head: TaskHead, now: number, marginMs: number): TaskHead {
  return head.exec.phase === "running" && !isHeldAt(head, now, marginMs) ? parkLost(head, now) : head;
}

function stepOf({ workflow }: TaskHead, nonce: string): string | undefined {
  return workflow?.steps.find((step) => step.nonce === nonce)?.name;
}
