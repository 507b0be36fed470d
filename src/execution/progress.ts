/**
 * Progress of a run: told to the caller at once, stored with the task at most twice a second.
 *
 * @module
 */
import type { CancelTimer } from "../runtime.ts";
import { type Progress, reportProgress } from "../tasks/mod.ts";
import type { Run } from "./run.ts";

/** Shortest time between two stored reports, in milliseconds. */
const STORE_INTERVAL_MS = 500;

/** Takes reports of progress and status. */
export class ProgressReporter {
  readonly #run: Run;
  #latest: { readonly message: string; readonly progress: Progress | undefined } | undefined;
  #highest = -Infinity;
  #storedAt = -Infinity;
  #timer: CancelTimer | undefined;
  #isListening = false;

  /** Reports of a run. */
  constructor(run: Run) {
    this.#run = run;
  }

  /** Reports progress. A value that does not rise changes only the message (T25-240, T26-260). */
  async report(progress: Progress): Promise<void> {
    if (this.#run.hasEnded) return;
    const message = progress.message ??
      `${progress.progress}${progress.total === undefined ? "" : ` of ${progress.total}`}`;
    const rises = progress.progress > this.#highest;
    if (rises) {
      this.#highest = progress.progress;
      this.#run.hooks.onProgress?.(progress, this.#run);
    }
    await this.#offer(message, rises ? progress : undefined);
  }

  /** Reports what the tool is doing, in words. */
  async status(message: string): Promise<void> {
    if (typeof message !== "string") throw new TypeError("Cannot report a status: it is not a text");
    await this.#offer(message, undefined);
  }

  /** Drops a report that is not stored yet. */
  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#latest = undefined;
  }

  async #offer(message: string, progress: Progress | undefined): Promise<void> {
    await this.#run.ready();
    if (this.#run.hasEnded || this.#run.settings.storesProgress === false) return;
    // Words replace words; progress that waits to be stored stays.
    this.#latest = { message, progress: progress ?? this.#latest?.progress };
    if (this.#timer !== undefined) return;
    const { runtime } = this.#run.store;
    const wait = this.#storedAt + STORE_INTERVAL_MS - runtime.monotonic();
    if (wait <= 0 || !this.#run.isTask) return await this.#store();
    this.#listen();
    this.#timer = runtime.setTimer(wait, () => {
      this.#timer = undefined;
      // A lost task shows at the next call of the tool, and a store that is away at the next report.
      this.#store().catch(() => {});
    });
  }

  /** A run that has to stop stores no late report. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#run.signal.addEventListener("abort", () => this.stop(), { once: true });
  }

  async #store(): Promise<void> {
    const report = this.#latest;
    if (report === undefined || this.#run.hasEnded) return;
    this.#latest = undefined;
    this.#storedAt = this.#run.store.runtime.monotonic();
    await this.#run.apply((head, holder, now) =>
      reportProgress(head, holder, now, report.message, report.progress)
    );
  }
}
