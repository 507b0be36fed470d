/**
 * The kill harness's section of `docs/verification.md`.
 *
 * @module
 */
import type { Section } from "../verify/record.ts";
import { LEASE_MS, RECOVERY_MS } from "./settings.ts";
import { NODES, STOP_MS } from "./plan.ts";
import { percentile, type Tally } from "./tally.ts";

/** Builds the section from what was counted. */
export function toSection<Kind extends string>(
  tallies: Readonly<Record<Kind, Tally>>,
  goals: Readonly<Record<Kind, number>>,
  ranOn: string,
): Section<Readonly<Record<Kind, Tally>>> {
  const rows: [string, string | number][] = [];
  for (const kind of Object.keys(tallies) as Kind[]) {
    const { rounds, broken, figures, afterDeath, afterStop } = tallies[kind];
    const times = (histogram: Tally["afterDeath"]) =>
      `${percentile(histogram, 0.5)} / ${percentile(histogram, 0.95)} / ${percentile(histogram, 1)} ms`;
    rows.push(
      [`**${kind}**: rounds run, of those wanted`, `${rounds} of ${goals[kind]}`],
      [`${kind}: rounds with a broken promise`, describe(broken)],
      [`${kind}: tasks acknowledged`, figures.acknowledged],
      [
        `${kind}: completed, cancelled, worker_lost, attempts_exhausted`,
        `${figures.completed}, ${figures.cancelled}, ${figures.workerLost}, ${figures.exhausted}`,
      ],
      [
        `${kind}: processes killed from outside, killed at a chosen write or by a tool, stopped, drained`,
        `${figures.killed}, ${figures.died}, ${figures.stopped}, ${figures.drained}`,
      ],
      [`${kind}: requests nobody answered`, figures.silences],
      [`${kind}: writes of heads taken, refused`, `${figures.writes}, ${figures.refused}`],
      [`${kind}: late outcomes dropped`, figures.dropped],
      [`${kind}: steps cut off by a crash and run again`, figures.repeatedSteps],
      [`${kind}: once-tasks given up though their process was only slow`, figures.lostWithoutCause],
      [
        `${kind}: tools paused by a process, rounds that replaced processes for it`,
        `${figures.paused}, ${figures.rolled}`,
      ],
      [`${kind}: from death to the next holder, p50 / p95 / most`, times(afterDeath)],
      ...(figures.stopped === 0 ? [] : [
        [`${kind}: from stop to the next holder, p50 / p95 / most`, times(afterStop)] as [string, string],
      ]),
    );
  }
  return {
    order: 20,
    title: "Killed and stopped processes",
    intro:
      `\`deno task kill --full\`: ${NODES} server processes on one store, 50 tasks a round, a lease of ${LEASE_MS} ms ` +
      `(a task should have its next holder ${
        Math.round(RECOVERY_MS)
      } ms after a death). Processes are killed at random ` +
      `and at chosen writes, stopped for ${STOP_MS} ms and continued, drained, blocked, and killed by a tool. After each ` +
      "round every acknowledged task is accounted for: found, ended once, whole, by one attempt; no once-tool ran " +
      "twice; no finished step ran again; nothing counts as active; nothing is left after expiry. Round n has seed n.",
    rows,
    notTested: [
      "power loss",
      "a file system over the network",
      "a failover of Redis (see the tests under tests/faults)",
      "clocks that differ between machines (see the simulator)",
    ],
    ranOn,
    state: tallies,
  };
}

function describe(broken: Tally["broken"]): string {
  if (broken.length === 0) return "0";
  return `${broken.length} (seeds ${broken.map(({ seed }) => seed).join(", ")})`;
}
