/**
 * Waits of 2025-11-25 clients that take long: the connection is closed in between, and the client comes back.
 *
 * @module
 */
import type { Exchange } from "./exchange.ts";
import type { Services } from "./services.ts";

/** When the client is to come back, in milliseconds. */
export const RETRY_MS = 1000;
/** Part of the time by which waits differ, so that clients that came together do not come back together. */
const JITTER = 0.1;

/** Options of {@linkcode PausingWaits.start}. */
export interface PausingWaitOptions {
  /** What is waited for, and by which session. */
  readonly name: string;
  /** Whether the client can come back; if not, the wait has no bound. */
  readonly canComeBack: boolean;
  /** Whether the client came back: it left where it waited for the same before, even if that does not show yet. */
  readonly isResumed: boolean;
}

/** One wait. */
export interface PausingWait {
  /** Abort when there is no use in waiting here any longer: the client left, or is to come back. */
  readonly stops: readonly AbortSignal[];
  /** Ends the wait; to be called in any case. */
  end(): void;
}

/**
 * Waits under way in this process. Each ends its connection after `resultWaitMs` ± 10 %, when the credentials of its
 * client lapse, and when the server closes.
 */
export class PausingWaits {
  readonly #services: Services;
  readonly #waits = new Map<string, Set<() => void>>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Starts a wait. Of one that was resumed the earlier connections end: each message goes to one (T25-172). */
  start(exchange: Exchange, { name, canComeBack, isResumed }: PausingWaitOptions): PausingWait {
    const { options: { runtime, resultWaitMs }, subscriptions: { closing } } = this.#services;
    if (isResumed) { for (const pause of this.#waits.get(name) ?? []) pause(); }
    if (!canComeBack) return { stops: [exchange.left], end: () => {} };
    const paused = new AbortController();
    const pause = () => paused.abort();
    const waitMs = resultWaitMs * (1 - JITTER + 2 * JITTER * runtime.random());
    const { expiresAt = Infinity } = exchange;
    const cancelTimer = runtime.setTimer(Math.max(0, Math.min(waitMs, expiresAt - runtime.now())), pause);
    // Another process may be there to come back to.
    closing.addEventListener("abort", pause);
    if (closing.aborted) pause();
    this.#add(name, pause);
    return {
      stops: [exchange.left, paused.signal],
      end: () => {
        cancelTimer();
        closing.removeEventListener("abort", pause);
        this.#remove(name, pause);
        if (paused.signal.aborted) exchange.stream?.cutOff(RETRY_MS);
      },
    };
  }

  #add(name: string, pause: () => void): void {
    const pauses = this.#waits.get(name) ?? new Set();
    this.#waits.set(name, pauses.add(pause));
  }

  #remove(name: string, pause: () => void): void {
    const pauses = this.#waits.get(name);
    pauses?.delete(pause);
    if (pauses?.size === 0) this.#waits.delete(name);
  }
}
