/**
 * A Redis that is away for twenty seconds, under servers with the default lease: prints what was seen and records
 * it in `docs/verification.md`. The last line is `N passed, N failed`; the exit code is 1 if a promise was broken.
 *
 * Takes a minute and a half. The tests have the same with shorter times.
 *
 * @module
 */
import { redisVersion } from "../contract/fixtures/redis_server.ts";
import { missingProgram } from "../support/not_run.ts";
import { describeMachine, readSection, writeSection } from "../verify/record.ts";
import { AWAY_LEASE_MS, type AwayReport, runAway } from "./away_round.ts";

const AWAY_MS = 20_000;
const HELD_MS = 8000;

interface State {
  readonly runs: number;
  readonly broken: number;
}

const missing = await missingProgram("redis-server", "apt install redis-server");
if (missing !== undefined) {
  console.log(`not run: ${missing.reason}; get it with: ${missing.command}`);
  console.log("0 passed, 0 failed, 1 skipped");
  Deno.exit();
}
// The server's process does not keep this one alive by itself while its end is waited for.
const alive = setInterval(() => {}, 1000);
const report = await runAway(AWAY_MS, HELD_MS);
clearInterval(alive);
console.log(
  `store away for ${AWAY_MS / 1000} s: ${report.readableErrors} readable errors, ` +
    `the slowest after ${report.slowestErrorMs} ms; ${report.answeredLate} answered once it was back; ` +
    `lease given up after ${report.abortedAfterMs} ms; recovered after ${report.recoveredAfterMs} ms; ` +
    `every task ended after ${report.settledAfterMs} ms`,
);
for (const fault of report.faults) console.log(fault);
await record(report);
const isKept = report.faults.length === 0;
console.log(isKept ? "1 passed, 0 failed" : "0 passed, 1 failed");
Deno.exit(isKept ? 0 : 1);

async function record(newest: AwayReport): Promise<void> {
  const kept = (await readSection<State>("away"))?.state ?? { runs: 0, broken: 0 };
  const state = { runs: kept.runs + 1, broken: kept.broken + (newest.faults.length === 0 ? 0 : 1) };
  await writeSection("away", {
    order: 30,
    title: "A store that is away",
    intro:
      `\`deno task away:full\`: two server processes with a lease of ${AWAY_LEASE_MS / 1000} s are cut off ` +
      `from their Redis for ${
        AWAY_MS / 1000
      } s, and are asked all the while. The figures are those of the newest run.`,
    rows: [
      ["runs, and runs with a broken promise", `${state.runs}, ${state.broken}`],
      ["requests answered with an error that says to try again", newest.readableErrors],
      ["longest wait for such an error", `${newest.slowestErrorMs} ms`],
      ["requests answered well once the store was back", newest.answeredLate],
      ["from the cut until a holder gave up its lease", `${newest.abortedAfterMs} ms`],
      ["from the mend until both servers answered well", `${newest.recoveredAfterMs} ms`],
      ["from the mend until every task had ended", `${newest.settledAfterMs} ms`],
    ],
    notTested: ["a store that answers slowly instead of not at all"],
    ranOn: describeMachine(await redisVersion()),
    state,
  });
}
