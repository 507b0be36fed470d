/**
 * `deno task fuzz`: damaged requests of both revisions against real servers.
 *
 * ```
 * --seed N       play one seed and print every request; --plan FILE does the same for a plan
 * --from N       first seed (1)
 * --requests N   requests of each revision (20,000)
 * --seconds N    stop after this time (35)
 * --threads N    (2)
 * --raw N        requests over sockets, as raw bytes (400)
 * ```
 *
 * Needs `--v8-flags=--expose-gc`. Kept plans come first. The first broken promise is made smaller, printed and added to those. The last line is
 * `N passed, N failed`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type CampaignReport, runCampaign } from "../simulator/campaign.ts";
import { playAlone } from "./batch.ts";
import { keep, readCorpus } from "./corpus.ts";
import { unmet } from "./coverage.ts";
import { measureLeftovers } from "./endurance.ts";
import { generate } from "./generate.ts";
import type { Plan } from "./plan.ts";
import { play } from "./play.ts";
import { fuzzSockets } from "./raw_sockets.ts";
import { shrink } from "./shrink.ts";

/** Requests of each revision from which on everything wanted must have been met. */
const COVERING = 15_000;
/** Requests of one revision in a world, about. */
const PER_WORLD = 45;
/** Steps on the server that lives long. */
const LONG_STEPS = 3000;
/** What a server may keep of a request that is over, in bytes: most of it is code that was compiled since. */
const MAX_BYTES_KEPT = 1500;
/** Runs of tools that may be held when all is over: the runtime itself holds the last one or two for a while. */
const MAX_RUNS_HELD = 3;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    plan: { type: "string" },
    from: { type: "string" },
    requests: { type: "string" },
    seconds: { type: "string" },
    threads: { type: "string" },
    raw: { type: "string" },
  },
});
let passed = 0;
let failed = 0;

if (values.seed !== undefined) await show(generate(Number(values.seed)));
else if (values.plan !== undefined) await show(JSON.parse(await Deno.readTextFile(values.plan)));
else await run();

async function show(plan: Plan): Promise<void> {
  const { violation } = await play(plan, { onLine: (line) => console.log(line) });
  console.log(violation ?? "nothing is wrong");
  Deno.exitCode = violation === undefined ? 0 : 1;
}

async function run(): Promise<void> {
  for (const { what, plan } of await readCorpus()) {
    const { violation } = await playAlone(plan);
    note(violation === undefined, `kept plan "${what}"`, violation);
  }
  const from = Number(values.from ?? 1);
  const requests = Number(values.requests ?? 20_000);
  const report = await search(from, requests);
  const counts = [2025, 2026].map((era) => report.counters.get(`requests ${era}`) ?? 0);
  for (const { seed, invariant, message } of report.failures) {
    console.log(`seed ${seed}: ${invariant}: ${message}`);
  }
  note(report.failures.length === 0, `${counts[0]} requests of 2025-11-25, ${counts[1]} of 2026-07-28`);
  await keepFirst(report);
  const missing = Math.min(...counts) < COVERING ? [] : unmet(report.counters);
  note(missing.length === 0, "everything wanted was met", missing);
  const left = await measureLeftovers(from, LONG_STEPS);
  note(
    left.bytesPerRequest < MAX_BYTES_KEPT && left.heldRuns <= MAX_RUNS_HELD,
    `of ${left.requests} requests on one server ${left.bytesPerRequest.toFixed(0)} bytes each are kept, ` +
      `and ${left.heldRuns} of ${left.runs} runs`,
  );
  const raw = await fuzzSockets(from, Number(values.raw ?? 400));
  note(raw.failures.length === 0, `${raw.requests} requests over sockets`, raw.failures);
  const rate = (report.events / report.seconds).toFixed(0);
  console.log(
    `seeds ${from} to ${from + report.schedules - 1}, ${report.seconds.toFixed(1)} s, ${rate} requests/s`,
  );
  console.log(`${passed} passed, ${failed} failed`);
  Deno.exitCode = failed > 0 ? 1 : 0;
}

function search(from: number, requests: number): Promise<CampaignReport> {
  return runCampaign({
    from,
    schedules: Math.ceil(requests / PER_WORLD) * 2,
    seconds: Number(values.seconds ?? 35),
    threads: Number(values.threads ?? 2),
    stopsAtFailure: true,
    batchSize: 10,
    worker: new URL("./worker.ts", import.meta.url),
    isEnough: ({ counters }) =>
      Math.min(counters.get("requests 2025") ?? 0, counters.get("requests 2026") ?? 0) >= requests,
  });
}

async function keepFirst({ failures }: CampaignReport): Promise<void> {
  const [first] = failures;
  if (first === undefined) return;
  const plan = await shrink(generate(first.seed));
  console.log(`seed ${first.seed}, made smaller:\n${JSON.stringify(plan)}`);
  await keep({ what: `${first.invariant}: ${first.message.slice(0, 200)}`, plan });
}

function note(isRight: boolean, what: string, detail?: unknown): void {
  if (isRight) passed++;
  else failed++;
  console.log(`${isRight ? "ok" : "FAILED"}: ${what}${isRight ? "" : ` ${JSON.stringify(detail) ?? ""}`}`);
}
