/**
 * The five statuses of a task and the moves between them.
 *
 * @module
 */
import { InvalidTransitionError } from "./errors.ts";

/** Status of a task; the same words in both revisions (T25-035, T26-043). */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** Every status. */
export const TASK_STATUSES: readonly TaskStatus[] = [
  "working",
  "input_required",
  "completed",
  "failed",
  "cancelled",
];

const ACTIVE_MOVES: Readonly<Record<"working" | "input_required", readonly TaskStatus[]>> = {
  working: ["input_required", "completed", "failed", "cancelled"],
  input_required: ["working", "completed", "failed", "cancelled"],
};

/** Whether `value` is one of the five statuses. */
export function isTaskStatus(value: unknown): value is TaskStatus {
  return (TASK_STATUSES as readonly unknown[]).includes(value);
}

/** Whether `status` is final: nothing leads out of it (T25-036). */
export function isTerminal(status: TaskStatus): boolean {
  return status !== "working" && status !== "input_required";
}

/** Whether a task may move from `from` to `to`. Staying is not a move. */
export function canTransition(from: TaskStatus, to: TaskStatus): boolean {
  return from === "working" || from === "input_required" ? ACTIVE_MOVES[from].includes(to) : false;
}

/**
 * Checks a move.
 *
 * @throws {InvalidTransitionError} If the state machine forbids it.
 */
export function assertTransition(taskId: string, from: TaskStatus, to: TaskStatus): void {
  if (!canTransition(from, to)) throw new InvalidTransitionError(taskId, from, to);
}
