/**
 * Runs seeds one after the other, each in a turn of the event loop of its own, so that a rejection nobody handles is
 * laid to the right seed.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { generate } from "./generate.ts";
import type { Plan } from "./plan.ts";
import { simulate } from "./simulate.ts";

/** A seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

/** What a batch came to. */
export interface BatchReport {
  readonly schedules: number;
  readonly events: number;
  readonly counters: readonly (readonly [string, number])[];
  readonly failures: readonly Failure[];
}

/** Plans to run: seeds from `from` on, or the plans given. */
export interface Batch {
  readonly from: number;
  readonly count: number;
  readonly plans?: readonly Plan[];
}

/** Runs a batch. */
export async function runBatch({ from, count, plans }: Batch): Promise<BatchReport> {
  const counters = new Map<string, number>();
  const failures: Failure[] = [];
  let events = 0;
  let running = from;
  const onUnhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    failures.push({
      seed: running,
      invariant: "unhandled",
      message: String(event.reason?.stack ?? event.reason),
    });
  };
  addEventListener("unhandledrejection", onUnhandled);
  for (let i = 0; i < count; i++) {
    running = from + i;
    const outcome = await inItsOwnTurn(() => simulate(plans?.[i] ?? generate(running)));
    events += outcome.events;
    for (const [name, n] of outcome.counters) counters.set(name, (counters.get(name) ?? 0) + n);
    const { violation } = outcome;
    if (violation !== undefined) {
      failures.push({ seed: running, invariant: violation.invariant, message: violation.message });
    }
  }
  await inItsOwnTurn(() => {});
  removeEventListener("unhandledrejection", onUnhandled);
  return { schedules: count, events, counters: [...counters], failures };
}

/** Runs code outside of promise reactions, which {@linkcode simulate} asks for. */
export function inItsOwnTurn<T>(run: () => T): Promise<T> {
  return new Promise((resolve, reject) =>
    void setImmediate(() => {
      try {
        resolve(run());
      } catch (error) {
        reject(error);
      }
    })
  );
}
