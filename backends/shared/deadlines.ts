/**
 * One deadline per operation, but one timer for all of them: starting a timer costs more than a fast operation.
 *
 * @module
 */
import type { CancelTimer, Runtime } from "../../src/runtime.ts";

/** An operation under way. */
export interface Deadline {
  /** Instant on the monotonic clock at which its time is over. */
  readonly at: number;
  /** Called at that instant. */
  readonly onOver: () => void;
}

/** Deadlines of operations that all may take equally long, so that the first to start is the first to end. */
export class Deadlines {
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  readonly #pending = new Set<Deadline>();
  #cancel: CancelTimer | undefined;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
  }

  /** Starts the time of an operation. */
  start(onOver: () => void): Deadline {
    const deadline = { at: this.#runtime.monotonic() + this.#timeoutMs, onOver };
    this.#pending.add(deadline);
    if (this.#cancel === undefined) this.#arm(this.#timeoutMs);
    return deadline;
  }

  /** Ends the time of an operation that has ended. The timer does not outlive the last of them. */
  end(deadline: Deadline): void {
    if (!this.#pending.delete(deadline) || this.#pending.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(ms: number): void {
    this.#cancel = this.#runtime.setTimer(ms, () => {
      this.#cancel = undefined;
      const now = this.#runtime.monotonic();
      for (const deadline of this.#pending) {
        // A timer may fire a little early.
        if (deadline.at > now) return this.#arm(deadline.at - now);
        this.#pending.delete(deadline);
        deadline.onOver();
      }
    });
  }
}
