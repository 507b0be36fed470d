/**
 * A clock that stands still until it is moved.
 *
 * @module
 */
import { type Runtime, systemRuntime } from "../../runtime.ts";

const TURNS = 50;

/** A runtime whose time only {@linkcode ManualRuntime.advance} moves. Ids and bytes are the real ones. */
export class ManualRuntime implements Runtime {
  readonly #timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  #now: number;
  #elapsed = 0;
  #started = 0;

  /**
   * Starts at an instant.
   *
   * @param now Where the wall clock stands, in epoch milliseconds.
   */
  constructor(now: number = systemRuntime.now()) {
    this.#now = now;
  }

  /** The wall clock, moved by {@linkcode ManualRuntime.advance} alone. */
  now(): number {
    return this.#now;
  }

  /** Milliseconds advanced so far. */
  monotonic(): number {
    return this.#elapsed;
  }

  /** Calls back during the first advance that reaches the instant. */
  setTimer(ms: number, callback: () => void): () => void {
    const id = this.#started++;
    this.#timers.set(id, { at: this.#elapsed + ms, callback });
    return () => void this.#timers.delete(id);
  }

  /** Always one half. */
  random(): number {
    return 0.5;
  }

  /** Real random bytes. */
  randomBytes(length: number): Uint8Array<ArrayBuffer> {
    return systemRuntime.randomBytes(length);
  }

  /** A real task id. */
  newTaskId(now: number): string {
    return systemRuntime.newTaskId(now);
  }

  /** Moves the clocks, fires the timers that have become due, and lets what they wake run. */
  async advance(ms: number): Promise<void> {
    await turns();
    this.#now += ms;
    this.#elapsed += ms;
    for (const [id, { at, callback }] of [...this.#timers]) {
      if (at > this.#elapsed || !this.#timers.delete(id)) continue;
      callback();
      await turns();
    }
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await Promise.resolve();
}
