import { assertEquals } from "@std/assert";
import {
  decideRecovery,
  type DecisionContext,
  type RecoveryAction,
} from "../../src/execution/recovery_decision.ts";
import type { RepeatBackoff } from "../../src/execution/mod.ts";
import { leaseTimes, type TaskHead } from "../../src/tasks/mod.ts";
import { sampleHead, START } from "../support/sample_tasks.ts";

const LAPSED = START + 35_000;

function lostHead(attempt: number, maxAttempts: number): TaskHead {
  const head = sampleHead({}, { repeatable: true, maxAttempts });
  return { ...head, exec: { ...head.exec, attempt } };
}

function decide(head: TaskHead, random: number, backoff?: RepeatBackoff): RecoveryAction {
  const context: DecisionContext = {
    now: LAPSED,
    times: leaseTimes(30_000),
    leaseOwner: "there",
    nonce: "nonce",
    random,
    isKnown: true,
    backoff,
    hasHandler: true,
    hasDispatch: false,
    mayClaim: true,
  };
  return decideRecovery(head, context);
}

/** Pause before a lost attempt is run again; `undefined` where it is taken at once. */
function pauseOf(attempt: number, random: number, backoff?: RepeatBackoff): number | undefined {
  const action = decide(lostHead(attempt, 100), random, backoff);
  if (action.type === "claim") return undefined;
  return action.type === "store" ? action.head.exec.notBefore! - LAPSED : NaN;
}

Deno.test("decideRecovery() takes a task at once after its first loss, and pauses longer after each later one", () => {
  assertEquals([1, 2, 3, 6, 7, 50].map((attempt) => pauseOf(attempt, 0.5)), [
    undefined,
    1000,
    2000,
    16_000,
    30_000,
    30_000,
  ]);
  assertEquals([2, 3].map((attempt) => pauseOf(attempt, 0)), [0, 0]);
});

Deno.test("decideRecovery() pauses as the tool's author wants it, from the first loss on", () => {
  const backoff = { initialMs: 8000, factor: 3, maxMs: 50_000 };
  assertEquals([1, 2, 3, 99].map((attempt) => pauseOf(attempt, 0.5, backoff)), [
    4000,
    12_000,
    25_000,
    25_000,
  ]);
  assertEquals([1, 2].map((attempt) => pauseOf(attempt, 0.999, { factor: 1 })), [999, 999]);
  assertEquals([1, 2, 7].map((attempt) => pauseOf(attempt, 0.5, {})), [500, 1000, 30_000]);
});

Deno.test("decideRecovery() gives a task up after its attempts, whatever the pauses", () => {
  for (const backoff of [undefined, { initialMs: 8000 }]) {
    const action = decide(lostHead(3, 3), 0.5, backoff);
    assertEquals(action.type === "store" && action.reason, "attempts_exhausted");
  }
});

Deno.test("decideRecovery() counts the first loss of a task against its tool, with a pause and without", () => {
  const isLoss = (attempt: number, backoff?: RepeatBackoff) => {
    const action = decide(lostHead(attempt, 100), 0.5, backoff);
    return "isLoss" in action && action.isLoss;
  };
  assertEquals([isLoss(1), isLoss(2)], [true, false]);
  assertEquals([isLoss(1, {}), isLoss(2, {})], [true, false]);
});
