/**
 * The open waits of a run, and when they have lasted long enough to leave the process.
 *
 * @module
 */
import type { CancelTimer, Runtime } from "../runtime.ts";

/** Ends a wait. */
export type EndWait = () => void;

/** Options of {@linkcode Waits}. */
export interface WaitsOptions {
  /** How long a run waits in memory before it leaves, in milliseconds. Absent: for ever. */
  readonly parkAfterMs: number | undefined;
  /** Called when nothing but waits is left for that long. `wakeAt`: the earliest time among them. */
  readonly onIdle: (wakeAt: number | undefined) => void;
}

/** Counts waits and work of one run. */
export class Waits {
  readonly #runtime: Runtime;
  readonly #options: WaitsOptions;
  #parkAfterMs: number | undefined;
  readonly #open = new Set<{ readonly wakeAt: number | undefined }>();
  #working = 0;
  #timer: CancelTimer | undefined;

  constructor(runtime: Runtime, options: WaitsOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#parkAfterMs = options.parkAfterMs;
  }

  /** Changes how long a run waits in memory, in milliseconds, for the waits under way too. */
  parkAfter(ms: number): void {
    this.#parkAfterMs = ms;
    this.#arm();
  }

  /** Begins a wait for an answer, or for the instant `wakeAt`. */
  begin(wakeAt?: number): EndWait {
    const wait = { wakeAt };
    this.#open.add(wait);
    this.#arm();
    return () => {
      this.#open.delete(wait);
      this.#arm();
    };
  }

  /** Whether work is under way. */
  get isWorking(): boolean {
    return this.#working > 0;
  }

  /** Begins work that must not be left, such as a step. */
  work(): EndWait {
    this.#working++;
    this.#arm();
    return () => {
      this.#working--;
      this.#arm();
    };
  }

  /** Stops counting. */
  stop(): void {
    this.#open.clear();
    this.#timer?.();
    this.#timer = undefined;
  }

  #arm(): void {
    const parkAfterMs = this.#parkAfterMs;
    this.#timer?.();
    this.#timer = undefined;
    if (parkAfterMs === undefined || this.#open.size === 0 || this.#working > 0) return;
    this.#timer = this.#runtime.setTimer(parkAfterMs, () => {
      this.#timer = undefined;
      const times = [...this.#open].flatMap(({ wakeAt }) => wakeAt === undefined ? [] : [wakeAt]);
      this.#options.onIdle(times.length === 0 ? undefined : Math.min(...times));
    });
  }
}
