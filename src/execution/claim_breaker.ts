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

/** Counts lost leases by tool. */
export class ClaimBreaker {
  readonly #runtime: Runtime;
  readonly #emit: EventSink;
  readonly #losses = new Map<string, number[]>();
  readonly #pausedUntil = new Map<string, number>();

  constructor(runtime: Runtime, emit: EventSink) {
    this.#runtime = runtime;
    this.#emit = emit;
  }

  /** Whether tasks of the tool may be claimed now. */
  mayClaim(tool: string): boolean {
    const until = this.#pausedUntil.get(tool);
    if (until === undefined) return true;
    if (this.#runtime.monotonic() < until) return false;
    this.#pausedUntil.delete(tool);
    return true;
  }

  /** Notes that a task of the tool was found without its process. Three in five minutes pause the tool for five. */
  noteLoss(tool: string): void {
    const now = this.#runtime.monotonic();
    const recent = (this.#losses.get(tool) ?? []).filter((at) => now - at < WINDOW_MS);
    recent.push(now);
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
