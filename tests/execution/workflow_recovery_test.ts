import { assertEquals } from "@std/assert";
import { Executor, Recovery } from "../../src/execution/mod.ts";
import { startStep, type TaskHead } from "../../src/tasks/mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestStore, HOLDER, OWNER, START, type TestStore } from "../support/sample_tasks.ts";
import { sampleSteps, statusesOf, workflowHead } from "../support/sample_workflows.ts";

/** A workflow whose process is gone, and a process that knows no workflow and no tool. */
async function abandoned(
  head: TaskHead,
  namespace = "reports",
): Promise<TestStore & { recovery: Recovery; stored(): Promise<TaskHead> }> {
  const test = createTestStore();
  await test.store.create(head);
  const recovery = new Recovery(new Executor(test.another()), { namespace, findTool: () => undefined });
  return { ...test, recovery, stored: async () => (await test.another().peek(OWNER, head.id))!.head };
}

verifies(
  ["EXEC-03", "lib-I13"],
  "a workflow whose process was lost is parked, not run and not failed",
  async () => {
    const head = startStep(workflowHead(sampleSteps(3), [{ status: "completed" }]), HOLDER, 1);
    const { recovery, runtime, backend, stored } = await abandoned(head);
    await runtime.advance(34_000);
    assertEquals(await recovery.scan(), { claimed: 0, failed: 0, deleted: 0 });
    assertEquals(statusesOf(await stored()), "crp");
    await runtime.advance(1001);
    await recovery.scan();
    const parked = await stored();
    assertEquals([statusesOf(parked), parked.status, parked.exec.phase], ["cfp", "working", "parked"]);
    assertEquals(parked.workflow?.pauseReason?.type, "toolError");
    backend.takeCounts();
    await runtime.advance(60_000);
    await recovery.scan();
    assertEquals(backend.takeCounts().put, undefined);
  },
);

Deno.test("recovery leaves workflows of other services alone, and deletes all at their end", async () => {
  const { recovery, runtime, stored, backend, another } = await abandoned(workflowHead(), "others");
  await runtime.advance(60_000);
  await recovery.scan();
  assertEquals((await stored()).exec.phase, "running");
  await runtime.advance(3_600_000);
  const other = new Recovery(new Executor(another()), { namespace: "x", findTool: () => undefined });
  const { deleted } = await other.scan();
  assertEquals([deleted, (await backend.get([{ owner: OWNER, kind: "task", id: "task-1" }]))[0]], [
    1,
    undefined,
  ]);
});

Deno.test("a reader of a lost workflow need not wait for the scan", async () => {
  const { recovery, runtime, store, stored } = await abandoned(workflowHead());
  assertEquals(await recovery.attend(await store.get(OWNER, "task-1")), false);
  await runtime.advance(35_000);
  assertEquals(await recovery.attend(await store.get(OWNER, "task-1")), true);
  assertEquals((await stored()).workflow?.pauseReason, { type: "workerLost", nextStep: "a" });
});

Deno.test("a question of a parked workflow ends at its deadline, and nobody runs it because of that", async () => {
  const question = { request: { json: { method: "roots/list" } }, deadline: START + 1000 };
  const head: TaskHead = {
    ...workflowHead(),
    status: "input_required",
    exec: { ...workflowHead().exec, phase: "parked", leaseOwner: undefined, leaseUntil: undefined },
    input: { outstanding: { "a/who": question }, answers: {} },
  };
  const { recovery, runtime, stored } = await abandoned(head);
  await runtime.advance(1001);
  await recovery.scan();
  const { status, exec, input } = await stored();
  assertEquals([status, exec.phase, input.answers["a/who"]?.failure], ["working", "parked", "timeout"]);
});
