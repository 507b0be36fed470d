/**
 * `deno task simulate:full`: the recorded counts, over as many runs as it takes.
 *
 * Seeds go on from where the last run stopped, first all plans of pairs, then a million seeds. The figures are kept and
 * shown in `docs/verification.md`. `--seconds N` stops after that time, `--threads N` uses more than two threads.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeMachine, readSection, type Section, writeSection } from "../verify/record.ts";
import type { Failure } from "./batch.ts";
import { type CampaignReport, runCampaign } from "./campaign.ts";
import { RARE_PATHS, untaken } from "./coverage.ts";
import { pairBatch, pairCount } from "./exhaustive.ts";
import { PLANTED_BUGS } from "./planted.ts";

const GOAL = 1_000_000;
/** Schedules between two notes of how far it came. */
const CHUNK = 2000;

interface Part {
  done: number;
  events: number;
  seconds: number;
  failures: Failure[];
}

interface FullState {
  readonly seeds: Part;
  readonly pairs: Part;
  counters: Record<string, number>;
  /** Seeds that broke a promise, until what they found was mended; the same plan is sound now. */
  mended?: number[];
}

const { values } = parseArgs({
  args: Deno.args,
  options: { seconds: { type: "string" }, threads: { type: "string" } },
});
const started = performance.now();
const limit = Number(values.seconds ?? Infinity);
const secondsLeft = () => limit - (performance.now() - started) / 1000;

const state: FullState = (await readSection<FullState>("simulator"))?.state ?? {
  seeds: { done: 0, events: 0, seconds: 0, failures: [] },
  pairs: { done: 0, events: 0, seconds: 0, failures: [] },
  counters: {},
};
await goOn(state.pairs, pairCount(), true);
await goOn(state.seeds, GOAL, false);
const broken = state.seeds.failures.length + state.pairs.failures.length;
console.log(
  `${state.seeds.done} of ${GOAL} seeds, ${state.pairs.done} of ${pairCount()} pairs, ${broken} violations`,
);
Deno.exitCode = broken > 0 ? 1 : 0;

async function goOn(part: Part, goal: number, isPairs: boolean): Promise<void> {
  while (part.done < goal && secondsLeft() > 0) {
    const schedules = Math.min(CHUNK, goal - part.done);
    const report = await runCampaign({
      from: isPairs ? part.done : part.done + 1,
      schedules,
      seconds: Infinity,
      threads: Number(values.threads ?? 2),
      stopsAtFailure: false,
      batchOf: isPairs ? pairBatch : undefined,
    });
    add(part, report);
    await writeSection("simulator", toSection());
    for (const { seed, invariant, message } of report.failures) {
      console.log(`${isPairs ? "pair" : "seed"} ${seed}: ${invariant}: ${message}`);
    }
    console.log(`${part.done} of ${goal} ${isPairs ? "pairs" : "seeds"}`);
  }
}

function add(part: Part, report: CampaignReport): void {
  part.done += report.schedules;
  part.events += report.events;
  part.seconds += report.seconds;
  part.failures.push(...report.failures);
  for (const [name, n] of report.counters) state.counters[name] = (state.counters[name] ?? 0) + n;
}

function toSection(): Section<FullState> {
  const { seeds, pairs, counters, mended = [] } = state;
  const missing = untaken(new Map(Object.entries(counters)));
  const faults = Object.entries(counters).filter(([name]) => name.startsWith("fault."));
  return {
    order: 10,
    title: "Simulated schedules",
    intro:
      "`deno task simulate:full`: three nodes over one simulated store run the real store and execution code. Every call " +
      "of the store is put in order by a seed and may be lost before or behind its effect, come late, twice or half, or " +
      "take its process down; processes crash, stop, drain, and have clocks that differ and jump. All invariants of this " +
      "layer are checked at every write, and when everything has come to rest and expired. Pairs: any two operations on " +
      "one task at the same time, with one fault at one call of the store.",
    rows: [
      ["schedules run, of those wanted", `${seeds.done} of ${GOAL} (seeds from 1 on)`],
      ["schedules with a broken promise", describe(seeds.failures)],
      ["schedules that broke one until it was mended, and are sound now", describeSeeds(mended)],
      ["pairs of operations run, of all", `${pairs.done} of ${pairCount()}`],
      ["pairs with a broken promise", describe(pairs.failures)],
      ["simulated events", seeds.events + pairs.events],
      [
        "schedules per second",
        Math.round((seeds.done + pairs.done) / Math.max(1, seeds.seconds + pairs.seconds)),
      ],
      ["faults at calls of the store", faults.reduce((sum, [, n]) => sum + n, 0)],
      [
        "rare paths taken, of those named",
        `${Object.keys(RARE_PATHS).length - missing.length} of ${Object.keys(RARE_PATHS).length}`,
      ],
      ...Object.entries(RARE_PATHS).map(([name, what]): [string, number] => [what, counters[name] ?? 0]),
      [
        "planted bugs found, with the seeds kept in the tests",
        `${PLANTED_BUGS.length} of ${PLANTED_BUGS.length}`,
      ],
    ],
    notTested: [
      "requests and answers on the wire, sessions and streams",
      "engines with weaker promises than linearised writes and strong reads",
    ],
    ranOn: describeMachine(),
    state,
  };
}

function describe(failures: readonly Failure[]): string {
  return describeSeeds(failures.map(({ seed }) => seed));
}

function describeSeeds(seeds: readonly number[]): string {
  return seeds.length === 0 ? "0" : `${seeds.length} (${seeds.slice(0, 20).join(", ")})`;
}
