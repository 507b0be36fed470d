import { AssertionError, assertThrows } from "@std/assert";
import {
  assertValid2025,
  assertValid2026,
  assertValidTasksExt,
  missingJsonSchemas,
} from "./official_schemas.ts";
import { faultByJsonSchema } from "./published_json_schemas.ts";
import { testIfThere } from "./not_run.ts";

const TASK_2025 = {
  taskId: "a",
  status: "working",
  createdAt: "2026-01-01T00:00:00.000Z",
  lastUpdatedAt: "2026-01-01T00:00:00.000Z",
  ttl: 1000,
};
const TASK_2026 = {
  taskId: "a",
  status: "working",
  createdAt: "2026-01-01T00:00:00.000Z",
  lastUpdatedAt: "2026-01-01T00:00:00.000Z",
  ttlMs: 1000,
};

Deno.test("assertValid2025() takes a valid task and refuses others", () => {
  assertValid2025("Task", TASK_2025);
  assertValid2025("Task", { ...TASK_2025, ttl: null, statusMessage: undefined });
  for (const wrong of [{ ...TASK_2025, ttl: undefined }, { ...TASK_2025, status: "done" }, TASK_2026, null]) {
    assertThrows(() => assertValid2025("Task", wrong), AssertionError, 'Not a valid "Task"');
  }
});

Deno.test("assertValidTasksExt() takes a valid task and refuses others", () => {
  assertValidTasksExt("DetailedTask", TASK_2026);
  const wrong = [{ ...TASK_2026, status: "completed" }, { ...TASK_2026, status: "failed" }, TASK_2025];
  for (const task of wrong) {
    assertThrows(
      () => assertValidTasksExt("DetailedTask", task),
      AssertionError,
      "official tasks package, v2",
    );
  }
});

Deno.test("assertValid2026() refuses what is not of the revision", () => {
  assertValid2026("CallToolResult", { resultType: "complete", content: [] });
  assertThrows(() => assertValid2026("CallToolResult", { resultType: "complete" }), AssertionError);
});

testIfThere(missingJsonSchemas, "a definition that no source knows is an error", () => {
  for (const assertValid of [assertValid2025, assertValid2026, assertValidTasksExt]) {
    assertThrows(() => assertValid("NoSuchThing", {}), AssertionError, "no source here knows");
  }
});

testIfThere(missingJsonSchemas, "the JSON Schemas know what the packages leave open", () => {
  assertThrows(() => assertValid2026("CallToolResult", { content: [] }), AssertionError, "resultType");
  assertThrows(() => assertValid2025("Resource", { name: "a", uri: "no uri" }), AssertionError, "uri");
});

Deno.test("faultByJsonSchema() does not know a definition that is not there", () => {
  const { known } = faultByJsonSchema("2025-11-25", "NoSuchThing", {});
  if (known) throw new AssertionError("it knows a definition that is not there");
});
