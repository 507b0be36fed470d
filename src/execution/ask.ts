/**
 * Putting questions to the client: recorded before they are asked, answered once, replayed ever after.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { declares, requiredCapability } from "../protocol/input_capability.ts";
import { randomName } from "../runtime.ts";
import {
  applyAnswers,
  ask,
  assertHeld,
  earliestDeadline,
  expireInputs,
  hasOutstanding,
  type Holder,
  type InputAnswer,
  isKnownKey,
  type JournalEntry,
  MAX_OUTSTANDING_INPUTS,
  MissingCapabilityError,
  type OutstandingInput,
  type ReceivedAnswer,
  type TaskHead,
} from "../tasks/mod.ts";
import { sha256OfTexts } from "../store/mod.ts";
import { InputTimeoutError, ToolError } from "./errors.ts";
import { withEntry } from "./journal.ts";
import type { Answers, Question, Questions } from "./questions.ts";
import type { Run } from "./run.ts";

/**
 * Asks and waits for all raw answers.
 *
 * @param questions By the identity of their call.
 * @throws {MissingCapabilityError} If the client did not declare what is asked for. Nothing is asked then.
 * @throws {RangeError} If the task would have more than 64 questions open. Nothing is asked then.
 * @throws {InputTimeoutError} If a deadline passes and the question has no fallback.
 * @throws {ToolError} If the client refuses to answer.
 * @throws {TaskAbortError} If the run has to stop.
 */
export async function askClient(
  run: Run,
  questions: Readonly<Record<string, Question<unknown>>>,
): Promise<Answers> {
  await run.ready();
  const { recorded, fresh, unanswered } = await lookUp(run, questions);
  const keys = Object.keys(unanswered);
  // What an earlier round of a call asked is recorded, and was not taken along as an open question.
  if (fresh.length > 0 || !keys.every((key) => isKnownKey(run.head.input, key))) {
    checkAskable(run, unanswered);
    await run.apply(
      (head, holder, now) => {
        assertHeld(head, holder);
        const asked = withQuestions(run, run.journal.withAnswers(head), holder, now, unanswered);
        return fresh.reduce(withEntry, asked);
      },
      (head) => keys.every((key) => isKnownKey(head.input, key)),
    );
    for (const entry of fresh) run.journal.add(entry);
  }
  if (!run.isTask && missing(run, keys).length > 0) await askInline(run, unanswered);
  await untilAnswered(run, keys);
  return await readAnswers(run, Object.keys(questions), recorded);
}

/** What the journal says of questions. */
interface LookedUp {
  /** Answers that an earlier attempt has read, by key. */
  readonly recorded: Readonly<Record<string, ReadAnswer>>;
  /** Entries of questions that were never asked. */
  readonly fresh: readonly JournalEntry[];
  /** Questions without a recorded answer. */
  readonly unanswered: Readonly<Record<string, Question<unknown>>>;
}

type ReadAnswer = Pick<InputAnswer, "value" | "failure">;

async function lookUp(
  run: Run,
  questions: Readonly<Record<string, Question<unknown>>>,
): Promise<LookedUp> {
  const recorded: [string, ReadAnswer][] = [];
  const fresh: JournalEntry[] = [];
  const unanswered: [string, Question<unknown>][] = [];
  for (const [key, question] of Object.entries(questions)) {
    const digest = (await sha256OfTexts([JSON.stringify(question.request)])).slice(0, 16);
    const entry = run.journal.find(key, "input", digest);
    if (entry === undefined) fresh.push({ key, kind: "input", digest });
    if (entry?.value === undefined) unanswered.push([key, question]);
    else recorded.push([key, { value: entry.value, failure: entry.failure }]);
  }
  return { recorded: Object.fromEntries(recorded), fresh, unanswered: Object.fromEntries(unanswered) };
}

function checkAskable(run: Run, questions: Readonly<Record<string, Question<unknown>>>): void {
  const { clientCapabilities } = run.head;
  for (const { request } of Object.values(questions)) {
    if (!declares(clientCapabilities, request)) throw new MissingCapabilityError(requiredCapability(request));
  }
}

