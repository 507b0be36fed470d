/**
 * Compares marks with what is expected, and adds them up.
 *
 * @module
 */
import type { Expectation } from "./expected.ts";
import type { Marks, Wire } from "./suite.ts";

/** A scenario that was run. */
export interface Verdict {
  readonly expectation: Expectation;
  readonly marks: Marks;
  /** Whether it fell below what is expected. */
  readonly isWorse: boolean;
}

/** Judges one scenario. One that is served has to have full marks and nothing against it. */
export function judge(expectation: Expectation, marks: Marks): Verdict {
  const isWorse = expectation.needs === undefined
    ? marks.passed < expectation.marks || marks.failed > 0 || marks.warned > 0
    : marks.passed < (expectation.atLeast ?? 0);
  return { expectation, marks, isWorse };
}

/** The scenarios of one wire, added up. */
export interface GroupTotal {
  readonly name: string;
  readonly scenarios: number;
  readonly passed: number;
  /** Checks on full marks. */
  readonly wanted: number;
  readonly warned: number;
}

const GROUPS: Readonly<Record<Wire, string>> = {
  "tasks": "Tasks extension",
  "2025-11-25": "2025-11-25",
  "2026-07-28": "2026-07-28",
  "stable": "0.1.16, active scenarios",
};

/** Totals of the wires that were run. */
export function totals(verdicts: readonly Verdict[]): GroupTotal[] {
  return Object.entries(GROUPS).map(([wire, name]) => {
    const group = verdicts.filter(({ expectation }) => expectation.wire === wire);
    return {
      name,
      scenarios: sum(group.map(({ expectation }) => expectation.scenarios ?? 1)),
      passed: passedOf(group),
      wanted: sum(group.map(({ expectation }) => expectation.marks)),
      warned: sum(group.map(({ marks }) => marks.warned)),
    };
  }).filter(({ scenarios }) => scenarios > 0);
}

/** Totals per wire, what is not served yet, and the closing line `N passed, N failed`. */
export function summarize(verdicts: readonly Verdict[]): string[] {
  const served = verdicts.filter(({ expectation }) => expectation.needs === undefined);
  const unserved = verdicts.filter(({ expectation }) => expectation.needs !== undefined);
  const lines = totals(verdicts).map(({ name, scenarios, passed, wanted, warned }) =>
    `${name}: ${passed} of ${wanted} checks, ${scenarios} scenarios, ${warned} warnings`
  );
  if (unserved.length > 0) {
    const wanted = sum(unserved.map(({ expectation }) => expectation.marks));
    lines.push(`not served yet: ${passedOf(unserved)} of ${wanted} checks, ${unserved.length} scenarios`);
  }
  const lost = verdicts.filter(({ isWorse }) => isWorse).map(checksLost);
  lines.push(`${passedOf(served)} passed, ${sum(lost)} failed`);
  return lines;
}

/** At least one for a scenario that fell behind, so that no such scenario adds nothing. */
function checksLost({ expectation, marks }: Verdict): number {
  const wanted = expectation.needs === undefined ? expectation.marks : expectation.atLeast ?? 0;
  return Math.max(
    1,
    wanted - marks.passed,
    expectation.needs === undefined ? marks.failed + marks.warned : 0,
  );
}

function passedOf(group: readonly Verdict[]): number {
  return sum(group.map(({ marks }) => marks.passed));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
