/**
 * When a scanner has to look at a task: one pure function, used by every put, so that the entry is exact.
 *
 * @module
 */
import { earliestDeadline } from "./input.ts";
import type { TaskHead } from "./record.ts";

/** Times derived from the lease length L. */
export interface LeaseTimes {
  /** Lease length L in milliseconds. */
  readonly leaseMs: number;
  /** Interval of heartbeats, L/3. */
  readonly heartbeatMs: number;
  /** Safety margin M, L/6. */
  readonly marginMs: number;
  /** Interval of the due scan, L/6. */
  readonly scanMs: number;
}

/** Derives all times from the lease length. */
export function leaseTimes(leaseMs: number): LeaseTimes {
  return { leaseMs, heartbeatMs: leaseMs / 3, marginMs: leaseMs / 6, scanMs: leaseMs / 6 };
}

/** The instant from which on the task needs attention: recovery, waking, a deadline, or deletion at expiry. */
export function dueAt(head: TaskHead, marginMs: number): number {
  const { exec, input, expiresAt } = head;
  let due = expiresAt;
  const consider = (at: number | undefined) => {
    if (at !== undefined && at < due) due = at;
  };
  if (exec.phase === "running") {
    consider(exec.leaseUntil === undefined ? undefined : exec.leaseUntil + marginMs);
  } else if (exec.phase === "queued") {
    consider(exec.notBefore ?? head.createdAt);
  } else if (exec.phase === "parked") {
    consider(exec.wakeAt);
  }
  // Also of a task that waits for its next attempt: the client was told until when it may answer.
  if (exec.phase !== "done") consider(earliestDeadline(input));
  return due;
}
