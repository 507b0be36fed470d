/**
 * The simulated world: one true time, the events to come, and what was seen.
 *
 * @module
 */
import { drainMicrotasks } from "./determinism.ts";
import { hashText } from "./dice.ts";
import { EventQueue } from "./event_queue.ts";
import type { CallFault, Plan } from "./plan.ts";

/** The wall clock at true time 0. */
export const EPOCH = Date.UTC(2026, 0, 1);

/** A broken promise. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** Invariant, such as `I3`. */
  readonly invariant: string;
  constructor(invariant: string, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

/** Events a run may have: more means that something spins. */
const MAX_EVENTS = 400_000;

/** Time, events, trace and counters of one run. */
export class World {
  readonly plan: Plan;
  /** True time in milliseconds from the start. */
  time = 0;
  /** Rare paths that were taken. */
  readonly counters = new Map<string, number>();
  /** Faults that happened, by call. */
  readonly faults: [string, CallFault][] = [];
  /** Whether calls and nodes still go wrong. */
  isFaulty = true;
  /** Steps of the run, if they are kept. */
  readonly lines: string[] | undefined;
  /** The first broken promise. */
  violation: Violation | undefined;
  readonly #queue = new EventQueue();
  #hash = 0x811c9dc5;
  #events = 0;

  constructor(plan: Plan, keepsTrace: boolean) {
    this.plan = plan;
    this.lines = keepsTrace ? [] : undefined;
  }

  /** Hash of everything that happened, in order. */
  get traceHash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** Calls back at `at`. Returns how to prevent it. */
  schedule(at: number, run: () => void): () => void {
    let isCancelled = false;
    this.#queue.push(Math.max(at, this.time), () => {
      if (!isCancelled) run();
    });
    return () => isCancelled = true;
  }

  /** Lets time pass until `end`, event by event; stops at a broken promise. */
  runUntil(end: number): void {
    while (this.violation === undefined) {
      const at = this.#queue.nextAt;
      if (at === undefined || at > end) break;
      const event = this.#queue.pop()!;
      this.time = event.at;
      if (++this.#events > MAX_EVENTS) {
        this.violation = new Violation("I13", `${MAX_EVENTS} events and no end`);
        break;
      }
      this.guard(event.run);
      drainMicrotasks();
    }
    this.time = Math.max(this.time, end);
  }

  /** Runs code whose {@linkcode Violation} ends the run. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof Violation) this.fail(error.invariant, error.message);
      else this.fail("crash", error instanceof Error ? error.stack ?? error.message : String(error));
    }
  }

  /** Notes a broken promise. */
  fail(invariant: string, message: string): void {
    this.violation ??= new Violation(invariant, message);
    this.note(`VIOLATION ${invariant}: ${message}`);
  }

  /** Notes what happened. */
  note(line: string): void {
    const full = `${this.time.toFixed(1)} ${line}`;
    this.#hash = hashText(full, this.#hash);
    this.lines?.push(full);
  }

  /** Counts a rare path. */
  count(name: string): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + 1);
  }
}
