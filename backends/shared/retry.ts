/**
 * Repeats what an engine refused for the moment, until a deadline.
 *
 * @module
 */
import { StorageError, StorageUnavailableError, type Version } from "../../src/store/backend.ts";
import { type Runtime, sleep } from "../../src/runtime.ts";

/** How a backend talks to its engine. */
export interface RetryPolicy {
  readonly runtime: Runtime;
  /** Longest time one operation may take, with all its attempts, in milliseconds. */
  readonly timeoutMs: number;
  /** First bound of the random pause between attempts, in milliseconds; it doubles. */
  readonly minPauseMs: number;
  /** Last bound of the pause. */
  readonly maxPauseMs: number;
  /** Whether the engine refused for the moment, and the same call may be sent again. */
  isTransient(error: unknown): boolean;
  /** Turns any other failure into what the caller sees. */
  toError(action: string, error: unknown, attempted?: Version): Error;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the operation's time is over.
 *
 * The pause before attempt *n* is random between zero and `minPauseMs * 2^n`, at most `maxPauseMs`.
 *
 * @param action What the operation does, for messages: `store task "t1"`.
 * @param attempted Version the operation tries to store, where the adapter chose it.
 * @throws {StorageUnavailableError} If the time is over before an attempt ended.
 */
export async function retry<T>(
  policy: RetryPolicy,
  action: string,
  attempt: () => Promise<T>,
  attempted?: Version,
): Promise<T> {
  const { runtime, timeoutMs } = policy;
  const started = runtime.monotonic();
  let isOver = false;
  let lastFault: unknown;
  let expire!: (error: Error) => void;
  const expired = new Promise<never>((_, reject) => expire = reject);
  expired.catch(() => {});
  const cancel = runtime.setTimer(timeoutMs, () => {
    isOver = true;
    expire(
      new StorageUnavailableError(`Cannot ${action}: no answer within ${timeoutMs} ms`, {
        cause: lastFault,
        attempted,
      }),
    );
  });
  try {
    for (let bound = policy.minPauseMs;; bound = Math.min(bound * 2, policy.maxPauseMs)) {
      try {
        return await Promise.race([attempt(), expired]);
      } catch (error) {
        if (isOver || !policy.isTransient(error)) throw error;
        lastFault = error;
      }
      const pause = runtime.random() * bound;
      if (runtime.monotonic() - started + pause >= timeoutMs) {
        throw new StorageUnavailableError(`Cannot ${action}: ${messageOf(lastFault)}`, {
          cause: lastFault,
          attempted,
        });
      }
      await sleep(runtime, pause);
    }
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw policy.toError(action, error, attempted);
  } finally {
    cancel();
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
