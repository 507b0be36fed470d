import { assertEquals } from "@std/assert";
import { type Expectation, EXPECTED } from "./expected.ts";
import type { Marks } from "./suite.ts";
import { judge, summarize } from "./verdict.ts";

const SERVED: Expectation = { scenario: "a", wire: "tasks", marks: 3 };
const UNSERVED: Expectation = { scenario: "b", wire: "2025-11-25", marks: 5, needs: "prompts", atLeast: 1 };

function marks(passed: number, failed = 0, warned = 0): Marks {
  return { passed, failed, warned, complaints: [] };
}

Deno.test("judge() wants full marks of what is served, without a failure or a warning", () => {
  assertEquals(judge(SERVED, marks(3)).isWorse, false);
  assertEquals(judge(SERVED, marks(4)).isWorse, false);
  assertEquals(judge(SERVED, marks(2)).isWorse, true);
  assertEquals(judge(SERVED, marks(3, 1)).isWorse, true);
  assertEquals(judge(SERVED, marks(3, 0, 1)).isWorse, true);
});

Deno.test("judge() lets nothing fall that is not served yet", () => {
  assertEquals(judge(UNSERVED, marks(1, 4)).isWorse, false);
  assertEquals(judge(UNSERVED, marks(0, 5)).isWorse, true);
});

Deno.test("summarize() counts what is served and shows what is not", () => {
  assertEquals(summarize([judge(SERVED, marks(3)), judge(UNSERVED, marks(2, 3))]), [
    "Tasks extension: 3 of 3 checks, 1 scenarios, 0 warnings",
    "2025-11-25: 2 of 5 checks, 1 scenarios, 0 warnings",
    "not served yet: 2 of 5 checks, 1 scenarios",
    "3 passed, 0 failed",
  ]);
  assertEquals(summarize([judge(SERVED, marks(1, 2))]).at(-1), "1 passed, 2 failed");
  assertEquals(summarize([judge(UNSERVED, marks(0, 5))]).at(-1), "0 passed, 1 failed");
});

Deno.test("expected marks add up to those of the suite", () => {
  const total = (wire: string) =>
    EXPECTED.filter((entry) => entry.wire === wire).reduce((sum, entry) => sum + entry.marks, 0);
  assertEquals([total("2025-11-25"), total("2026-07-28"), total("tasks"), total("stable")], [
    84,
    152,
    44,
    40,
  ]);
  assertEquals(new Set(EXPECTED.map(({ scenario, wire }) => `${wire} ${scenario}`)).size, EXPECTED.length);
});
