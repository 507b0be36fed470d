/**
 * `deno task simulate`: searches for broken promises.
 *
 * ```
 * --seed N        run one seed, print its steps and its hash; --plan FILE does the same for a plan
 * --schedules N   how many seeds to run (5,000)         --from N      the first of them (by the clock)
 * --seconds N     stop after this time (150)            --threads N   (2)
 * --exhaustive    every pair of operations with one fault at every call, instead of seeds
 * --keep-going    go on behind a broken promise, and list all
 * --no-shrink     do not make the first one smaller
 * ```
 *
 * Ends with code 1 if a promise was broken, or if a rare path was not taken in 5,000 schedules or more.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { inItsOwnTurn } from "./batch.ts";
import { type CampaignReport, runCampaign } from "./campaign.ts";
import { RARE_PATHS, untaken } from "./coverage.ts";
import { pairBatch, pairCount } from "./exhaustive.ts";
import { generate } from "./generate.ts";
import type { Plan } from "./plan.ts";
import { shrink } from "./shrink.ts";
import { type Outcome, simulate } from "./simulate.ts";

/** Schedules from which on every rare path must have been taken. */
const COVERING = 5000;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    plan: { type: "string" },
    schedules: { type: "string" },
    from: { type: "string" },
    seconds: { type: "string" },
    threads: { type: "string" },
    exhaustive: { type: "boolean" },
    "keep-going": { type: "boolean" },
    "no-shrink": { type: "boolean" },
  },
});

if (values.seed !== undefined) await replay(generate(Number(values.seed)));
else if (values.plan !== undefined) await replay(JSON.parse(await Deno.readTextFile(values.plan)));
else await search();

async function replay(plan: Plan): Promise<void> {
  const outcome = await inItsOwnTurn(() => simulate(plan, { trace: true }));
  printTrace(outcome);
  Deno.exitCode = outcome.violation === undefined ? 0 : 1;
}

async function search(): Promise<void> {
  const { exhaustive = false } = values;
  const from = exhaustive ? 0 : Number(values.from ?? Date.now() % 1_000_000_000);
  const schedules = exhaustive ? pairCount() : Number(values.schedules ?? 5000);
  if (!exhaustive) console.log(`seeds ${from} to ${from + schedules - 1}`);
  const report = await runCampaign({
    from,
    schedules,
    seconds: Number(values.seconds ?? (exhaustive ? Infinity : 150)),
    threads: Number(values.threads ?? 2),
    stopsAtFailure: !values["keep-going"],
    batchOf: exhaustive ? pairBatch : undefined,
  });
  printCounters(report);
  const missing = exhaustive || report.schedules < COVERING ? [] : untaken(report.counters);
  for (const name of missing) console.log(`not taken: ${name}: ${RARE_PATHS[name]}`);
  await printFailures(report, exhaustive);
  const rate = (report.schedules / report.seconds).toFixed(0);
  console.log(
    `${report.schedules} schedules, ${report.events} events, ${
      report.seconds.toFixed(1)
    } s, ${rate} schedules/s, ` +
      `${report.failures.length} violations, ${missing.length} rare paths not taken`,
  );
  Deno.exitCode = report.failures.length + missing.length > 0 ? 1 : 0;
}

function printCounters({ counters }: CampaignReport): void {
  for (const [name, n] of [...counters].sort(([a], [b]) => a < b ? -1 : 1)) {
    console.log(`${String(n).padStart(9)}  ${name}`);
  }
}

async function printFailures({ failures }: CampaignReport, exhaustive: boolean): Promise<void> {
  for (const { seed, invariant, message } of failures) console.log(`seed ${seed}: ${invariant}: ${message}`);
  const first = failures.find(({ invariant }) => invariant !== "unhandled");
  if (first === undefined || values["no-shrink"]) return;
  const plan = exhaustive ? pairBatch(first.seed, 1).plans![0]! : generate(first.seed);
  const smallest = await inItsOwnTurn(() => shrink(plan));
  console.log(`\nseed ${first.seed}, made smaller:\n${JSON.stringify(smallest)}`);
  printTrace(await inItsOwnTurn(() => simulate(smallest, { trace: true })));
}

function printTrace({ lines, traceHash, violation }: Outcome): void {
  for (const line of lines!) console.log(line);
  console.log(
    `trace ${traceHash}${violation === undefined ? "" : `, ${violation.invariant}: ${violation.message}`}`,
  );
}