function withQuestions(
  run: Run,
  head: TaskHead,
  holder: Holder,
  now: number,
  questions: Readonly<Record<string, Question<unknown>>>,
): TaskHead {
  const outstanding = Object.entries(questions).map(([key, question]): [string, OutstandingInput] => {
    const deadline = deadlineOf(run, question, now);
    return [key, {
      request: { json: question.request as unknown as JsonValue },
      ...(deadline === undefined ? {} : { deadline }),
      ...(question.fallback === undefined ? {} : { fallback: { json: question.fallback } }),
    }];
  });
  const asked = ask(head, holder, now, Object.fromEntries(outstanding));
  // Counted on the head to be stored: what is asked at the same moment counts together.
  if (Object.keys(asked.input.outstanding).length > MAX_OUTSTANDING_INPUTS) {
    throw new RangeError(`Cannot ask: a task has at most ${MAX_OUTSTANDING_INPUTS} questions open at once`);
  }
  return asked;
}

/** A call that is no task never expires, so its questions wait for as long as the task would have lived. */
function deadlineOf(run: Run, { timeoutMs }: Question<unknown>, now: number): number | undefined {
  const waitMs = timeoutMs ?? run.settings.inputTimeoutMs;
  const deadline = waitMs === undefined ? undefined : now + waitMs;
  return run.isTask ? deadline : Math.min(deadline ?? Infinity, run.head.expiresAt);
}

async function askInline(run: Run, questions: Readonly<Record<string, Question<unknown>>>): Promise<void> {
  const asked: Questions = Object.fromEntries(
    missing(run, Object.keys(questions)).map((key) => [key, questions[key]!.request]),
  );
  if (run.hooks.askInline === undefined) {
    throw new MissingCapabilityError(requiredCapability(Object.values(asked)[0]!));
  }
  const answers = await Promise.race([run.hooks.askInline(asked, run), stopped(run)]);
  // Promoted meanwhile: the questions are the task's, and so are the answers.
  if (!run.isTask && !run.isPromoting) run.amendDraft((head) => withAnswers(head, answers));
}

/** Rejects when the run has to stop: who asks may never hear of it. Stays pending if the run leaves. */
function stopped(run: Run): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => void run.ready().catch(reject);
    if (run.signal.aborted) onAbort();
    else run.signal.addEventListener("abort", onAbort, { once: true });
  });
}

async function untilAnswered(run: Run, keys: readonly string[]): Promise<void> {
  const isAnswered = () => missing(run, keys).length === 0;
  await run.ready();
  if (isAnswered()) return;
  const stopPolling = run.pollForInput();
  try {
    for (;;) {
      const deadline = earliestDeadline(run.head.input);
      const isOver = () => deadline !== undefined && run.store.runtime.now() >= deadline;
      await run.until(() => isAnswered() || isOver(), deadline);
      if (isAnswered()) return;
      const nonce = randomName(run.store.runtime, 9);
      await run.apply((head, holder, now) => {
        assertHeld(head, holder);
        return expireInputs(head, now, nonce);
      });
    }
  } finally {
    stopPolling();
  }
}

async function readAnswers(
  run: Run,
  keys: readonly string[],
  recorded: Readonly<Record<string, ReadAnswer>>,
): Promise<Answers> {
  const { answers } = run.head.input;
  const loaded = keys.map(async (key) => {
    if (Object.hasOwn(recorded, key)) return [key, await readAnswer(run, key, recorded[key]!)] as const;
    run.journal.markAnswered(key);
    return [key, await readAnswer(run, key, answers[key]!)] as const;
  });
  return Object.fromEntries(await Promise.all(loaded));
}

async function readAnswer(run: Run, key: string, answer: ReadAnswer): Promise<JsonValue> {
  const value = await run.load(answer.value);
  if (answer.failure === "timeout") throw new InputTimeoutError(key);
  if (answer.failure === "refused") throw new ToolError(`The client refused to answer "${key}": ${value}`);
  return value;
}

function missing(run: Run, keys: readonly string[]): string[] {
  const { answers } = run.head.input;
  return keys.filter((key) => !Object.hasOwn(answers, key));
}

/** A draft with answers that arrived outside the store. */
function withAnswers(head: TaskHead, answers: Answers): TaskHead {
  const received = Object.entries(answers).map(([key, value]): [string, ReceivedAnswer] => [key, { value }]);
  const { input } = applyAnswers(head.input, Object.fromEntries(received), "");
  return { ...head, input, status: hasOutstanding(input) ? "input_required" : "working" };
}
