/**
 * The figures of many rounds.
 *
 * @module
 */
import type { RoundFigures, RoundReport } from "./round.ts";

/** Width of a bar of the histogram, in milliseconds. */
const BAR_MS = 25;

/** How many times fell into each bar, by its upper end. */
export type Histogram = Record<string, number>;

/** What rounds of one kind came to. */
export interface Tally {
  readonly rounds: number;
  /** Rounds in which a promise was broken, with what was broken. */
  readonly broken: readonly { readonly seed: number; readonly faults: readonly string[] }[];
  readonly figures: Readonly<Record<keyof RoundFigures, number>>;
  readonly afterDeath: Histogram;
  readonly afterStop: Histogram;
}

/** Nothing yet. */
export const NO_ROUNDS: Tally = {
  rounds: 0,
  broken: [],
  figures: {
    acknowledged: 0,
    completed: 0,
    cancelled: 0,
    workerLost: 0,
    exhausted: 0,
    killed: 0,
    died: 0,
    stopped: 0,
    drained: 0,
    silences: 0,
    storeFaults: 0,
    writes: 0,
    refused: 0,
    dropped: 0,
    repeatedSteps: 0,
    lostWithoutCause: 0,
    paused: 0,
    rolled: 0,
  },
  afterDeath: {},
  afterStop: {},
};

/** Adds a round. */
export function addRound(tally: Tally, report: RoundReport): Tally {
  const figures = { ...tally.figures };
  for (const name of Object.keys(figures) as (keyof RoundFigures)[]) figures[name] += report.figures[name];
  return {
    rounds: tally.rounds + 1,
    broken: report.faults.length === 0
      ? tally.broken
      : [...tally.broken, { seed: report.seed, faults: report.faults.slice(0, 5) }],
    figures,
    afterDeath: addTimes(tally.afterDeath, report.afterDeathMs),
    afterStop: addTimes(tally.afterStop, report.afterStopMs),
  };
}

/** The upper end of the bar up to which a share `p` of the times lies, in milliseconds; 0 if there are none. */
export function percentile(histogram: Histogram, p: number): number {
  const bars = Object.entries(histogram).map(([end, count]) => [Number(end), count] as const)
    .sort(([a], [b]) => a - b);
  const all = bars.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [end, count] of bars) {
    seen += count;
    if (seen >= all * p) return end;
  }
  return 0;
}

function addTimes(histogram: Histogram, times: readonly number[]): Histogram {
  const sum = { ...histogram };
  for (const ms of times) {
    const end = Math.ceil(Math.max(1, ms) / BAR_MS) * BAR_MS;
    sum[end] = (sum[end] ?? 0) + 1;
  }
  return sum;
}
