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
  /** Taken as the answer when the deadline passes. Absent: the wait ends with an error. */
  readonly fallback?: Spillable;
}

/** How a question was closed. */
export interface InputAnswer {
  /** The answer, or the message of a failure. */
  readonly value: Spillable;
  /** Random name of the delivery. */
  readonly nonce: string;
  /** `refused`: the client answered with an error. `timeout`: the deadline passed. Absent: `value` is the answer. */
  readonly failure?: "refused" | "timeout";
}

/** An answer on its way in. */
export interface ReceivedAnswer {
  readonly value: JsonValue;
  /** The client answered with an error; `value` is its message. */
  readonly isRefusal?: boolean;
}

/** Questions and answers of a task. */
export interface InputState {
  /** Open questions by key. */
  readonly outstanding: Readonly<Record<string, OutstandingInput>>;
  /** Closed questions by key. */
  readonly answers: Readonly<Record<string, InputAnswer>>;
  /** Names of the newest deliveries that counted: their answers may since have been sealed with the journal. */
  readonly deliveries?: readonly string[];
}

/** Deliveries whose names are kept: as many as may be looked for at the same time. */
export const MAX_DELIVERIES = 16;

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
  responses: Readonly<Record<string, ReceivedAnswer>>,
  nonce: string,
): AppliedAnswers {
  const received = Object.entries(responses).filter(([key]) => Object.hasOwn(input.outstanding, key));
  const answers = received.map(([key, { value, isRefusal }]): [string, InputAnswer] => [
    key,
    { value: { json: value }, nonce, ...(isRefusal ? { failure: "refused" } : {}) },
  ]);
  return { input: close(input, answers), accepted: answers.map(([key]) => key) };
}

/** Result of {@linkcode expireOutstanding}. */
export interface ExpiredInputs {
  readonly input: InputState;
  /** Keys whose wait ended. */
  readonly expired: readonly string[];
}

/** Ends every wait whose deadline has passed: by its fallback, or as a timeout. */
export function expireOutstanding(input: InputState, now: number, nonce: string): ExpiredInputs {
  const over = Object.entries(input.outstanding).filter(([, { deadline }]) =>
    deadline !== undefined && deadline <= now
  );
  const answers = over.map(([key, { fallback }]): [string, InputAnswer] => [
    key,
    fallback === undefined
      ? { value: { json: null }, nonce, failure: "timeout" }
      : { value: fallback, nonce },
  ]);
  return { input: close(input, answers), expired: answers.map(([key]) => key) };
}

function close(input: InputState, answers: readonly [string, InputAnswer][]): InputState {
  if (answers.length === 0) return input;
  const closed = new Set(answers.map(([key]) => key));
  const outstanding = Object.entries(input.outstanding).filter(([key]) => !closed.has(key));
  return {
    ...input,
    outstanding: Object.fromEntries(outstanding),
    answers: withEntries(input.answers, answers),
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
