/**
 * Which questions of a task are open, which are answered, and which answers count.
 *
 * Pure functions over the head's `input` field. Keys are unique during the task's life, and only the
 * first answer to an outstanding key counts (T26-065, T26-071).
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import type { Spillable } from "./record.ts";

/** Most questions a task may have open at once. */
export const MAX_OUTSTANDING_INPUTS = 64;

/** A question to the client. */
export interface OutstandingInput {
  /** `{ method, params }` of the request. */
  readonly request: Spillable;
  /** Instant at which the wait ends without an answer. */
  readonly deadline?: number;
}

/** An answer as it was received. */
export interface InputAnswer {
  readonly value: Spillable;
  /** Random name of the delivery. */
  readonly nonce: string;
}

/** Questions and answers of a task. */
export interface InputState {
  readonly outstanding: Readonly<Record<string, OutstandingInput>>;
  readonly answers: Readonly<Record<string, InputAnswer>>;
}

/** No questions, no answers. */
export const NO_INPUT: InputState = { outstanding: {}, answers: {} };

/** Whether anything is open. */
export function hasOutstanding(input: InputState): boolean {
  for (const _ in input.outstanding) return true;
  return false;
}

/** Whether `key` was ever used. */
export function isKnownKey(input: InputState, key: string): boolean {
  return Object.hasOwn(input.outstanding, key) || Object.hasOwn(input.answers, key);
}

/** Adds questions. Keys that are already known stay as they are. */
export function addOutstanding(
  input: InputState,
  questions: Readonly<Record<string, OutstandingInput>>,
): InputState {
  const fresh = Object.entries(questions).filter(([key]) => !isKnownKey(input, key));
  if (fresh.length === 0) return input;
  return { ...input, outstanding: withEntries(input.outstanding, fresh) };
}

/** Result of {@linkcode applyAnswers}. */
export interface AppliedAnswers {
  readonly input: InputState;
  /** Keys whose answer counted. */
  readonly accepted: readonly string[];
}

/** Takes answers to outstanding keys; all others are ignored. */
export function applyAnswers(
  input: InputState,
  responses: Readonly<Record<string, JsonValue>>,
  nonce: string,
): AppliedAnswers {
  const accepted = Object.keys(responses).filter((key) => Object.hasOwn(input.outstanding, key));
  if (accepted.length === 0) return { input, accepted };
  const outstanding = Object.entries(input.outstanding).filter(([key]) => !accepted.includes(key));
  const answers = accepted.map((key): [string, InputAnswer] => [key, {
    value: { json: responses[key] ?? null },
    nonce,
  }]);
  return {
    input: { outstanding: Object.fromEntries(outstanding), answers: withEntries(input.answers, answers) },
    accepted,
  };
}

/** Earliest deadline of an open question. */
export function earliestDeadline(input: InputState): number | undefined {
  let earliest: number | undefined;
  for (const { deadline } of Object.values(input.outstanding)) {
    if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
  }
  return earliest;
}

// Object.fromEntries defines own properties, so that a key "__proto__" stays data.
function withEntries<T>(
  record: Readonly<Record<string, T>>,
  entries: readonly [string, T][],
): Record<string, T> {
  return Object.fromEntries([...Object.entries(record), ...entries]);
}
