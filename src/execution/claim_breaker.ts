/**
 * Stops a process from claiming a tool that keeps taking processes down.
 *
 * @module
 */
import type { Runtime } from "../runtime.ts";
import type { EventSink } from "../store/mod.ts";

const LOSSES = 3;
const WINDOW_MS = 300_000;
const PAUSE_MS = 300_000;

/** Counts lost processes by tool. */
export class ClaimBreaker {
  readonly #runtime: Runtime;
  readonly #emit: EventSink;
  readonly #leaseMs: number;
  readonly #losses = new Map<string, Loss[]>();
  readonly #pausedUntil = new Map<string, number>();

  /** @param leaseMs Length of a lease in milliseconds. */
  constructor(runtime: Runtime, emit: EventSink, leaseMs: number) {
    this.#runtime = runtime;
    this.#emit = emit;
    this.#leaseMs = leaseMs;
  }

  /** Whether tasks of the tool may be claimed now. */
  mayClaim(tool: string): boolean {
    const until = this.#pausedUntil.get(tool);
    if (until === undefined) return true;
    if (this.#runtime.monotonic() < until) return false;
    this.#pausedUntil.delete(tool);
    return true;
  }

  /**
   * Notes that a task of the tool was found without its process. Three times in five minutes pause the tool for five.
   *
   * A process that dies leaves all its tasks at once: leases that ended within one lease of each other are one loss,
   * or a single crash under load would pause its tools everywhere.
   *
   * @param lapsedAt When the lease ended, epoch milliseconds.
   */
  noteLoss(tool: string, lapsedAt: number): void {
    const now = this.#runtime.monotonic();
    const recent = (this.#losses.get(tool) ?? []).filter(({ at }) => now - at < WINDOW_MS);
    if (recent.some((loss) => Math.abs(loss.lapsedAt - lapsedAt) < this.#leaseMs)) return;
    recent.push({ at: now, lapsedAt });
    this.#losses.set(tool, recent);
    if (recent.length < LOSSES) return;
    this.#losses.delete(tool);
    this.#pausedUntil.set(tool, now + PAUSE_MS);
    this.#emit({
      type: "claims_paused",
      name: tool,
      message:
        `Tool "${tool}" lost its process ${LOSSES} times in 5 minutes: this process claims none of its tasks for 5 minutes`,
    });
  }
}

interface Loss {
  /** When it was noted, on the monotonic clock. */
  readonly at: number;
  readonly lapsedAt: number;
}
