import { assertEquals, assertRejects } from "@std/assert";
import { finishWorkflow, recordContinuation, takeWorkflow, type Versioned } from "../../src/store/mod.ts";
import {
  type ContinuingCall,
  type Outcome,
  pauseWorkflow,
  startStep,
  type TaskHead,
  TaskNotFoundError,
} from "../../src/tasks/mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestStore, HOLDER, OWNER, START } from "../support/sample_tasks.ts";
import { sampleSteps, statusesOf, workflowHead } from "../support/sample_workflows.ts";

const DONE: Outcome = { gen: "1.done", kind: "result", isError: false, value: { json: { content: [] } } };
const ADA = { principal: { subject: "ada" } };

function call(nonce: string): ContinuingCall {
  return { tool: "a", isError: false, nonce, outcome: { json: { content: [] } }, messages: { json: [] } };
}

function parked(): TaskHead {
  return pauseWorkflow(workflowHead(sampleSteps(2)), HOLDER, START, { type: "timeLimit", nextStep: "a" });
}

verifies("CONT-02", "recordContinuation() records a call once under its name", async () => {
  const { store, another, runtime } = createTestStore();
  const first = await store.create(parked());
  const record = (nonce: string, known?: Versioned) =>
    runtime.drive(recordContinuation(another(), OWNER, "task-1", call(nonce), () => DONE, known));
  assertEquals((await record("x", first))?.step, "a");
  // Again, from what was read before and from what is stored.
  assertEquals((await record("x", first))?.step, "a");
  assertEquals((await record("x"))?.step, "a");
  assertEquals((await store.get(OWNER, "task-1")).head.workflow?.extras, []);
  assertEquals((await record("y"))?.step, undefined);
  assertEquals((await store.get(OWNER, "task-1")).head.workflow?.extras.length, 1);
});

verifies("CONT-02", "recordContinuation() changes nothing of what is no workflow, or has ended", async () => {
  const { store } = createTestStore();
  const current = await store.create({ ...parked(), workflow: undefined, kind: "tool" });
  assertEquals(await recordContinuation(store, OWNER, "task-1", call("x"), () => DONE, current), undefined);
  await store.cancel(OWNER, "task-1");
  assertEquals(await recordContinuation(store, OWNER, "task-1", call("x"), () => DONE), undefined);
  await assertRejects(
    () => recordContinuation(store, OWNER, "task-2", call("x"), () => DONE),
    TaskNotFoundError,
  );
});

verifies(
  ["EXEC-03", "lib-I8"],
  "what a lost process had begun has failed for whoever comes next",
  async () => {
    const { store, runtime } = createTestStore();
    const current = await store.create(startStep(workflowHead(sampleSteps(2)), HOLDER, 0));
    assertEquals((await takeWorkflow(store, ADA, current)).holder, undefined);
    await runtime.advance(36_000);
    // A client that calls the tool itself, and one that asks for the prompt.
    const recorded = await recordContinuation(store, OWNER, "task-1", call("x"), () => DONE);
    assertEquals([recorded?.step, statusesOf(recorded!.current.head)], ["a", "cp"]);
    const taken = await takeWorkflow(store, ADA, recorded!.current);
    assertEquals([taken.holder?.epoch, taken.current.head.principal], [3, { subject: "ada" }]);
  },
);

verifies("FNDX-04", "finishWorkflow() ends a workflow once, whoever holds it", async () => {
  const { store, runtime } = createTestStore();
  const current = await store.create(workflowHead());
  const result = { content: [{ type: "text", text: "good enough" }] };
  const done = await finishWorkflow(store, current, result);
  assertEquals([done.value, done.current.head.status, done.current.head.exec.phase], [
    true,
    "completed",
    "done",
  ]);
  assertEquals((await runtime.drive(finishWorkflow(store, current, { content: [] }))).value, false);
  assertEquals(await store.getResult(OWNER, "task-1"), { kind: "result", isError: false, result });
});
