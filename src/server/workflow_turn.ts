/**
 * Taking a workflow to go on with it, once whoever is at work on it has stopped.
 *
 * @module
 */
import { deferred } from "../runtime.ts";
import { isHeldAt, isTerminal, TaskNotFoundError, type WorkflowCaller } from "../tasks/mod.ts";
import { headKey, type TakenWorkflow, takeWorkflow, type TaskStore, type Versioned } from "../store/mod.ts";
import { onFirstAbort } from "./abort_race.ts";

/** How long to wait for it. */
export interface TurnOptions {
  /** Monotonic time at which the wait is over. */
  readonly endsAt: number;
  /** Abort when nobody waits any longer. */
  readonly stops: readonly AbortSignal[];
}

/**
 * Takes a workflow, as soon as nobody else holds it.
 *
 * @returns Without a holder, if it has ended, or is still being worked on when the wait is over.
 * @throws {TaskNotFoundError} If it is gone.
 */
export async function takeInTurn(
  store: TaskStore,
  caller: WorkflowCaller,
  found: Versioned,
  options: TurnOptions,
): Promise<TakenWorkflow> {
  for (let current = found;;) {
    const taken = await takeWorkflow(store, caller, current);
    if (taken.holder !== undefined || isTerminal(taken.current.head.status)) return taken;
    current = await untilFree(store, taken.current, options);
    const isOver = store.runtime.monotonic() >= options.endsAt ||
      options.stops.some(({ aborted }) => aborted);
    if (isOver) return { ...taken, current };
  }
}

/** Waits until nobody seems to hold a workflow, or the wait is over. The newest state that was seen. */
async function untilFree(
  store: TaskStore,
  known: Versioned,
  { endsAt, stops }: TurnOptions,
): Promise<Versioned> {
  const { runtime, watcher, config: { times: { marginMs } } } = store;
  const { owner, id } = known.head;
  const free = deferred<void>();
  let current: Versioned | undefined = known;
  let failure: unknown;
  const onChange = (next: Versioned | undefined) => {
    if (next === undefined || next.head.rev >= (current?.head.rev ?? 0)) current = next;
    if (current === undefined || !isHeld(current)) free.resolve();
  };
  const isHeld = ({ head }: Versioned) => !isTerminal(head.status) && isHeldAt(head, runtime.now(), marginMs);
  const unsubscribe = watcher.subscribe(headKey(owner, id), onChange);
  const stopListening = onFirstAbort(stops, () => free.resolve());
  const lapseMs = (known.head.exec.leaseUntil ?? 0) + marginMs - runtime.now();
  const waitMs = Math.max(1, Math.min(endsAt - runtime.monotonic(), lapseMs));
  const cancelTimer = runtime.setTimer(waitMs, () => free.resolve());
  // What changed before it was watched.
  store.find(owner, id).then(onChange, (error) => {
    failure = error;
    free.resolve();
  });
  try {
    await free.promise;
  } finally {
    unsubscribe();
    stopListening();
    cancelTimer();
  }
  if (failure !== undefined) throw failure;
  if (current === undefined) throw new TaskNotFoundError();
  return current;
}
