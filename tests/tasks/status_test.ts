import { assertEquals, assertThrows } from "@std/assert";
import {
  assertTransition,
  canTransition,
  InvalidTransitionError,
  isTaskStatus,
  isTerminal,
  type TaskStatus,
} from "../../src/tasks/mod.ts";
import { verifies } from "../support/requirements.ts";

const STATUSES: readonly TaskStatus[] = ["working", "input_required", "completed", "failed", "cancelled"];

// The whole table, written out: rows are where a task is, columns where it is to go, in the order above.
const TABLE: Readonly<Record<TaskStatus, string>> = {
  working: "- + + + +",
  input_required: "+ - + + +",
  completed: "- - - - -",
  failed: "- - - - -",
  cancelled: "- - - - -",
};

for (const from of STATUSES) {
  STATUSES.forEach((to, column) => {
    const isAllowed = TABLE[from].split(" ")[column] === "+";
    verifies(
      ["T25-035", "T25-036", "T26-043", "lib-I17"],
      `assertTransition() ${isAllowed ? "allows" : "forbids"} "${from}" to "${to}"`,
      () => {
        assertEquals(canTransition(from, to), isAllowed);
        if (isAllowed) return assertTransition("t", from, to);
        const error = assertThrows(
          () => assertTransition("t", from, to),
          InvalidTransitionError,
          `Cannot move task "t" to "${to}": current status is "${from}"`,
        );
        assertEquals([error.from, error.to], [from, to]);
      },
    );
  });
}

Deno.test("isTerminal() knows the three final statuses", () => {
  assertEquals(STATUSES.map(isTerminal), [false, false, true, true, true]);
});

Deno.test("isTaskStatus() refuses what is not one of the five words", () => {
  assertEquals(STATUSES.every(isTaskStatus), true);
  assertEquals(["Working", "", "toString", 1, null, undefined, ["working"]].filter(isTaskStatus), []);
});
