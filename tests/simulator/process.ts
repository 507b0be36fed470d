/**
 * A process of the simulated world: its clocks, its timers, and how it stops.
 *
 * A crash makes everything vanish that the process would have heard of. A paused process hears of it later, while its
 * clocks go on, as with SIGSTOP. What a process has sent may arrive whatever happens to it.
 *
 * @module
 */
import type { CancelTimer, Runtime } from "../../src/runtime.ts";
import { chanceOf, Dice, mix } from "./dice.ts";
import { EPOCH, type World } from "./world.ts";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** `setTimeout` counts in a signed 32 bit number and fires at once beyond it. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One life of a process. */
export class SimProcess implements Runtime {
  /** Index of the node. */
  readonly node: number;
  /** Counts the lives of the node. */
  readonly life: number;
  readonly world: World;
  isDead = false;
  /** Whether the process was ever stopped. */
  wasPaused = false;
  #pausedUntil = 0;
  #wallOffset: number;
  #timers = 0;
  #lateness = 0;
  #drawn = 0;
  readonly #bootAt: number;
  readonly #dice: Dice;

  constructor(world: World, node: number, life: number, wallOffset: number) {
    this.world = world;
    this.node = node;
    this.life = life;
    this.#wallOffset = wallOffset;
    this.#bootAt = world.time;
    this.#dice = new Dice(mix(world.plan.seed, 77, node, life));
  }

  /** Timers that are set. */
  get pendingTimers(): number {
    return this.#timers;
  }

  /** Difference of the wall clock from the true time. */
  get wallOffset(): number {
    return this.#wallOffset;
  }

  /** Moves the wall clock. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Ends the process. */
  kill(): void {
    this.isDead = true;
  }

  /** Stops the process for a while. */
  pause(ms: number): void {
    this.wasPaused = true;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.world.time + ms);
  }

  /** Whether the process hears nothing now. */
  get isPaused(): boolean {
    return this.#pausedUntil > this.world.time;
  }

  /** Runs code in this process at `at`: later if it is paused then, never if it is dead. */
  deliver(at: number, run: () => void): () => void {
    return this.world.schedule(at, () => this.#receive(run));
  }

  #receive(run: () => void): void {
    if (this.isDead) return;
    if (this.#pausedUntil > this.world.time) {
      this.world.schedule(this.#pausedUntil, () => this.#receive(run));
    } else {
      run();
    }
  }

  now(): number {
    return Math.floor(EPOCH + this.world.time + this.#wallOffset);
  }

  monotonic(): number {
    return this.world.time - this.#bootAt + 1000;
  }

  setTimer(ms: number, callback: () => void): CancelTimer {
    if (!(ms <= MAX_TIMER_MS)) {
      throw new RangeError(`Cannot set a timer: ${ms} ms is beyond ${MAX_TIMER_MS} ms`);
    }
    const lateness = chanceOf(this.world.plan.seed, 5, this.node, this.#lateness++) * 3;
    let isSet = true;
    this.#timers++;
    const cancel = this.deliver(this.world.time + Math.max(0, ms) + lateness, () => {
      if (!isSet) return;
      isSet = false;
      this.#timers--;
      callback();
    });
    return () => {
      if (!isSet) return;
      isSet = false;
      this.#timers--;
      cancel();
    };
  }

  random(): number {
    return this.#dice.next();
  }

  /** By name, not from a stream: streams of two processes may meet, and then all their ids are the same. */
  randomBytes(length: number): Uint8Array<ArrayBuffer> {
    const { seed } = this.world.plan;
    const drawn = this.#drawn++;
    return Uint8Array.from({ length }, (_, i) => mix(seed, 78, this.node, this.life, drawn, i) >>> 24);
  }

  newTaskId(now: number): string {
    let id = now.toString(32).toUpperCase().padStart(10, "0").slice(-10);
    for (const byte of this.randomBytes(26)) id += CROCKFORD.charAt(byte & 31);
    return id;
  }
}
