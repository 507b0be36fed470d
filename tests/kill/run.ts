/**
 * Runs rounds of the kill harness, several at a time, and says what came of them.
 *
 * Without arguments the size of a push: stops at its count, or at its time. `--full` runs the recorded counts,
 * goes on where it stopped, and writes its figures to `docs/verification.md`. The last line is
 * `N passed, N failed`, with `, N skipped` behind it if rounds were not run; the exit code is 1 if a promise
 * was broken.
 *
 * @module
 */
import { type RedisServer, redisVersion, startRedis } from "../contract/fixtures/redis_server.ts";
import { missingProgram } from "../support/not_run.ts";
import { describeMachine, readSection, writeSection } from "../verify/record.ts";
import { endNodes } from "./node_process.ts";
import type { Flavour } from "./plan.ts";
import { type RoundReport, runRound } from "./round.ts";
import type { RoundStore } from "./settings.ts";
import { addRound, NO_ROUNDS, percentile, type Tally } from "./tally.ts";
import { toSection } from "./section.ts";

/** Kinds of rounds, in the order in which they are run. */
const KINDS = ["kill-kv", "kill-redis", "zombie-kv", "zombie-redis"] as const;

/** One of {@linkcode KINDS}. */
export type Kind = typeof KINDS[number];

/** What is kept of a full run. */
export type KillState = Readonly<Record<Kind, Tally>>;

const PUSH: Readonly<Record<Kind, number>> = {
  "kill-kv": 25,
  "kill-redis": 25,
  "zombie-kv": 4,
  "zombie-redis": 4,
};
const FULL: Readonly<Record<Kind, number>> = {
  "kill-kv": 500,
  "kill-redis": 500,
  "zombie-kv": 100,
  "zombie-redis": 100,
};
const PUSH_BUDGET_S = 140;
const AT_A_TIME = 4;

const isFull = Deno.args.includes("--full");
const budgetS = numberOf("--budget", isFull ? Infinity : PUSH_BUDGET_S);
const firstSeed = numberOf("--seed", isFull ? 1 : Date.now() % 1_000_000);
const atATime = numberOf("--at-a-time", AT_A_TIME);
const counts = isFull ? FULL : PUSH;
const only = textOf("--only");

const missing = await missingProgram("redis-server", "apt install redis-server");
const redis = missing === undefined ? await startRedis({ appendonly: "yes" }) : undefined;
const folder = await Deno.makeTempDir({ prefix: "kill-run-" });
// What a killed process leaves does not depend on the disk: every other round does without one, and is faster.
const memory = await Deno.makeTempDir({ prefix: "kill-run-", dir: "/dev/shm" }).catch(() => folder);
const kept = isFull ? (await readSection<KillState>("kill"))?.state : undefined;
const tallies = Object.fromEntries(KINDS.map((kind) => [kind, kept?.[kind] ?? NO_ROUNDS])) as Record<
  Kind,
  Tally
>;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    // A full run goes on from what it has written by now.
    endNodes();
    Deno.exit(1);
  });
}

const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
try {
  const jobs = planJobs();
  await Promise.all(Array.from({ length: atATime }, () => work(jobs)));
} finally {
  await redis?.kill();
  for (const path of new Set([folder, memory])) await Deno.remove(path, { recursive: true });
}
for (const kind of KINDS) console.log(summaryOf(kind, tallies[kind]));
const passed = sum(({ rounds, broken }) => rounds - broken.length);
const failed = sum(({ broken }) => broken.length);
const skipped = KINDS.filter((kind) => kind.includes(only ?? "")).reduce(
  (all, kind) => all + Math.max(0, counts[kind] - tallies[kind].rounds),
  0,
);
if (missing !== undefined) {
  console.log(`not run: rounds on Redis\n  reason: ${missing.reason}\n  get it with: ${missing.command}`);
}
console.log(`${Math.round(seconds())} s`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
Deno.exit(failed > 0 ? 1 : 0);

interface Job {
  readonly kind: Kind;
  readonly seed: number;
}

/** The rounds that are still to be run, the kinds mixed. */
function planJobs(): Job[] {
  const jobs: (Job & { readonly at: number })[] = [];
  for (const kind of KINDS) {
    if (only !== undefined && !kind.includes(only)) continue;
    if (kind.endsWith("redis") && redis === undefined) continue;
    for (let n = tallies[kind].rounds; n < counts[kind]; n++) {
      jobs.push({ kind, seed: firstSeed + n, at: n / counts[kind] });
    }
  }
  return jobs.sort((a, b) => a.at - b.at);
}

async function work(jobs: Job[]): Promise<void> {
  for (let job = jobs.shift(); job !== undefined && seconds() < budgetS; job = jobs.shift()) {
    const report = await tryRound(job);
    tallies[job.kind] = addRound(tallies[job.kind], report);
    for (const fault of report.faults) console.log(`${job.kind} seed ${job.seed}: ${fault}`);
    if (isFull) await writeSection("kill", toSection(tallies, counts, describeMachine(await redisVersion())));
    const done = sum(({ rounds }) => rounds);
    if (done % 10 === 0) console.log(`${done} rounds, ${Math.round(seconds())} s`);
  }
}

/** A round; whatever stops it from being one is a broken promise too. */
async function tryRound({ kind, seed }: Job): Promise<RoundReport> {
  const flavour = kind.split("-")[0] as Flavour;
  const store = addressOf(kind, seed, redis);
  try {
    return await runRound(seed, flavour, store);
  } catch (error) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    const { figures } = NO_ROUNDS;
    const faults = [`the round came to no end: ${text}`];
    return { seed, flavour, store: store.kind, faults, figures, afterDeathMs: [], afterStopMs: [] };
  } finally {
    if (store.kind === "kv") {
      for (const end of ["", "-shm", "-wal"]) await Deno.remove(store.path + end).catch(() => {});
    }
  }
}

function addressOf(kind: Kind, seed: number, server: RedisServer | undefined): RoundStore {
  return kind.endsWith("kv")
    ? { kind: "kv", path: `${seed % 2 === 0 ? folder : memory}/${kind}-${seed}.kv` }
    : { kind: "redis", url: `redis://127.0.0.1:${server!.port}`, prefix: `${kind}-${seed}:` };
}

function summaryOf(kind: Kind, { rounds, broken, figures, afterDeath }: Tally): string {
  const { acknowledged, workerLost, repeatedSteps, refused, dropped, lostWithoutCause } = figures;
  return `${kind}: ${rounds} rounds, ${broken.length} broken; ${acknowledged} tasks, ` +
    `${
      figures.killed + figures.died
    } processes died, ${figures.stopped} stopped, ${figures.rolled} rolled; ${workerLost} worker_lost ` +
    `(${lostWithoutCause} of them only slow), ${repeatedSteps} steps cut off, ${refused} writes refused, ` +
    `${dropped} late outcomes dropped; recovery p50 ${percentile(afterDeath, 0.5)} ms, p95 ${
      percentile(afterDeath, 0.95)
    } ms`;
}

function sum(figure: (tally: Tally) => number): number {
  return KINDS.reduce((all, kind) => all + figure(tallies[kind]), 0);
}

function numberOf(name: string, otherwise: number): number {
  const text = textOf(name);
  return text === undefined ? otherwise : Number(text);
}

function textOf(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}
