/**
 * `deno task fuzz:full`: the recorded counts, over as many runs as it takes.
 *
 * Seeds go on from where the last run stopped, until there were a million requests of each revision. The figures are
 * kept and shown in `docs/verification.md`. `--seconds N` stops after that time, `--threads N` uses more than two threads.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { Failure } from "../simulator/batch.ts";
import { type CampaignReport, runCampaign } from "../simulator/campaign.ts";
import { describeMachine, readSection, type Section, writeSection } from "../verify/record.ts";
import { keep, readCorpus } from "./corpus.ts";
import { unmet, WANTED } from "./coverage.ts";
import { measureLeftovers } from "./endurance.ts";
import { generate } from "./generate.ts";
import { fuzzSockets } from "./raw_sockets.ts";
import { shrink } from "./shrink.ts";

const GOAL = 1_000_000;
const RAW_GOAL = 20_000;
/** Worlds between two notes of how far it came. */
const CHUNK = 400;
const RAW_CHUNK = 500;
const LONG_STEPS = 30_000;

interface FullState {
  worlds: number;
  seconds: number;
  failures: Failure[];
  counters: Record<string, number>;
  raw: { requests: number; failures: string[] };
  long?: { requests: number; bytesPerRequest: number; runs: number; heldRuns: number };
}

const { values } = parseArgs({
  args: Deno.args,
  options: { seconds: { type: "string" }, threads: { type: "string" } },
});
const started = performance.now();
const limit = Number(values.seconds ?? Infinity);
const state: FullState = (await readSection<FullState>("fuzz"))?.state ?? {
  worlds: 0,
  seconds: 0,
  failures: [],
  counters: {},
  raw: { requests: 0, failures: [] },
};
const corpus = (await readCorpus()).length;

while (!isDone() && secondsLeft() > 0) {
  await goOn();
  await writeSection("fuzz", toSection());
  const { "requests 2025": older = 0, "requests 2026": newer = 0 } = state.counters;
  console.log(
    `${older} and ${newer} of ${GOAL} requests, ${state.failures.length} worlds with a broken promise`,
  );
}
if (state.long === undefined && secondsLeft() > 0) {
  state.long = await measureLeftovers(1, LONG_STEPS);
  await writeSection("fuzz", toSection());
}
Deno.exitCode = state.failures.length + state.raw.failures.length > 0 ? 1 : 0;

function secondsLeft(): number {
  return limit - (performance.now() - started) / 1000;
}

function isDone(): boolean {
  const { "requests 2025": older = 0, "requests 2026": newer = 0 } = state.counters;
  return Math.min(older, newer) >= GOAL && state.raw.requests >= RAW_GOAL;
}

async function goOn(): Promise<void> {
  const report = await runCampaign({
    from: state.worlds + 1,
    schedules: CHUNK,
    seconds: Infinity,
    threads: Number(values.threads ?? 2),
    stopsAtFailure: false,
    batchSize: 20,
    worker: new URL("./worker.ts", import.meta.url),
  });
  add(report);
  const [first] = report.failures;
  if (first !== undefined) {
    console.log(`seed ${first.seed}: ${first.invariant}: ${first.message}`);
    const plan = await shrink(generate(first.seed));
    await keep({ what: `${first.invariant}: ${first.message.slice(0, 200)}`, plan });
  }
  if (state.raw.requests >= RAW_GOAL) return;
  const raw = await fuzzSockets(state.worlds, RAW_CHUNK);
  state.raw.requests += raw.requests;
  state.raw.failures.push(...raw.failures);
}

function add(report: CampaignReport): void {
  state.worlds += report.schedules;
  state.seconds += report.seconds;
  state.failures.push(...report.failures);
  for (const [name, n] of report.counters) state.counters[name] = (state.counters[name] ?? 0) + n;
}

function toSection(): Section<FullState> {
  const { worlds, seconds, failures, counters, raw, long } = state;
  const { "requests 2025": older = 0, "requests 2026": newer = 0 } = counters;
  const missing = unmet(new Map(Object.entries(counters)));
  const sum = (pattern: RegExp) =>
    Object.entries(counters).reduce((total, [name, n]) => total + (pattern.test(name) ? n : 0), 0);
  return {
    order: 15,
    title: "Fuzzed requests",
    intro:
      "`deno task fuzz:full`: sound and damaged requests of every method of both revisions, in worlds of four callers, one " +
      "or two servers over one store, clocks that are driven, and in a quarter of them a store that fails. Half of them " +
      "are damaged in their JSON, text, headers, method, path, bytes or chunks; ids, cursors, sessions, states and event ids " +
      "of others are among what is put in. Looked at is every answer: its status, headers, envelope, id, revision, schema " +
      "(every sixth), events, and that it comes; that it tells no secret and nothing of other callers; that what was refused " +
      "changed nothing; that ended tasks stay ended; and that at the end everything is over, expired and gone. Seed n is " +
      "world n.",
    rows: [
      ["requests of 2025-11-25, of those wanted", `${older} of ${GOAL}`],
      ["requests of 2026-07-28, of those wanted", `${newer} of ${GOAL}`],
      ["worlds", `${worlds} (seeds from 1 on)`],
      [
        "worlds with a broken promise (crash, hang, 5xx, unhandled rejection, and all named above)",
        describe(failures),
      ],
      ["plans kept from broken promises, played again in every run", corpus],
      ["requests a second", Math.round((older + newer) / Math.max(1, seconds))],
      ["answers: results, errors", `${sum(/ ok( |$)/)}, ${sum(/^(legacy|modern|undefined) -\d+/)}`],
      ["calls of the store that went wrong", counters["store faults met"] ?? 0],
      ["kinds of answers met, of those wanted", `${WANTED.length - missing.length} of ${WANTED.length}`],
      ["requests as raw bytes over sockets, of those wanted", `${raw.requests} of ${RAW_GOAL}`],
      ["of these with a broken promise", raw.failures.length],
      ...(long === undefined ? [] : [
        [
          `bytes kept of a request, once ${long.requests} on one server are over`,
          Math.round(long.bytesPerRequest),
        ] as const,
        ["runs of tools still held then", `${long.heldRuns} of ${long.runs}`] as const,
      ]),
    ],
    notTested: [
      "event streams whose reader is slow over a real connection (see tests/handler)",
      "engines other than memory",
      "HTTP/2",
    ],
    ranOn: describeMachine(),
    state,
  };
}

function describe(failures: readonly Failure[]): string {
  if (failures.length === 0) return "0";
  return `${failures.length} (${failures.slice(0, 20).map(({ seed }) => seed).join(", ")})`;
}
