import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  answer,
  ask,
  assertHeld,
  cancel,
  canTransition,
  finish,
  giveUp,
  InvalidTransitionError,
  isTerminal,
  LeaseLostError,
  MAX_STATUS_MESSAGE,
  type Outcome,
  reportProgress,
  type TaskHead,
  updateStatus,
} from "../../src/tasks/mod.ts";
import { HOLDER, sampleHead, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const NOW = START + 1000;
const RESULT: Outcome = { gen: "1.a", kind: "result", isError: false, value: { json: { content: [] } } };
const request = { json: { method: "roots/list" } };

verifies(["T25-025", "T26-048"], "newHead() makes a working task, held by its creator", () => {
  const head = sampleHead();
  assertEquals([head.status, head.exec.phase, head.exec.epoch, head.exec.attempt], [
    "working",
    "running",
    1,
    1,
  ]);
  assertHeld(head, HOLDER);
  const { exec } = sampleHead({}, { lease: undefined });
  assertEquals([exec.phase, exec.epoch, exec.attempt, exec.leaseOwner], ["queued", 0, 0, undefined]);
});

verifies(["lib-I8", "lib-I3"], "Every holder's operation refuses another epoch and another holder", () => {
  const operations: ((head: TaskHead, holder: typeof HOLDER) => unknown)[] = [
    (head, holder) => finish(head, holder, NOW, RESULT, undefined),
    (head, holder) => reportProgress(head, holder, NOW, "half", undefined),
    (head, holder) => ask(head, holder, NOW, { a: { request } }),
  ];
  const strangers = [
    { ...HOLDER, epoch: 0 },
    { ...HOLDER, epoch: 2 },
    { ...HOLDER, leaseOwner: "there" },
    { epoch: 1 },
  ];
  for (const operation of operations) {
    operation(sampleHead(), HOLDER);
    for (const stranger of strangers) {
      const error = assertThrows(() => operation(sampleHead(), stranger), LeaseLostError);
      assertEquals(error.code, "lease_lost");
    }
    const cancelled = cancel(sampleHead(), NOW);
    assertEquals(assertThrows(() => operation(cancelled, HOLDER), LeaseLostError).code, "cancelled");
    const finished = finish(sampleHead(), HOLDER, NOW, RESULT, undefined);
    assertEquals(assertThrows(() => operation(finished, HOLDER), LeaseLostError).code, "lease_lost");
  }
});

verifies(["lib-I5", "T25-081"], "cancel() revokes the lease and drops what was open", () => {
  const asked = ask(sampleHead(), HOLDER, NOW, { a: { request } });
  const head = cancel(asked, NOW);
  assertEquals([head.status, head.exec.phase, head.exec.epoch], ["cancelled", "done", 2]);
  assertEquals([head.exec.leaseOwner, head.exec.leaseUntil, head.outcome], [undefined, undefined, undefined]);
  assertEquals(head.input.outstanding, {});
  assertThrows(() => cancel(head, NOW), InvalidTransitionError);
});

verifies(["lib-I1", "lib-I2"], "finish() stores the one outcome: failed for JSON-RPC errors only", () => {
  const failure: Outcome = { gen: "1.b", kind: "rpcError", isError: true, value: { json: { code: -32603 } } };
  const isError: Outcome = { ...RESULT, isError: true };
  const finished = [RESULT, isError, failure].map((outcome) =>
    finish(sampleHead(), HOLDER, NOW, outcome, "done")
  );
  assertEquals(finished.map(({ status }) => status), ["completed", "completed", "failed"]);
  assertEquals(finished.map(({ outcome }) => outcome), [RESULT, isError, failure]);
  for (const head of finished) {
    assertThrows(() => finish(head, HOLDER, NOW, RESULT, undefined), LeaseLostError);
    assertThrows(() => giveUp(head, NOW, failure, "lost"), InvalidTransitionError);
    assertThrows(() => updateStatus(head, NOW, "working"), InvalidTransitionError);
  }
});

verifies(["T25-063", "T26-072"], "answer() keeps a task waiting until the last question is answered", () => {
  const asked = ask(sampleHead(), HOLDER, NOW, { a: { request }, b: { request } });
  assertEquals(asked.status, "input_required");
  const half = answer(asked, NOW, { b: { value: 1 } }, "n1");
  assertEquals([half.head.status, half.accepted], ["input_required", ["b"]]);
  const all = answer(half.head, NOW, { a: { value: 2 } }, "n2");
  assertEquals([all.head.status, all.accepted], ["working", ["a"]]);
});

verifies("lib-I6", "answer() changes nothing once the task has ended, or for unknown keys", () => {
  const asked = ask(sampleHead(), HOLDER, NOW, { a: { request } });
  assertStrictEquals(answer(asked, NOW, { z: { value: 1 } }, "n").head, asked);
  const cancelled = cancel(asked, NOW);
  const effect = answer(cancelled, NOW, { a: { value: 1 } }, "n");
  assertStrictEquals(effect.head, cancelled);
  assertEquals(effect.accepted, []);
});

Deno.test("answer() queues a parked task, due now", () => {
  const asked = ask(sampleHead(), HOLDER, NOW, { a: { request } });
  const parked: TaskHead = { ...asked, exec: { ...asked.exec, phase: "parked", wakeAt: NOW + 99 } };
  const { head } = answer(parked, NOW + 5, { a: { value: 1 } }, "n");
  assertEquals([head.exec.phase, head.exec.notBefore, head.exec.wakeAt], ["queued", NOW + 5, undefined]);
});

verifies("lib-I16", "lastUpdatedAt never goes back, also when the clock does", () => {
  const later = reportProgress(sampleHead(), HOLDER, NOW, "a", undefined);
  assertEquals(later.lastUpdatedAt, NOW);
  const back = START - 300_000;
  assertEquals(reportProgress(later, HOLDER, back, "b", undefined).lastUpdatedAt, NOW);
  assertEquals(cancel(later, back).lastUpdatedAt, NOW);
  assertEquals(finish(later, HOLDER, back, RESULT, undefined).lastUpdatedAt, NOW);
});

Deno.test("Status messages are cut to their limit and stay well-formed", () => {
  const cut = MAX_STATUS_MESSAGE - 1;
  const message = "x".repeat(cut) + "😀" + "tail";
  for (
    const head of [
      reportProgress(sampleHead(), HOLDER, NOW, message, undefined),
      finish(sampleHead(), HOLDER, NOW, RESULT, message),
      updateStatus(sampleHead(), NOW, "input_required", message),
    ]
  ) {
    assertEquals(head.statusMessage, "x".repeat(cut) + "\ufffd");
  }
});

Deno.test("reportProgress() keeps no more of a message than of a status message", () => {
  const message = "\ud83d\ude00".repeat(20_000);
  const head = reportProgress(sampleHead(), HOLDER, NOW, message, { progress: 1, message });
  assertEquals([head.statusMessage?.length, head.progress?.message?.length], [1024, 1024]);
});

Deno.test("reportProgress() keeps the last progress when only the message changes", () => {
  const head = reportProgress(sampleHead(), HOLDER, NOW, "half", { progress: 1, total: 2 });
  const next = reportProgress(head, HOLDER, NOW, "still half", undefined);
  assertEquals([next.statusMessage, next.progress], ["still half", { progress: 1, total: 2 }]);
});

verifies(
  ["lib-I1", "lib-I5", "lib-I17", "T25-036"],
  "No sequence of operations leaves a terminal status or makes a move that the table forbids",
  () => {
    const failure: Outcome = { ...RESULT, kind: "rpcError", isError: true };
    const moves: ((head: TaskHead, now: number) => TaskHead)[] = [
      (head, now) => finish(head, HOLDER, now, RESULT, undefined),
      (head, now) => finish(head, HOLDER, now, failure, undefined),
      (head, now) => cancel(head, now),
      (head, now) => giveUp(head, now, failure, "lost"),
      (head, now) => ask(head, HOLDER, now, { [`q${now % 3}`]: { request } }),
      (head, now) => answer(head, now, { [`q${now % 3}`]: { value: 1 } }, "n").head,
      (head, now) => reportProgress(head, HOLDER, now, "m", undefined),
      (head, now) => updateStatus(head, now, "working"),
      (head, now) => updateStatus(head, now, "input_required"),
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(moves.length - 1), { maxLength: 12 }), (sequence) => {
        let head = sampleHead();
        sequence.forEach((index, step) => {
          let next: TaskHead;
          try {
            next = moves[index]!(head, START + step);
          } catch (error) {
            assert(error instanceof LeaseLostError || error instanceof InvalidTransitionError);
            return;
          }
          assert(next.status === head.status || canTransition(head.status, next.status));
          if (isTerminal(head.status)) assertStrictEquals(next, head);
          assert(next.exec.epoch >= head.exec.epoch && next.lastUpdatedAt >= head.lastUpdatedAt);
          head = next;
        });
      }),
      { numRuns: 300 },
    );
  },
);
