import { assertEquals } from "@std/assert";
import {
  cancel,
  finish,
  type LoadedOutcome,
  type Outcome,
  type TaskHead,
  toDetailedTask2026,
  toTask2025,
  toTask2026,
} from "../../src/tasks/mod.ts";
import { assertValid2025, assertValidTasksExt } from "../support/official_schemas.ts";
import { HOLDER, sampleHead, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const NOW = START + 1500;
const RESULT = { content: [{ type: "text", text: "done" }] };
const ERROR = { code: -32603, message: "The printer is on fire" };
const ask = {
  method: "elicitation/create",
  params: { message: "Sure?", requestedSchema: { type: "object", properties: {} } },
};

function ended(kind: Outcome["kind"], isError = false): TaskHead {
  return finish(sampleHead(), HOLDER, NOW, { gen: "1.a", kind, isError }, "why");
}

const HEADS: Readonly<Record<string, TaskHead>> = {
  "a working": sampleHead(),
  "a working, with a message": sampleHead({ statusMessage: "half way" }),
  "a waiting": sampleHead({ status: "input_required" }),
  "a completed": ended("result"),
  "a failed": ended("rpcError"),
  "a cancelled": cancel(sampleHead(), NOW),
};

for (const [what, head] of Object.entries(HEADS)) {
  verifies(
    ["T25-027", "T25-028", "T25-029", "T25-030", "T25-031", "T25-042"],
    `toTask2025() of ${what} task is what others take for a Task`,
    () => {
      const task = toTask2025(head, "failed");
      assertValid2025("Task", task);
      assertValid2025("GetTaskResult", task);
      assertEquals(task, {
        taskId: "task-1",
        status: head.status,
        ...(head.statusMessage === undefined ? {} : { statusMessage: head.statusMessage }),
        createdAt: "2026-01-01T00:00:00.000Z",
        lastUpdatedAt: head.lastUpdatedAt === START ? "2026-01-01T00:00:00.000Z" : "2026-01-01T00:00:01.500Z",
        ttl: 3_600_000,
        pollInterval: 1000,
      });
    },
  );

  verifies(
    ["T26-028", "T26-036", "T26-037", "T26-039", "T26-041"],
    `toTask2026() of ${what} task is what others take for a Task`,
    () => {
      const task = toTask2026(head);
      assertValidTasksExt("Task", task);
      assertEquals(Object.keys(task).filter((key) => ["result", "error", "inputRequests"].includes(key)), []);
      assertEquals([task.ttlMs, task.pollIntervalMs, task.createdAt], [
        3_600_000,
        1000,
        "2026-01-01T00:00:00.000Z",
      ]);
    },
  );
}

verifies(
  ["T25-038", "T25-039"],
  "toTask2025() shows an isError result as failed, unless told otherwise",
  () => {
    const head = ended("result", true);
    assertEquals(toTask2025(head, "failed").status, "failed");
    assertEquals(toTask2025(head, "completed").status, "completed");
    assertEquals(toTask2025(ended("rpcError"), "completed").status, "failed");
  },
);

verifies(
  ["T26-044", "T26-045", "T26-046"],
  "toDetailedTask2026() shows an isError result as completed",
  () => {
    const result = { ...RESULT, isError: true };
    const outcome: LoadedOutcome = { kind: "result", isError: true, result };
    const task = toDetailedTask2026(ended("result", true), { outcome });
    assertValidTasksExt("DetailedTask", task);
    assertEquals(task.status, "completed");
  },
);

verifies(
  ["T26-047", "T26-051", "T26-055"],
  "toDetailedTask2026() of a completed task holds the complete result",
  () => {
    const task = toDetailedTask2026(ended("result"), {
      outcome: { kind: "result", isError: false, result: RESULT },
    });
    assertValidTasksExt("DetailedTask", task);
    assertEquals(task, {
      ...toTask2026(ended("result")),
      status: "completed",
      result: { ...RESULT, resultType: "complete" },
    });
  },
);

verifies(["T26-053", "T26-057"], "toDetailedTask2026() of a failed task holds its error", () => {
  const task = toDetailedTask2026(ended("rpcError"), { outcome: { kind: "rpcError", error: ERROR } });
  assertValidTasksExt("DetailedTask", task);
  assertEquals(task, { ...toTask2026(ended("rpcError")), status: "failed", error: ERROR });
});

verifies(
  ["T26-049", "T26-050", "T26-068"],
  "toDetailedTask2026() of a waiting task holds every open request",
  () => {
    const head = sampleHead({ status: "input_required" });
    const inputRequests = { a: ask, b: { method: "roots/list" } } as never;
    const task = toDetailedTask2026(head, { inputRequests });
    assertValidTasksExt("DetailedTask", task);
    assertEquals(task, { ...toTask2026(head), status: "input_required", inputRequests });
  },
);

verifies(
  ["T26-048", "T26-052"],
  "toDetailedTask2026() of a working and a cancelled task is the plain Task",
  () => {
    for (const head of [sampleHead(), cancel(sampleHead(), NOW)]) {
      const task = toDetailedTask2026(head, {});
      assertValidTasksExt("DetailedTask", task);
      assertEquals(task, { ...toTask2026(head), status: head.status } as never);
    }
  },
);

Deno.test("Both projections show public variables as _meta, and nothing without them", () => {
  const variables = { "com.example/stage": "printing" };
  const task2025 = toTask2025(sampleHead(), "failed", variables);
  const task2026 = toDetailedTask2026(sampleHead(), { variables });
  assertValid2025("GetTaskResult", task2025);
  assertValidTasksExt("DetailedTask", task2026);
  assertEquals(task2025._meta, variables);
  assertEquals(task2026, { ...toTask2026(sampleHead()), status: "working", _meta: variables } as never);
  assertEquals("_meta" in toTask2025(sampleHead(), "failed"), false);
  assertEquals("_meta" in toDetailedTask2026(sampleHead(), {}), false);
});
