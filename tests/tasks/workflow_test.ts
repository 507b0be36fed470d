import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  answer,
  ask,
  claimWorkflow,
  continueWorkflow,
  type ContinuingCall,
  hasWorkflowMark,
  isHeldAt,
  LeaseLostError,
  MAX_WORKFLOW_EXTRAS,
  nextStep,
  type Outcome,
  parkLost,
  type PauseReason,
  pauseWorkflow,
  recordStep,
  startStep,
  type StepRecord,
  type TaskHead,
  workflowMeta,
  workflowOf,
  type WorkflowStepState,
} from "../../src/tasks/mod.ts";
import { dueAt } from "../../src/tasks/due.ts";
import { verifies } from "../support/requirements.ts";
import { HOLDER, START } from "../support/sample_tasks.ts";
import { sampleSteps, statusesOf, workflowHead } from "../support/sample_workflows.ts";

const NOW = START + 1000;
const DONE: Outcome = { gen: "1.done", kind: "result", isError: false, value: { json: { content: [] } } };
const WAITS: PauseReason = { type: "timeLimit", nextStep: "a" };

function record(status: StepRecord["status"], nonce = "n"): StepRecord {
  return { status, attempt: 1, nonce, outcome: { json: { content: [] } }, messages: { json: [] } };
}

function call(tool: string, changes: Partial<ContinuingCall> = {}): ContinuingCall {
  return {
    tool,
    outcome: { json: { content: [] } },
    isError: false,
    messages: { json: [] },
    nonce: "call",
    ...changes,
  };
}

function parked(states: readonly Partial<WorkflowStepState>[] = []): TaskHead {
  return pauseWorkflow(workflowHead(sampleSteps(3), states), HOLDER, NOW, WAITS);
}

verifies("FNDX-03", "the progress of a workflow is told in the task's _meta", () => {
  const head = workflowHead([...sampleSteps(1), { name: "read", retryable: true }], [{
    status: "completed",
  }]);
  assertEquals(workflowMeta(head), {
    "io.perdure/workflow.progress": {
      goal: "sample: do what is to be done",
      steps: [{ name: "a", tool: "a", status: "completed" }, { name: "read", status: "pending" }],
      schemaVersion: 1,
    },
  });
  assertEquals(
    workflowMeta(pauseWorkflow(head, HOLDER, NOW, WAITS))?.["io.perdure/workflow.pause_reason"],
    { type: "timeLimit", nextStep: "a" },
  );
});

verifies(
  "EXEC-02",
  "a workflow that stops is parked, working, held by nobody and due at its end only",
  () => {
    const head = parked();
    assertEquals([head.status, head.exec.phase, head.exec.leaseOwner], ["working", "parked", undefined]);
    assertEquals(dueAt(head, 5000), head.expiresAt);
    assertEquals(head.workflow?.pauseReason, WAITS);
    assertThrows(() => recordStep(head, HOLDER, NOW, 0, record("completed"), DONE), LeaseLostError);
    const claimed = claimWorkflow(head, "there", NOW, 30_000, {
      principal: { subject: "ada", scopes: ["less"] },
      clientCapabilities: { elicitation: {} },
    });
    assertEquals([claimed.exec.phase, claimed.exec.leaseOwner, claimed.exec.epoch], ["running", "there", 3]);
    assertEquals([claimed.workflow?.pauseReason, claimed.clientCapabilities], [undefined, {
      elicitation: {},
    }]);
  },
);

verifies(
  ["EXEC-03", "FNDX-04"],
  "a failed step is recorded, and the last one that is done ends the task",
  () => {
    let head = recordStep(workflowHead(), HOLDER, NOW, 0, record("failed"), DONE);
    assertEquals([statusesOf(head), head.status], ["fpp", "working"]);
    head = recordStep(head, HOLDER, NOW, 0, record("completed"), DONE);
    head = recordStep(head, HOLDER, NOW, 1, record("completed"), DONE);
    assertEquals([statusesOf(head), head.status, head.outcome], ["ccp", "working", undefined]);
    head = recordStep(head, HOLDER, NOW, 2, record("completed"), DONE);
    assertEquals([statusesOf(head), head.status, head.outcome], ["ccc", "completed", DONE]);
    assertEquals([head.exec.phase, head.exec.epoch], ["done", 2]);
  },
);

