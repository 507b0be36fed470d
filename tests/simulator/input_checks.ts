/**
 * What must hold of questions and answers, whether the head shows them as input or as part of the journal.
 *
 * @module
 */
import type { InputAnswer, Spillable, TaskHead } from "../../src/tasks/mod.ts";
import { must } from "./head_checks.ts";
import type { TaskModel } from "./model.ts";

/** Reads a value that a head holds or names as JSON text. */
export type TextOf = (head: TaskHead, value: Spillable | undefined) => string;

/** Checks a head, takes note of new questions and answers, and gives back the answers that are new. */
export function checkInputs(
  model: TaskModel,
  head: TaskHead,
  textOf: TextOf,
): readonly Pick<InputAnswer, "failure" | "value">[] {
  const { outstanding, answers } = head.input;
  for (const [key, { request }] of Object.entries(outstanding)) {
    const text = textOf(head, request);
    must(!Object.hasOwn(answers, key), "I15", () => `${key} is answered and outstanding`);
    must(!model.answers.has(key), "I15", () => `${key} is asked again`);
    must((model.questions.get(key) ?? text) === text, "I15", () => `${key} asks something else`);
    model.questions.set(key, text);
  }
  const fresh = Object.entries(answers).flatMap(([key, answer]) =>
    checkAnswer(model, head, key, answer, textOf)
  );
  // An answer that the handler has read is kept with its journal.
  const read = head.journal.entries.filter((entry) => "nonce" in entry);
  for (const { key, value } of read) {
    must(
      textOf(head, value) === model.answers.get(key),
      "I6",
      () => `the answer to ${key} changes in the journal`,
    );
    model.readAnswers.add(key);
  }
  for (const key of model.answers.keys()) {
    const isKept = Object.hasOwn(answers, key) || model.readAnswers.has(key);
    must(isKept, "I6", () => `the answer to ${key} is lost`);
  }
  return fresh;
}

function checkAnswer(
  model: TaskModel,
  head: TaskHead,
  key: string,
  answer: InputAnswer,
  textOf: TextOf,
): InputAnswer[] {
  const text = textOf(head, answer.value);
  must((model.answers.get(key) ?? text) === text, "I6", () => `the answer to ${key} changes`);
  if (model.answers.has(key)) return [];
  const isSent = isTimeout(answer, text) || model.sent.has(`${key} ${text}`);
  must(isSent, "I6", () => `nobody sent ${text} for ${key}`);
  model.answers.set(key, text);
  return [answer];
}

/** Whether time has closed the question: with the fallback of the simulated tools, or without an answer. */
export function isTimeout({ failure }: Pick<InputAnswer, "failure">, text: string): boolean {
  return failure === "timeout" || text === '{"action":"decline"}';
}
