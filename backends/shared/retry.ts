/**
 * Repeats what an engine refused for the moment, until a deadline.
 *
 * @module
 */
import { StorageError, StorageUnavailableError, type Version } from "../../src/store/backend.ts";
import type { Runtime } from "../../src/runtime.ts";
import { Deadlines } from "./deadlines.ts";

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
  /** Turns a failure into what the caller sees. */
  toError(action: string, error: unknown, attempted?: Version): Error;
}

/** Runs operations under a {@linkcode RetryPolicy}. */
export class Retrier {
  readonly #policy: RetryPolicy;
  readonly #deadlines: Deadlines;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
    this.#deadlines = new Deadlines(policy.runtime, policy.timeoutMs);
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
  run<T>(action: string, attempt: () => Promise<T>, attempted?: Version): Promise<T> {
    const { runtime, timeoutMs, minPauseMs, maxPauseMs } = this.#policy;
    return new Promise((resolve, reject) => {
      let isOver = false;
      let bound = minPauseMs;
      let lastFault: unknown;
      const deadline = this.#deadlines.start(() => {
        isOver = true;
        const message = `Cannot ${action}: no answer within ${timeoutMs} ms`;
        reject(
          lastFault === undefined
            ? new StorageUnavailableError(message, { attempted })
            : this.#policy.toError(action, lastFault, attempted),
        );
      });
      const onResult = (result: T) => {
        this.#deadlines.end(deadline);
        resolve(result);
      };
      const onFault = (fault: unknown) => {
        if (isOver) return;
        const pause = runtime.random() * bound;
        if (this.#policy.isTransient(fault) && runtime.monotonic() + pause < deadline.at) {
          lastFault = fault;
          bound = Math.min(bound * 2, maxPauseMs);
          runtime.setTimer(pause, start);
          return;
        }
        this.#deadlines.end(deadline);
        reject(fault instanceof StorageError ? fault : this.#policy.toError(action, fault, attempted));
      };
      const start = () => {
        if (isOver) return;
        try {
          attempt().then(onResult, onFault);
        } catch (fault) {
          onFault(fault);
        }
      };
      start();
    });
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
