/**
 * Makes one honest count of what `deno test` reports.
 *
 * @module
 */
import { type Missing, parseNotRun } from "./not_run.ts";

/** What a run of `deno test` left behind. */
export interface TestRun {
  /** Exit code. */
  readonly code: number;
  /** The end of its output, where the count is. */
  readonly tail: string;
  /** The JUnit report; empty if there is none. */
  readonly junit: string;
}

/** The count. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  /** Tests whose server or program is missing. */
  readonly notRun: readonly (Missing & { readonly name: string })[];
  /** Tests skipped without a reason; they count as failed. */
  readonly unexplained: readonly string[];
}

// The last line of the output. Files that fail before their tests count as failed there.
const COUNT = /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/m;

/** Counts. A run that did not get to its own count, or ran no test, counts as one failure. */
export function summarize({ code, tail, junit }: TestRun): TestSummary {
  const skipped = skippedNames(junit);
  const notRun = skipped.map(parseNotRun).filter((entry) => entry !== undefined);
  const unexplained = skipped.filter((name) => !parseNotRun(name));
  // deno-lint-ignore no-control-regex
  const [, passed = 0, failedTests = 0] = (COUNT.exec(tail.replaceAll(/\x1b\[[\d;]*m/g, "")) ?? []).map(
    Number,
  );
  const failed = failedTests + unexplained.length;
  const nothingRan = passed + failed + notRun.length === 0;
  return { passed, failed: failed === 0 && (code !== 0 || nothingRan) ? 1 : failed, notRun, unexplained };
}

/** The closing line. */
export function summaryLine({ passed, failed, notRun }: TestSummary): string {
  return `${passed} passed, ${failed} failed${notRun.length > 0 ? `, ${notRun.length} skipped` : ""}`;
}

function skippedNames(junit: string): string[] {
  const cases = junit.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped\/>/g);
  return Array.from(cases, ([, name = ""]) => unescapeXml(name));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}