verifies(
  "CONT-02",
  "what a client completed is not overwritten by the process that ran the step as well",
  () => {
    const done = continueWorkflow(workflowHead(), NOW, call("a"), DONE).head;
    const late = recordStep(done, HOLDER, NOW, 0, record("failed", "late"), DONE);
    assertEquals([statusesOf(late), late.workflow?.steps[0]?.nonce], ["cpp", "call"]);
    assertEquals(startStep(done, HOLDER, 0), done);
  },
);

Deno.test("nextStep() goes in order, and stops at a failure that the client has not gone past", () => {
  const steps = (letters: string, clients = "") =>
    workflowHead(
      sampleSteps(letters.length),
      [...letters].map((letter, i) => ({
        status: ({ p: "pending", c: "completed", f: "failed", r: "failed" } as const)[letter]!,
        ...(letter === "r" ? { retryable: true as const } : {}),
        ...(clients.includes(String(i)) ? { by: "client" as const } : {}),
      })),
    );
  const cases: [string, string, boolean, string][] = [
    ["ppp", "", false, "run 0"],
    ["cpp", "", false, "run 1"],
    ["ccc", "", false, "done"],
    ["fpp", "", false, "failed 0"],
    ["fpp", "", true, "failed 0"],
    ["rpp", "", false, "failed 0"],
    ["rpp", "", true, "run 0"],
    // The client did the second step: it can do without the first.
    ["fcp", "1", false, "run 2"],
    ["rcp", "1", false, "run 2"],
    ["rcp", "1", true, "run 0"],
    ["fcfp", "1", false, "failed 2"],
    ["fcc", "1", false, "failed 0"],
    // The server did it: nobody has gone past the failure.
    ["fcp", "", false, "failed 0"],
    ["pcp", "1", false, "run 0"],
  ];
  for (const [letters, clients, retries, expected] of cases) {
    const next = nextStep(workflowOf(steps(letters, clients)), retries);
    const shown = next.kind === "done" ? "done" : `${next.kind} ${next.index}`;
    assertEquals(shown, expected, `${letters} ${clients} ${retries}`);
  }
});

verifies("CONT-02", "a call is the first pending or failed step of its tool, else an extra", () => {
  const steps = ["x", "y", "x"].map((tool, i) => ({ name: `s${i}`, tool, retryable: false }));
  let head = pauseWorkflow(workflowHead(steps, [{ status: "failed" }]), HOLDER, NOW, WAITS);
  const taken: (string | undefined)[] = [];
  for (const [i, tool] of ["x", "x", "x", "z"].entries()) {
    const effect = continueWorkflow(head, NOW, call(tool, { nonce: `n${i}` }), DONE);
    head = effect.head;
    taken.push(effect.step);
    assertEquals(hasWorkflowMark(head, `n${i}`), true);
  }
  assertEquals(taken, ["s0", "s2", undefined, undefined]);
  assertEquals(head.workflow?.extras.map(({ tool, nonce }) => `${tool} ${nonce}`), ["x n2", "z n3"]);
  assertEquals([statusesOf(head), head.status, hasWorkflowMark(head, "n9")], ["cpc", "working", false]);
  const last = continueWorkflow(head, NOW, call("y"), DONE).head;
  assertEquals([statusesOf(last), last.status, last.outcome], ["ccc", "completed", DONE]);
});

