/**
 * A runtime whose clocks stand still until a test moves them, and whose chance is a seed.
 *
 * The wall clock and the monotonic clock are separate, so that a test can let the wall clock jump.
 *
 * @module
 */
import type { CancelTimer, Runtime } from "../../src/runtime.ts";
import { seededRandom } from "./seeded_random.ts";
import { settle, turn } from "./settle.ts";

/** Options for {@linkcode FakeRuntime}. */
export interface FakeRuntimeOptions {
  /** Wall clock at the start, epoch milliseconds. @default {Date.UTC(2026, 0, 1)} */
  readonly now?: number;
  /** Decides every random number and byte. @default {1} */
  readonly seed?: number;
}

/** Options for {@linkcode FakeRuntime.drive}. */
export interface DriveOptions {
  /** Fake milliseconds that may pass. @default {86_400_000} */
  readonly limitMs?: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** `setTimeout` counts in a signed 32 bit number and fires at once beyond it. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Real milliseconds after which {@linkcode FakeRuntime.drive} takes a promise for stuck. */
const STUCK_MS = 20_000;
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A deterministic {@linkcode Runtime} for tests. */
export class FakeRuntime implements Runtime {
  readonly #random: () => number;
  readonly #timers: Timer[] = [];
  #monotonic = 1_000;
  #wallOffset: number;
  #ids = 0;

  constructor({ now = Date.UTC(2026, 0, 1), seed = 1 }: FakeRuntimeOptions = {}) {
    this.#random = seededRandom(seed);
    this.#wallOffset = now - this.#monotonic;
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer fires; `undefined` if none is set. */
  get nextTimerMs(): number | undefined {
    const next = this.#timers[0];
    return next && next.at - this.#monotonic;
  }

  now(): number {
    return this.#monotonic + this.#wallOffset;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** @throws {RangeError} If `setTimeout` would not wait that long. */
  setTimer(ms: number, callback: () => void): CancelTimer {
    if (!(ms <= MAX_TIMER_MS)) {
      throw new RangeError(`Cannot set a timer: ${ms} ms is beyond ${MAX_TIMER_MS} ms`);
    }
    const timer: Timer = { at: this.#monotonic + Math.max(0, ms), callback };
    // Behind those of the same time: they fire in the order in which they were set.
    const after = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(after < 0 ? this.#timers.length : after, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  random(): number {
    return this.#random();
  }

  randomBytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => Math.floor(this.#random() * 256));
  }

  /** As the real one, and ids of one instant sort in the order in which they were made. */
  newTaskId(now: number): string {
    let id = base32(now, 10) + base32(this.#ids++, 6);
    for (const byte of this.randomBytes(20)) id += CROCKFORD.charAt(byte & 31);
    return id;
  }

  /** Moves the wall clock alone, forwards or backwards. */
  jumpWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /**
   * Lets `ms` milliseconds pass on both clocks, firing the timers on the way one by one.
   *
   * Whatever a timer sets in motion has come to rest before the next one fires, so timers set on the way are
   * fired as well. An error thrown by a timer's callback comes out here.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    while (this.#timers[0] && this.#timers[0].at <= end) await this.#fireNext();
    this.#monotonic = end;
    await settle();
  }

  /**
   * Lets time pass, timer by timer, until `promise` settles, and settles as it does.
   *
   * Files, databases and other processes are not waited for before time moves on: where they answer a call that a
   * timer guards, that timer may fire first.
   *
   * @throws {Error} If more than `limitMs` fake milliseconds would have to pass, or nothing moves any more.
   */
  async drive<T>(promise: PromiseLike<T>, { limitMs = 86_400_000 }: DriveOptions = {}): Promise<T> {
    let settled = false;
    const note = () => void (settled = true);
    promise.then(note, note);
    const end = this.#monotonic + limitMs;
    await settle();
    let idleSince = performance.now();
    while (!settled) {
      const next = this.#timers[0];
      if (next && next.at > end) throw new Error(`Cannot settle the promise: ${limitMs} ms have passed`);
      if (next) {
        await this.#fireNext();
        idleSince = performance.now();
      } else if (performance.now() - idleSince > STUCK_MS) {
        throw new Error("Cannot settle the promise: no timer is set and nothing moves");
      } else {
        await turn();
      }
    }
    return await promise;
  }

  async #fireNext(): Promise<void> {
    const timer = this.#timers.shift();
    if (!timer) return;
    this.#monotonic = Math.max(this.#monotonic, timer.at);
    timer.callback();
    await settle();
  }
}

function base32(value: number, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) {
    text = CROCKFORD.charAt(rest % 32) + text;
  }
  return text;
}
