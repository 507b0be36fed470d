/**
 * Runs the same cases against the fixture on every runtime, and says plainly what came of them.
 *
 * `deno task runtimes [words of a lane's name]`. What cannot be run here is listed with the reason. Ends with
 * `N passed, N failed`, with `, N skipped` behind it if any was not run.
 *
 * @module
 */
import { inParallel } from "./parallel.ts";
import { callCases } from "./cases/calls.ts";
import { connectionCases } from "./cases/connections.ts";
import { taskCases } from "./cases/tasks.ts";
import type { Host } from "./host_process.ts";
import { type Lane, LANES } from "./lanes.ts";
import { type Case, targetAt } from "./target.ts";

// Silent cases first: the others run meanwhile.
const CASES: readonly Case[] = [...connectionCases, ...taskCases, ...callCases];
const LANES_AT_ONCE = 4;
const CASES_AT_ONCE = 6;
const CASE_LIMIT_MS = 60_000;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

async function runLane(lane: Lane, tally: Tally): Promise<void> {
  const startedAt = performance.now();
  const folder = await Deno.makeTempDir({ prefix: "runtimes-" });
  let host: Host | undefined;
  try {
    const started = await lane.start(folder);
    if ("reason" in started) {
      tally.skipped += CASES.length;
      console.log(`not run: ${lane.name}\n  reason: ${started.reason}\n  get it with: ${started.command}`);
      return;
    }
    host = started;
    const { except = {} } = lane;
    const cases = CASES.filter(({ name }) => except[name] === undefined);
    for (const [name, reason] of Object.entries(except)) {
      console.log(`not run on ${lane.name}: ${name}: ${reason}`);
    }
    const failures = await runCases(cases, host);
    tally.passed += cases.length - failures.length;
    tally.failed += failures.length;
    tally.skipped += CASES.length - cases.length;
    for (const failure of failures) console.log(`FAILED on ${lane.name}: ${failure}`);
    if (failures.length > 0) console.log(`Output of ${lane.name}:\n${host.output().slice(-4000)}`);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${lane.name}: ${cases.length - failures.length} of ${cases.length} passed, ${seconds} s`);
  } catch (error) {
    tally.failed += CASES.length;
    console.log(`FAILED ${lane.name}: ${error}`);
  } finally {
    await host?.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** What failed, and why. */
async function runCases(cases: readonly Case[], { origin }: Host): Promise<string[]> {
  const failures: string[] = [];
  await inParallel(CASES_AT_ONCE, cases, async (one) => {
    try {
      await limited(one.run(targetAt(origin)));
    } catch (error) {
      failures.push(`${one.name}: ${error instanceof Error ? error.stack : error}`);
    }
  });
  return failures;
}

async function limited(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${CASE_LIMIT_MS} ms`)), CASE_LIMIT_MS);
  });
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

if (import.meta.main) {
  const words = Deno.args.join(" ").toLowerCase();
  const lanes = LANES.filter(({ name }) => name.toLowerCase().includes(words));
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  await inParallel(LANES_AT_ONCE, lanes, (lane) => runLane(lane, tally));
  const { passed, failed, skipped } = tally;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  // What cases have left open must not keep the process.
  Deno.exit(failed === 0 && passed + skipped > 0 ? 0 : 1);
}
