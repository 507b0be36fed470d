/**
 * Storing an inline run as a task, and finding out in time whether that took effect.
 *
 * The create carries a lease that begins with it. Whoever does not know how the create ended is in the place
 * of a holder whose heartbeats fail: another process may take the task over when that lease has lapsed.
 *
 * @module
 */
import { sleep } from "../runtime.ts";
import { type TaskHead, TaskIdTakenError } from "../tasks/mod.ts";
import { CREATE_DEADLINE_MS, StorageUnavailableError, type TaskStore, type Versioned } from "../store/mod.ts";

/** Longest wait between two reads that look for the task, in milliseconds. */
const MAX_LOOK_BACKOFF_MS = 2000;

/**
 * Creates a task from the draft of an inline run; its life and its lease begin now.
 *
 * @param startedAt Monotonic time at which the lease begins to count.
 * @param onOverdue Called before it rejects because the lease is almost over and the end of the create unknown.
 * @throws {LimitReachedError} If the owner has as many active tasks as allowed.
 * @throws {TaskIdTakenError} If the id is taken.
 * @throws {StorageUnavailableError} If nothing was stored, or after `onOverdue`.
 */
export async function createFromDraft(
  store: TaskStore,
  draft: TaskHead,
  activeLimit: number | undefined,
  startedAt: number,
  onOverdue: () => void,
): Promise<Versioned> {
  const { runtime, config: { times: { leaseMs, marginMs } } } = store;
  const now = runtime.now();
  const head: TaskHead = {
    ...draft,
    createdAt: now,
    lastUpdatedAt: now,
    expiresAt: now + (draft.expiresAt - draft.createdAt),
    exec: { ...draft.exec, leaseUntil: now + leaseMs },
  };
  const ended = new AbortController();
  const creating = createOrLook(store, head, activeLimit, startedAt, ended.signal);
  try {
    return await Promise.race([creating, overdue(store, head, leaseMs - marginMs, ended.signal, onOverdue)]);
  } finally {
    ended.abort();
  }
}

async function overdue(
  store: TaskStore,
  { id }: TaskHead,
  ms: number,
  ended: AbortSignal,
  onOverdue: () => void,
): Promise<never> {
  await sleep(store.runtime, ms, ended);
  onOverdue();
  throw new StorageUnavailableError(
    `Cannot store task "${id}" in time: it is not known whether it was stored`,
  );
}

/** Creates a task; where it is unknown how that ended, looks until it is known. */
async function createOrLook(
  store: TaskStore,
  head: TaskHead,
  activeLimit: number | undefined,
  startedAt: number,
  ended: AbortSignal,
): Promise<Versioned> {
  try {
    return await store.create(head, activeLimit);
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    const found = await look(store, head, startedAt, ended);
    if (found === undefined) throw error;
    if (found.head.createNonce !== head.createNonce) throw new TaskIdTakenError(head.id);
    return found;
  }
}

/** The task, or `undefined` once it can no longer be stored: a create that comes later is refused by the engine. */
async function look(
  store: TaskStore,
  { owner, id }: TaskHead,
  startedAt: number,
  ended: AbortSignal,
): Promise<Versioned | undefined> {
  const { runtime, config } = store;
  const decidedAt = startedAt + CREATE_DEADLINE_MS + config.times.marginMs;
  for (let attempt = 1;; attempt++) {
    const isDecided = runtime.monotonic() >= decidedAt;
    try {
      const found = await store.peek(owner, id);
      if (found !== undefined || isDecided) return found;
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
    }
    await sleep(runtime, Math.min(MAX_LOOK_BACKOFF_MS, 50 * 2 ** attempt), ended);
  }
}
