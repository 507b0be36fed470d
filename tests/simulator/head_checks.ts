/**
 * What must hold between a head as it was and the head that replaces it, whoever wrote it.
 *
 * @module
 */
import type { ExecState, TaskHead } from "../../src/tasks/mod.ts";
import type { MirrorRecord } from "./engine.ts";
import { EPOCH, Violation, type World } from "./world.ts";

const TERMINAL = ["completed", "failed", "cancelled"];

/** Whether the status is final. */
export function hasEnded(head: TaskHead): boolean {
  return TERMINAL.includes(head.status);
}

/** Throws a violation unless `condition` holds. */
export function must(condition: boolean, invariant: string, message: () => string): void {
  if (!condition) throw new Violation(invariant, message());
}

/** When a head has to be looked at, written down independently of the code under test. */
export function trueDueAt(head: TaskHead, marginMs: number): number {
  const { exec, input, expiresAt } = head;
  const times = [expiresAt];
  if (exec.phase === "running") times.push((exec.leaseUntil ?? 0) + marginMs);
  if (exec.phase === "queued") times.push(exec.notBefore ?? head.createdAt);
  if (exec.phase === "parked" && exec.wakeAt !== undefined) times.push(exec.wakeAt);
  if (exec.phase !== "done") {
    for (const { deadline } of Object.values(input.outstanding)) {
      if (deadline !== undefined) times.push(deadline);
    }
  }
  return Math.min(...times);
}

/** Index facts of a record: they are put together with it. */
export function checkFacts(head: TaskHead, record: MirrorRecord, marginMs: number): void {
  const due = trueDueAt(head, marginMs);
  must(
    record.dueAt !== undefined && record.dueAt <= due,
    "I11",
    () =>
      `due entry ${record.dueAt && record.dueAt - EPOCH} is later than ${due - EPOCH} (${head.exec.phase})`,
  );
  must(record.active === !hasEnded(head), "I10", () => `${head.status}, but active is ${record.active}`);
  must(
    record.purgeAt === undefined || record.purgeAt >= head.expiresAt,
    "I4",
    () => "the engine may purge the record before it expires",
  );
}

/** Status, outcome and times of a change. */
export function checkMove(before: TaskHead, after: TaskHead): void {
  must(!hasEnded(before), "I1", () => `${before.status} is overwritten by ${after.status}`);
  must(after.rev === before.rev + 1, "I16", () => `rev goes from ${before.rev} to ${after.rev}`);
  must(after.lastUpdatedAt >= before.lastUpdatedAt, "I16", () => "lastUpdatedAt goes backwards");
  for (const name of ["id", "owner", "createNonce", "createdAt", "expiresAt"] as const) {
    must(before[name] === after[name], "I12", () => `${name} changes`);
  }
  const isDone = after.exec.phase === "done";
  must(hasEnded(after) === isDone, "I1", () => `${after.status} in phase ${after.exec.phase}`);
}

/** An outcome is there, if and only if the task has one. */
export function checkOutcome(head: TaskHead): void {
  const hasOutcome = head.outcome?.value !== undefined;
  const needsOutcome = head.status === "completed" || head.status === "failed";
  must(
    hasOutcome === needsOutcome,
    "I2",
    () => `${head.status} ${hasOutcome ? "with" : "without"} an outcome`,
  );
}

/** What a change of the execution state is called; throws where the table of operations has no such row. */
export function classify(before: TaskHead, after: TaskHead): string {
  const from = before.exec;
  const to = after.exec;
  const step = to.epoch - from.epoch;
  const attempts = to.attempt - from.attempt;
  must(step === 0 || step === 1, "I8", () => `epoch goes from ${from.epoch} to ${to.epoch}`);
  const move = `${from.phase}>${to.phase}`;
  const isSame = from.leaseOwner === to.leaseOwner;
  const illegal = () => `${move}, epoch +${step}, attempt ${attempts}, ${isSame ? "same" : "another"} holder`;
  if (to.phase === "running" && step === 1) {
    must(attempts === 1 && !isSame && to.leaseOwner !== undefined, "I8", illegal);
    must(to.attempt <= to.maxAttempts, "I7", illegal);
    return from.phase === "running" ? "claim.lapsed" : from.phase === "parked" ? "wake" : "claim";
  }
  must(!isRelease(from, to) || step === 1, "I8", illegal);
  if (move === "running>parked") {
    must(attempts === -1 && from.repeatable, "I7", illegal);
    return "park";
  }
  if (move === "running>queued") {
    must((attempts === -1 || attempts === 0) && from.repeatable, "I7", illegal);
    return attempts === 0 ? "postpone" : "hand_back";
  }
  must(attempts === 0, "I7", illegal);
  if (to.phase === "done") return step === 0 ? "finish" : after.status === "cancelled" ? "cancel" : "give_up";
  must(step === 0 && (isSame || from.phase !== "running"), "I8", illegal);
  return move === "parked>queued" ? "requeue" : "write";
}

/** Whether the holder gives the task up. */
function isRelease(from: ExecState, to: ExecState): boolean {
  return from.phase === "running" && (to.phase === "parked" || to.phase === "queued");
}

/** Whether the wall clock allowed a claim of a lapsed lease; clocks that jump may have allowed it earlier. */
export function checkLapse(world: World, before: TaskHead, now: number, marginMs: number): void {
  const { repeatable, leaseUntil = 0 } = before.exec;
  must(repeatable, "I7", () => "a once-tool is claimed from its holder");
  if (world.counters.has("clock.jumped")) return;
  must(now >= leaseUntil + marginMs, "I8", () => `claimed ${leaseUntil + marginMs - now} ms too early`);
}
