/**
 * Plays seeds one after the other, and lays a rejection that nobody handles to the seed in whose time it came.
 *
 * @module
 */
import type { Batch, BatchReport, Failure } from "../simulator/batch.ts";
import { turn } from "../support/settle.ts";
import { generate } from "./generate.ts";
import type { Plan } from "./plan.ts";
import { type Outcome, play, type PlayOptions } from "./play.ts";

/** Plays the plans of a batch's seeds. */
export async function runBatch({ from, count }: Batch): Promise<BatchReport> {
  const counters = new Map<string, number>();
  const failures: Failure[] = [];
  let events = 0;
  const add = (name: string, n: number) => counters.set(name, (counters.get(name) ?? 0) + n);
  for (let seed = from; seed < from + count; seed++) {
    const { violation, requests, counters: counted } = await playAlone(generate(seed));
    add("requests 2025", requests["2025"]);
    add("requests 2026", requests["2026"]);
    events += requests["2025"] + requests["2026"];
    for (const [name, n] of counted) add(name, n);
    if (violation !== undefined) {
      failures.push({ seed, invariant: violation.oracle, message: violation.message });
    }
  }
  return { schedules: count, events, counters: [...counters], failures };
}

/** Plays a plan; what nobody handles meanwhile is a broken promise too. */
export async function playAlone(plan: Plan, options: PlayOptions = {}): Promise<Outcome> {
  const unhandled: string[] = [];
  const onUnhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(String(event.reason?.stack ?? event.reason));
  };
  addEventListener("unhandledrejection", onUnhandled);
  try {
    const outcome = await play(plan, options);
    await turn();
    const [message] = unhandled;
    if (outcome.violation !== undefined || message === undefined) return outcome;
    return { ...outcome, violation: { oracle: "unhandled", message, step: plan.steps.length - 1 } };
  } finally {
    removeEventListener("unhandledrejection", onUnhandled);
  }
}
