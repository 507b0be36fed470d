/**
 * Compares marks with what is expected, and adds them up.
 *
 * @module
 */
import type { Expectation } from "./expected.ts";
import type { Marks } from "./suite.ts";

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

/** Totals per wire, what is not served yet, and the closing line `N passed, N failed`. */
export function summarize(verdicts: readonly Verdict[]): string[] {
  const lines: string[] = [];
  for (const wire of ["tasks", "2025-11-25", "2026-07-28"] as const) {
    const group = verdicts.filter(({ expectation }) => expectation.wire === wire);
    if (group.length > 0) lines.push(`${wire}: ${describe(group)}`);
  }
  const served = verdicts.filter(({ expectation }) => expectation.needs === undefined);
  const unserved = verdicts.filter(({ expectation }) => expectation.needs !== undefined);
  if (unserved.length > 0) lines.push(`not served yet: ${describe(unserved)}`);
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

function describe(group: readonly Verdict[]): string {
  const marks = sum(group.map(({ expectation }) => expectation.marks));
  return `${passedOf(group)} of ${marks} checks, ${group.length} scenarios`;
}

function passedOf(group: readonly Verdict[]): number {
  return sum(group.map(({ marks }) => marks.passed));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
