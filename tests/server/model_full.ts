/**
 * `deno task model:full`: 100,000 random operations of twenty owners against a model, over as many runs as it takes.
 *
 * Rounds go on from where the last run stopped. The figures are kept and shown in `docs/verification.md`. `--seconds N`
 * stops after that time; `--round N` plays one round and makes what fails in it smaller.
 *
 * @module
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { describeMachine, readSection, type Section, writeSection } from "../verify/record.ts";
import { anyOperation } from "./operations.ts";
import { ModelledServer, type Operation, PRINCIPALS } from "./task_model.ts";

const GOAL = 100_000;
const PER_ROUND = 500;

interface FullState {
  rounds: number;
  operations: number;
  comparisons: number;
  seconds: number;
  /** By the word of the operation. */
  counts: Record<string, number>;
  failures: { readonly round: number; readonly message: string }[];
}

const { values } = parseArgs({
  args: Deno.args,
  options: { seconds: { type: "string" }, round: { type: "string" } },
});
if (values.round !== undefined) await shrinkRound(Number(values.round));
else await goOn(Number(values.seconds ?? Infinity));

async function goOn(limit: number): Promise<void> {
  const started = performance.now();
  const state: FullState = (await readSection<FullState>("model"))?.state ?? {
    rounds: 0,
    operations: 0,
    comparisons: 0,
    seconds: 0,
    counts: {},
    failures: [],
  };
  while (state.operations < GOAL && (performance.now() - started) / 1000 < limit) {
    const began = performance.now();
    const round = ++state.rounds;
    const operations = operationsOf(round);
    try {
      state.comparisons += await play(operations);
    } catch (error) {
      state.failures.push({ round, message: String(error).slice(0, 1000) });
      console.log(`round ${round}: ${error}`);
    }
    state.operations += operations.length;
    for (const { op } of operations) state.counts[op] = (state.counts[op] ?? 0) + 1;
    state.seconds += (performance.now() - began) / 1000;
    if (round % 10 === 0 || state.operations >= GOAL) await writeSection("model", toSection(state));
  }
  await writeSection("model", toSection(state));
  console.log(
    `${state.operations} of ${GOAL} operations, ${state.failures.length} rounds with a broken promise`,
  );
  Deno.exitCode = state.failures.length > 0 ? 1 : 0;
}

/** Plays operations; tells how many looks at tasks of others were compared. */
async function play(operations: readonly Operation[]): Promise<number> {
  const server = await ModelledServer.start(PRINCIPALS.length);
  for (const operation of operations) await server.play(operation);
  await server.finish();
  return server.comparisons;
}

function operationsOf(round: number): Operation[] {
  return fc.sample(someOperations(), { seed: round, numRuns: 1 })[0]!;
}

function someOperations(): fc.Arbitrary<Operation[]> {
  return fc.array(anyOperation(PRINCIPALS.length), {
    minLength: PER_ROUND,
    maxLength: PER_ROUND,
    size: "max",
  });
}

/** Leaves out as many operations as possible while something still fails. */
async function shrinkRound(round: number): Promise<void> {
  let kept = operationsOf(round);
  if (await fails(kept) === undefined) return console.log(`round ${round}: nothing is wrong`);
  for (let size = kept.length >> 1; size >= 1; size >>= 1) {
    for (let start = 0; start < kept.length;) {
      const fewer = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (await fails(fewer) === undefined) start += size;
      else kept = fewer;
    }
  }
  console.log(`round ${round}, made smaller: ${await fails(kept)}`);
  for (const operation of kept) console.log(JSON.stringify(operation));
  Deno.exitCode = 1;
}

async function fails(operations: readonly Operation[]): Promise<unknown> {
  try {
    await play(operations);
    return undefined;
  } catch (error) {
    return error;
  }
}

function toSection(state: FullState): Section<FullState> {
  const { rounds, operations, comparisons, seconds, counts, failures } = state;
  return {
    order: 17,
    title: "Twenty owners against a model",
    intro:
      "`deno task model:full`: random operations of twenty owners of like names (subjects and clients, with and without " +
      "issuers, in several spellings) on one server over memory, in both revisions, played beside the simplest model of it. " +
      "Every status, list, result and refusal is what the model says; tasks of others are answered like tasks that never " +
      `were, to the byte; and after all has expired nothing is left. ${PER_ROUND} operations a round; round n has seed n.`,
    rows: [
      ["operations, of those wanted", `${operations} of ${GOAL}`],
      ["rounds", rounds],
      ["rounds with a broken promise", describe(failures)],
      ...Object.entries(counts).sort().map(([op, n]): [string, number] => [`operations: ${op}`, n]),
      ["looks at tasks of others, compared with looks at none in both revisions", comparisons],
      ["operations a second", Math.round(operations / Math.max(1, seconds))],
    ],
    notTested: ["time that answers take: it is not promised to be the same"],
    ranOn: describeMachine(),
    state,
  };
}

function describe(failures: FullState["failures"]): string {
  if (failures.length === 0) return "0";
  return `${failures.length} (${failures.slice(0, 20).map(({ round }) => round).join(", ")})`;
}