verifies(
  "CONT-02",
  "a call that failed is a failure, with the newest reason; the next one may mend it",
  () => {
    const failed = continueWorkflow(parked(), NOW, call("a", { isError: true, error: "boom" }), DONE).head;
    assertEquals([statusesOf(failed), failed.status], ["fpp", "working"]);
    assertEquals(failed.workflow?.pauseReason, {
      type: "toolError",
      failedStep: "a",
      error: "boom",
      retryable: false,
      suggestedTool: "a",
    });
    assertMatch(failed.statusMessage ?? "", /boom/);
    const mended = continueWorkflow(failed, NOW, call("a", { nonce: "again" }), DONE).head;
    assertEquals([statusesOf(mended), mended.workflow?.pauseReason], ["cpp", undefined]);
    // While a process works on the workflow, it is not stopped.
    const running = continueWorkflow(workflowHead(), NOW, call("b", { isError: true }), DONE).head;
    assertEquals([statusesOf(running), running.workflow?.pauseReason], ["pfp", undefined]);
  },
);

Deno.test("a step that a process has begun is left alone by a call of the same tool", () => {
  const running = startStep(workflowHead(), HOLDER, 0);
  const effect = continueWorkflow(running, NOW, call("a"), DONE);
  assertEquals([effect.step, statusesOf(effect.head)], [undefined, "rpp"]);
});

Deno.test("the newest extras are kept, and the others counted", () => {
  let head = parked();
  for (let i = 0; i < MAX_WORKFLOW_EXTRAS + 3; i++) {
    head = continueWorkflow(head, NOW, call("z", { nonce: `n${i}` }), DONE).head;
  }
  const { extras, forgotten } = workflowOf(head);
  assertEquals([extras.length, extras[0]?.nonce, forgotten], [MAX_WORKFLOW_EXTRAS, "n3", 3]);
});

verifies("EXEC-03", "what a lost process had begun, and may not be begun again, has failed", () => {
  const lost = parkLost(startStep(workflowHead(), HOLDER, 0), NOW);
  assertEquals([statusesOf(lost), lost.exec.phase, lost.exec.epoch], ["fpp", "parked", 2]);
  const { pauseReason } = workflowOf(lost);
  assertEquals(pauseReason?.type === "toolError" && [pauseReason.reason, pauseReason.retryable], [
    "worker_lost",
    false,
  ]);
  const between = parkLost(workflowHead(sampleSteps(2), [{ status: "completed" }]), NOW);
  assertEquals([statusesOf(between), workflowOf(between).pauseReason], [
    "cp",
    { type: "workerLost", nextStep: "b" },
  ]);
});

Deno.test("a lease is over after its margin", () => {
  const head = workflowHead();
  assertEquals(isHeldAt(head, START + 34_999, 5000), true);
  assertEquals(isHeldAt(head, START + 35_000, 5000), false);
  assertEquals(isHeldAt(parked(), NOW, 5000), false);
});

Deno.test("an answer lets a parked workflow wait for its client, and queues it for nobody", () => {
  const question = { request: { json: { method: "roots/list" } } };
  const asking = ask(startStep(workflowHead(), HOLDER, 0), HOLDER, NOW, { "a/who": question });
  const reason: PauseReason = { type: "inputRequired", blockedStep: "a", isOpen: true };
  const waiting = pauseWorkflow(asking, HOLDER, NOW, reason);
  assertEquals([waiting.status, statusesOf(waiting)], ["input_required", "ppp"]);
  const answered = answer(waiting, NOW, { "a/who": { value: {} } }, "nonce").head;
  assertEquals([answered.status, answered.exec.phase], ["working", "parked"]);
  assertEquals(dueAt(answered, 5000), answered.expiresAt);
  // The client did the step itself: its question is of no interest.
  const done = continueWorkflow(waiting, NOW, call("a"), DONE).head;
  assertEquals([done.status, Object.keys(done.input.outstanding)], ["working", []]);
  const recorded = recordStep(asking, HOLDER, NOW, 0, record("failed"), DONE);
  assertEquals([recorded.status, Object.keys(recorded.input.outstanding)], ["working", []]);
});
