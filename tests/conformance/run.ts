/**
 * Runs the official conformance suite against the fixture server and compares with what is expected.
 *
 * `deno task conformance [--scenario NAME] [--url URL] [--verbose] [--record]`
 *
 * Starts `examples/conformance_server.ts` unless `--url` names a server. Prints a line per scenario and
 * ends with `N passed, N failed`, counted in checks of the scenarios that are served. Exit code 1 if a
 * scenario is worse than expected; scenarios not served yet are listed with their marks. `--record` keeps the totals for `docs/conformance.md`.
 *
 * @module
 */
import { startServer } from "../../examples/support/server_process.ts";
import { EXPECTED } from "./expected.ts";
import { recordSuite } from "../requirements/write_page.ts";
import { runScenario, SUITE } from "./suite.ts";
import { judge, summarize, totals, type Verdict } from "./verdict.ts";

const PARALLEL = 2;
const SERVER = `${import.meta.dirname}/../../examples/conformance_server.ts`;

interface Options {
  readonly scenario?: string;
  readonly url?: string;
  readonly verbose: boolean;
  readonly record: boolean;
}

if (import.meta.main) Deno.exit(await main(parseOptions(Deno.args)));

async function main(options: Options): Promise<number> {
  const chosen = EXPECTED.filter(({ scenario }) => scenario === (options.scenario ?? scenario));
  if (chosen.length === 0) throw new Error(`Cannot run "${options.scenario}": no such scenario`);
  const server = options.url === undefined
    ? await startServer(["run", "-A", SERVER, "--port", "0"])
    : undefined;
  try {
    const url = options.url ?? `${server!.url}/mcp`;
    const verdicts = await runAll(chosen, async (expectation) => {
      const marks = await runScenario(url, expectation.scenario, expectation.wire);
      const verdict = judge(expectation, marks);
      printVerdict(verdict, options.verbose);
      return verdict;
    });
    const isWorse = verdicts.some((verdict) => verdict.isWorse);
    if (isWorse && server !== undefined) console.log(`Output of the server:\n${server.output()}`);
    for (const line of summarize(verdicts)) console.log(line);
    if (options.record) {
      await recordSuite({ version: SUITE.slice(SUITE.lastIndexOf("@") + 1), groups: totals(verdicts) });
    }
    return isWorse ? 1 : 0;
  } finally {
    await server?.stop();
  }
}

function parseOptions(args: readonly string[]): Options {
  const options: { scenario?: string; url?: string; verbose: boolean; record: boolean } = {
    verbose: false,
    record: false,
  };
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--scenario") options.scenario = args[++index];
    else if (args[index] === "--url") options.url = args[++index];
    else if (args[index] === "--verbose") options.verbose = true;
    else if (args[index] === "--record") options.record = true;
    else throw new Error(`Cannot parse arguments: unknown option "${args[index]}"`);
  }
  return options;
}

/** Results in the order of the items, `PARALLEL` at a time. */
async function runAll<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const drain = async () => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, drain));
  return results;
}

function printVerdict({ expectation, marks, isWorse }: Verdict, verbose: boolean): void {
  const { scenario, wire, needs, marks: full } = expectation;
  const state = isWorse ? "WORSE" : needs === undefined ? "ok" : `not served yet: needs ${needs}`;
  const warned = marks.warned === 0 ? "" : `, ${marks.warned} warned`;
  console.log(`${wire.padEnd(10)}  ${scenario.padEnd(46)} ${marks.passed}/${full}${warned}  ${state}`);
  if (isWorse || verbose) { for (const complaint of marks.complaints) console.log(`    ${complaint}`); }
}
