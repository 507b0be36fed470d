/**
 * The contract suite: the same claims for every backend.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { systemRuntime } from "../../runtime.ts";
import type { BackendTraits } from "../../store/backend.ts";
import type { StorageSuiteOptions, TestDefinition } from "./fixture.ts";
import { Kit, type StorageCase, type StorageCases } from "./kit.ts";
import { ManualRuntime } from "./manual_runtime.ts";
import { activeCases } from "./active_cases.ts";
import { atomicityCases } from "./atomicity_cases.ts";
import { conditionCases } from "./condition_cases.ts";
import { costCases } from "./cost_cases.ts";
import { deleteCases } from "./delete_cases.ts";
import { dueCases } from "./due_cases.ts";
import { faultCases } from "./fault_cases.ts";
import { getCases } from "./get_cases.ts";
import { keyCases } from "./key_cases.ts";
import { listCases } from "./list_cases.ts";
import { notAfterCases } from "./not_after_cases.ts";
import { purgeCases } from "./purge_cases.ts";
import { replaceCases } from "./replace_cases.ts";
import { traitCases } from "./trait_cases.ts";
import { valueCases } from "./value_cases.ts";
import { versionCases } from "./version_cases.ts";
import { watchCases } from "./watch_cases.ts";

const TOPICS: Readonly<Record<string, StorageCases>> = {
  traits: traitCases,
  get: getCases,
  conditions: conditionCases,
  versions: versionCases,
  replace: replaceCases,
  values: valueCases,
  keys: keyCases,
  list: listCases,
  due: dueCases,
  active: activeCases,
  purge: purgeCases,
  notAfter: notAfterCases,
  delete: deleteCases,
  atomicity: atomicityCases,
  watch: watchCases,
  faults: faultCases,
  costs: costCases,
};

/** Longest time an operation may take while the suite runs: enough for a slow engine on a busy machine. */
const TIMEOUT_MS = 30_000;

/** Number of cases in the suite. */
export const storageCaseCount: number = Object.values(TOPICS)
  .reduce((sum, cases) => sum + Object.keys(cases).length, 0);

/** What {@linkcode testStorageBackend} registered. */
export interface StorageSuiteSummary {
  /** Number of tests registered, and to be run. */
  readonly registered: number;
  /** Claims left out, because the fixture does not offer what they need. */
  readonly leftOut: readonly string[];
}

/**
 * Registers a test for each claim that a backend has to keep.
 *
 * A claim that needs what the fixture does not offer is left out, and named in the summary. If the engine is
 * not here, a single ignored test says so: it never counts as passed.
 *
 * @example Test a backend
 * ```ts
 * import { memory } from "@perdure/mcp-tasks/memory";
 * import { testStorageBackend } from "@perdure/mcp-tasks/testing";
 * import { assert } from "@std/assert";
 *
 * const names: string[] = [];
 * testStorageBackend({
 *   name: "memory",
 *   open: ({ runtime }) => {
 *     const backend = memory({ runtime });
 *     return Promise.resolve({ backend, close: () => backend.close() });
 *   },
 *   test: ({ name }) => names.push(name), // absent: Deno.test
 * });
 * assert(names.includes("memory: list: descend when asked to"));
 * ```
 */
export function testStorageBackend(options: StorageSuiteOptions): StorageSuiteSummary {
  const { name, traits, provides = [], notRun, test = platformTest() } = options;
  const leftOut: string[] = [];
  const tests: TestDefinition[] = [];
  for (const [topic, cases] of Object.entries(TOPICS)) {
    for (const [claim, entry] of Object.entries(cases)) {
      const storageCase = typeof entry === "function" ? { run: entry } : entry;
      const isServed = storageCase.needs?.every((ability) => provides.includes(ability)) ?? true;
      if (!isServed) {
        leftOut.push(`${topic}: ${claim}`);
        continue;
      }
      const fn = () => runCase(storageCase, options);
      tests.push({ name: `${name}: ${topic}: ${claim}`, ignore: false, fn });
    }
  }
  if (traits !== undefined) {
    const check = (kit: Kit) => Promise.resolve(assertTraits(kit.traits, traits));
    tests.push({
      name: `${name}: traits: are as declared`,
      ignore: false,
      fn: () => runCase({ run: check }, options),
    });
  }
  if (notRun !== undefined) {
    test({
      name: `${name}: ${tests.length} claims [not run: ${notRun}]`,
      ignore: true,
      fn: () => Promise.resolve(),
    });
    return { registered: 0, leftOut };
  }
  for (const definition of tests) test(definition);
  return { registered: tests.length, leftOut };
}

async function runCase(storageCase: StorageCase, { open }: StorageSuiteOptions): Promise<void> {
  const manual = storageCase.manualClock ? new ManualRuntime() : undefined;
  const runtime = manual ?? systemRuntime;
  const fixture = await open({ runtime, timeoutMs: TIMEOUT_MS });
  try {
    await storageCase.run(new Kit(fixture, runtime, (ms) => manual!.advance(ms)));
  } finally {
    await fixture.close();
  }
}

function assertTraits(actual: BackendTraits, expected: Partial<BackendTraits>): void {
  assertEquals({ ...actual, ...expected }, actual);
}

function platformTest(): (definition: TestDefinition) => void {
  const deno = Reflect.get(globalThis, "Deno") as { test?: (definition: TestDefinition) => void } | undefined;
  if (deno?.test === undefined) {
    throw new TypeError("Cannot register tests: pass the option test on this runtime");
  }
  return deno.test;
}
