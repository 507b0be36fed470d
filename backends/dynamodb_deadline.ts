/**
 * The last instant of a create. DynamoDB itself compares no put with a clock.
 *
 * @module
 */
import { StorageUnavailableError } from "../src/store/backend.ts";
import type { CancelTimer, Runtime } from "../src/runtime.ts";

/** Refuses attempts of one put that would come too late, and ends the one under way. */
export class CreateDeadline {
  /** Aborts at the instant. */
  readonly signal: AbortSignal | undefined;
  readonly #runtime: Runtime;
  readonly #notAfter: number | undefined;
  readonly #cancel: CancelTimer | undefined;

  /** @param notAfter The instant, epoch milliseconds; absent: there is none. */
  constructor(runtime: Runtime, notAfter: number | undefined) {
    this.#runtime = runtime;
    this.#notAfter = notAfter;
    if (notAfter === undefined) return;
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#cancel = runtime.setTimer(Math.max(0, notAfter - runtime.now()), () => controller.abort());
  }

  /** Throws once the instant has passed. */
  check(action: string): void {
    if (this.#notAfter === undefined || this.#runtime.now() <= this.#notAfter) return;
    throw new StorageUnavailableError(`Cannot ${action}: the time allowed for it has passed`);
  }

  /** Ends the timer. */
  end(): void {
    this.#cancel?.();
  }
}
