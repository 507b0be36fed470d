/**
 * A wait of a 2025-11-25 client that takes long: its connection is closed in between, and the client comes back.
 *
 * @module
 */
import type { CancelTimer } from "../runtime.ts";
import type { Exchange } from "./exchange.ts";
import type { Services } from "./services.ts";

/** When the client is to come back, in milliseconds. */
export const RETRY_MS = 1000;
/** Part of the time by which waits differ, so that clients that came together do not come back together. */
const JITTER = 0.1;

/** Ends the connection of a wait after `resultWaitMs` ± 10 %, and when the server closes. */
export class PausingWait {
  readonly #exchange: Exchange;
  readonly #closing: AbortSignal;
  readonly #paused = new AbortController();
  readonly #cancelTimer: CancelTimer;

  /** Starts the wait. Unless the client can come back, it has no bound. */
  constructor(services: Services, exchange: Exchange, canComeBack: boolean) {
    const { options: { runtime, resultWaitMs }, subscriptions } = services;
    this.#exchange = exchange;
    this.#closing = subscriptions.closing;
    const ms = resultWaitMs * (1 - JITTER + 2 * JITTER * runtime.random());
    this.#cancelTimer = canComeBack ? runtime.setTimer(ms, () => this.#paused.abort()) : () => {};
    if (!canComeBack) return;
    if (this.#closing.aborted) this.#paused.abort();
    this.#closing.addEventListener("abort", this.#onClosing);
  }

  /** Abort when there is no use in waiting here any longer: the client left, or is to come back. */
  get stops(): readonly AbortSignal[] {
    return [this.#exchange.left, this.#paused.signal];
  }

  /** Ends the wait; to be called in any case. */
  end(): void {
    this.#cancelTimer();
    this.#closing.removeEventListener("abort", this.#onClosing);
    if (this.#paused.signal.aborted) this.#exchange.stream?.cutOff(RETRY_MS);
  }

  // Another process may be there to come back to.
  readonly #onClosing = (): void => this.#paused.abort();
}
