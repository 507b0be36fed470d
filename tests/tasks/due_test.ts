import { assertEquals } from "@std/assert";
import { dueAt, type ExecState, leaseTimes } from "../../src/tasks/mod.ts";
import { sampleHead, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const MARGIN = 5000;
const EXPIRY = START + 3_600_000;
const request = { json: { method: "roots/list" } };

function due(exec: Partial<ExecState>, deadlines: readonly (number | undefined)[] = []): number {
  const outstanding = Object.fromEntries(deadlines.map((deadline, i) => [`q${i}`, { request, deadline }]));
  const head = sampleHead();
  return dueAt({ ...head, exec: { ...head.exec, ...exec }, input: { outstanding, answers: {} } }, MARGIN);
}

Deno.test("leaseTimes() derives heartbeat, margin and scan from the lease", () => {
  assertEquals(leaseTimes(30_000), { leaseMs: 30_000, heartbeatMs: 10_000, marginMs: 5000, scanMs: 5000 });
});

verifies("lib-I11", "dueAt() of a running task is the end of its lease and the margin", () => {
  assertEquals(due({ phase: "running", leaseUntil: START + 30_000 }), START + 35_000);
});

verifies("lib-I11", "dueAt() of a running task is an earlier input deadline", () => {
  const running = { phase: "running", leaseUntil: START + 30_000 } as const;
  assertEquals(due(running, [START + 20_000, undefined, START + 9000]), START + 9000);
  assertEquals(due(running, [START + 36_000]), START + 35_000);
});

verifies("lib-I11", "dueAt() of a queued task is the earliest instant it may be claimed at", () => {
  assertEquals(due({ phase: "queued", notBefore: START + 700 }), START + 700);
  assertEquals(due({ phase: "queued", notBefore: undefined }), START);
});

verifies("lib-I11", "dueAt() of a parked task is its wake time or an input deadline", () => {
  assertEquals(due({ phase: "parked", wakeAt: START + 50_000 }), START + 50_000);
  assertEquals(due({ phase: "parked", wakeAt: START + 50_000 }, [START + 40_000]), START + 40_000);
  assertEquals(due({ phase: "parked" }, [START + 40_000]), START + 40_000);
});

verifies("lib-I11", "dueAt() of a parked task without times, and of a finished one, is its expiry", () => {
  assertEquals(due({ phase: "parked" }), EXPIRY);
  assertEquals(due({ phase: "done", leaseUntil: START, notBefore: START, wakeAt: START }), EXPIRY);
});

verifies("lib-I13", "dueAt() is never behind the expiry", () => {
  const late = EXPIRY + 1;
  assertEquals(due({ phase: "running", leaseUntil: late }, [late]), EXPIRY);
  assertEquals(due({ phase: "queued", notBefore: late }), EXPIRY);
  assertEquals(due({ phase: "parked", wakeAt: late }, [late]), EXPIRY);
});
