/**
 * What a tool's handler is given: one object for steps, questions, progress and variables.
 *
 * @module
 */
import type { CreateMessageParams, CreateMessageResult, ListRootsResult } from "../protocol/input.ts";
import type { JsonValue } from "../protocol/mod.ts";
import { sha256OfShortTexts } from "../store/mod.ts";
import type { PrincipalSnapshot, Progress } from "../tasks/mod.ts";
import { askClient } from "./ask.ts";
import {
  type AskOptions,
  elicit,
  type FormAnswer,
  type FormQuestion,
  type Question,
  roots,
  sample,
  type UrlAnswer,
  type UrlQuestion,
} from "./questions.ts";
import { ProgressReporter } from "./progress.ts";
import type { Run } from "./run.ts";
import { runStep, type StepOptions } from "./step.ts";
import { mayGoUnheard } from "./unheard.ts";
import { TaskVariables } from "./variables.ts";

/** What JSON makes of a value: what a step gives back, on its first run too. */
export type Jsonify<T> = T extends { toJSON(): infer J } ? Jsonify<J>
  : T extends null | boolean | number | string ? T
  : T extends undefined | symbol | bigint | ((...args: never[]) => unknown) ? undefined
  : T extends readonly (infer Item)[] ? Jsonify<Item>[]
  : T extends object ? { [K in keyof T]: Jsonify<T[K]> }
  : JsonValue;

/** Severity of a log message, as both revisions name it. */
export type LogLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";

/** Answers to several questions, by their keys. */
export type AnswersTo<Q extends Readonly<Record<string, Question<unknown>>>> = {
  readonly [K in keyof Q]: Q[K] extends Question<infer Answer> ? Answer : never;
};

/** A part of a run whose calls have names of their own, such as a tool that a workflow runs. */
export interface ContextScope {
  /** Name of the part; may hold `#`, which no name of an author's can. Absent: the calls keep their names. */
  readonly name?: string;
  /** What `ctx.idempotencyKey` is there. @default one of the part's own where it has a name */
  readonly idempotencyKey?: string;
  /** What `ctx.prepared` is there. @default that of the whole */
  readonly prepared?: unknown;
  /** Wait for an answer where the question sets none, in milliseconds. @default that of the run */
  readonly inputTimeoutMs?: number;
  /** Progress of the run that progress of the part comes to. Absent: what the part reports. */
  readonly toProgress?: (progress: Progress) => Progress;
}

/** What contexts of one run share, and what sets them apart. */
interface SharedParts {
  readonly prefix: string;
  readonly progress: ProgressReporter;
  readonly variables: TaskVariables;
  readonly toProgress: (progress: Progress) => Progress;
  readonly inputTimeoutMs?: number;
}

/** Until when a run sleeps. */
interface WakeTime {
  /** Epoch milliseconds. */
  readonly wakeAt: number;
  /** What the monotonic clock showed when `leftMs` were left. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly leftMs: number;
}

let partsOf: (ctx: TaskContext) => { readonly run: Run; readonly shared: SharedParts };

/**
 * A context for a part of what `ctx` is for. Steps and questions are recorded behind the part's name, and its
 * idempotency key is its own, so that two parts that do the same are two things. Variables are shared.
 */
export function scopeContext(ctx: TaskContext, scope: ContextScope): TaskContext {
  const { run, shared } = partsOf(ctx);
  const { name, prepared = ctx.prepared, inputTimeoutMs = shared.inputTimeoutMs, toProgress } = scope;
  const key = () =>
    scope.idempotencyKey ??
      (name === undefined ? ctx.idempotencyKey : sha256OfShortTexts(["part-v1", ctx.idempotencyKey, name]));
  return new TaskContext(run, key, prepared, {
    ...shared,
    prefix: name === undefined ? shared.prefix : `${shared.prefix}${name}/`,
    inputTimeoutMs,
    toProgress: toProgress === undefined
      ? shared.toProgress
      : (progress) => shared.toProgress(toProgress(progress)),
  });
}

/** The run that a context belongs to. */
export function runOf(ctx: TaskContext): Run {
  return partsOf(ctx).run;
}

/** Handed to every handler as its second argument. */
export class TaskContext {
  static {
    partsOf = (ctx) => ({ run: ctx.#run, shared: ctx.#shared });
  }

  readonly #run: Run;
  readonly #shared: SharedParts;
  readonly #keyOfCall: () => string;
  #idempotencyKey: string | undefined;
  /** What `task.prepare` returned. */
  readonly prepared: unknown;
  /** Named values kept with the task. */
  readonly variables: TaskVariables;

  /** Context of a run; made by this library. */
  constructor(run: Run, idempotencyKey: () => string, prepared: unknown, shared?: SharedParts) {
    this.#run = run;
    this.#shared = shared ?? {
      prefix: "",
      progress: new ProgressReporter(run),
      variables: new TaskVariables(run),
      toProgress: (progress) => progress,
    };
    this.#keyOfCall = idempotencyKey;
    this.prepared = prepared;
    this.variables = this.#shared.variables;
  }

  /** Same for all attempts of this call, different for every call: pass it on to make side effects idempotent. */
  get idempotencyKey(): string {
    return this.#idempotencyKey ??= this.#keyOfCall();
  }

  /** Aborts when the work is no longer wanted here; its reason is a {@linkcode TaskAbortError}. */
  get signal(): AbortSignal {
    return this.#run.signal;
  }

  /** Id of the task, or of the call that may still become one. */
  get taskId(): string {
    return this.#run.head.id;
  }

  /** Whether the call is a stored task by now. */
  get isTask(): boolean {
    return this.#run.isTask;
  }

  /** Number of this attempt, from 1. */
  get attempt(): number {
    return this.#run.head.exec.attempt;
  }

  /** Who made the call, as it was authenticated then. `undefined`: anonymous. */
  get auth(): PrincipalSnapshot | undefined {
    return this.#run.head.principal;
  }

  /**
   * Runs `fn` once and records what it returned: a later attempt gets the record instead.
   *
   * At the edge of a crash a step may run again; pass `idempotencyKey` and the step's name on to whoever
   * must not act twice. Do not call other methods of the context inside `fn`.
   *
   * @param name Names the call in the journal; repeated names are numbered.
   * @returns The JSON of the returned value, decoded.
   * @throws {StepError} If `fn` throws on its last try, in this attempt or in an earlier one.
   */
  step<T>(name: string, fn: () => T | Promise<T>, options?: StepOptions): Promise<Jsonify<T>> {
    const run = async () => await runStep(this.#run, this.#identify(name), fn, options ?? {}) as Jsonify<T>;
    return mayGoUnheard(run());
  }

  /** Waits for `ms` milliseconds; a later attempt waits only for what is left. A clock set back adds nothing to it. */
  sleep(name: string, ms: number): Promise<void> {
    return mayGoUnheard(this.#sleep(name, ms));
  }

  /** Asks the user to fill in a form, and waits for the answer. */
  elicit<Content>(
    name: string,
    question: FormQuestion<Content>,
    options?: AskOptions,
  ): Promise<FormAnswer<Content>>;
  /** Asks the user to open a page, and waits for the answer. */
  elicit(name: string, question: UrlQuestion, options?: AskOptions): Promise<UrlAnswer>;
  elicit(
    name: string,
    question: FormQuestion<unknown> | UrlQuestion,
    options?: AskOptions,
  ): Promise<FormAnswer<unknown> | UrlAnswer> {
    return mayGoUnheard(this.#askOne(name, () => elicit(question as FormQuestion<unknown>, options)));
  }

  /** Asks the client's model, and waits for the answer. */
  sample(name: string, params: CreateMessageParams, options?: AskOptions): Promise<CreateMessageResult> {
    return mayGoUnheard(this.#askOne(name, () => sample(params, options)));
  }

  /** Asks for the directories the client works in, and waits for the answer. */
  listRoots(name: string, options?: AskOptions): Promise<ListRootsResult> {
    return mayGoUnheard(this.#askOne(name, () => roots(options)));
  }

  /**
   * Asks several questions at once; they may be answered in any order. Waits for all answers.
   *
   * @throws {MissingCapabilityError} If the client did not declare one of the kinds. Nothing is asked then.
   */
  ask<Q extends Readonly<Record<string, Question<unknown>>>>(questions: Q): Promise<AnswersTo<Q>> {
    return mayGoUnheard(this.#ask(questions));
  }

  /** Reports progress: `done` of `total`. Stored with the task at most twice a second. */
  progress(done: number, total?: number, message?: string): Promise<void> {
    return mayGoUnheard(this.#progress(done, total, message));
  }

  /** Says in words what the tool is doing. */
  status(message: string): Promise<void> {
    return mayGoUnheard(this.#shared.progress.status(message));
  }

  /** Sends a log message to the client, where the client asked for its level. */
  log(level: LogLevel, data: JsonValue, logger?: string): void {
    this.#run.hooks.onLog?.(level, data, logger, this.#run);
  }

  /**
   * Ends the connection that the client waits in, so that it holds none while the work goes on; the client comes back
   * for the result, which is kept for ten minutes then. What is reported in between is not sent, and a question cannot
   * be asked any more. Only for plain calls of 2025-11-25 clients over HTTP; anywhere else it does nothing.
   *
   * @see Transports of 2025-11-25, "Sending Messages to the Server" (T25-157, T25-158)
   */
  closeStream(): Promise<void> {
    return mayGoUnheard(Promise.resolve(this.#run.hooks.onCloseStream?.()));
  }

  /** @throws {TypeError} If the name is none for a call. */
  #identify(name: string): string {
    return this.#run.journal.identify(name, this.#shared.prefix);
  }

  async #ask<Q extends Readonly<Record<string, Question<unknown>>>>(
    questions: Q,
  ): Promise<AnswersTo<Q>> {
    const named = Object.entries(questions).map(([name, question]) => ({
      name,
      key: this.#identify(name),
      question: this.#withTimeout(question),
    }));
    const raw = await askClient(
      this.#run,
      Object.fromEntries(named.map(({ key, question }) => [key, question])),
    );
    const answers = named.map(async (
      { name, key, question },
    ) => [name, await question.read(raw[key] ?? null)]);
    return Object.fromEntries(await Promise.all(answers));
  }

  async #askOne<Answer>(name: string, question: () => Question<Answer>): Promise<Answer> {
    return (await this.#ask({ [name]: question() }))[name] as Answer;
  }

  async #progress(done: number, total: number | undefined, message: string | undefined): Promise<void> {
    if (!Number.isFinite(done) || total !== undefined && !Number.isFinite(total)) {
      throw new RangeError("Cannot report progress: done and total must be finite numbers");
    }
    await this.#shared.progress.report(this.#shared.toProgress({
      progress: done,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    }));
  }

  #withTimeout<Answer>(question: Question<Answer>): Question<Answer> {
    const { inputTimeoutMs } = this.#shared;
    return inputTimeoutMs === undefined || question.timeoutMs !== undefined
      ? question
      : { ...question, timeoutMs: inputTimeoutMs };
  }

  async #sleep(name: string, ms: number): Promise<void> {
    const { runtime } = this.#run.store;
    const { wakeAt, startedAt, leftMs } = await this.#wakeTime(name, ms);
    const isOver = () => runtime.now() >= wakeAt || runtime.monotonic() - startedAt >= leftMs;
    await this.#run.until(isOver, wakeAt);
  }

  /** When to go on, by both clocks: one that is set back meanwhile does not make the wait longer. */
  async #wakeTime(name: string, ms: number): Promise<WakeTime> {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError("Cannot sleep: ms must be 0 or more");
    const { runtime } = this.#run.store;
    const key = this.#identify(name);
    const recorded = this.#run.journal.find(key, "sleep");
    if (recorded?.value !== undefined) {
      const wakeAt = await this.#run.load(recorded.value) as number;
      return { wakeAt, startedAt: runtime.monotonic(), leftMs: wakeAt - runtime.now() };
    }
    const begun = { wakeAt: runtime.now() + ms, startedAt: runtime.monotonic(), leftMs: ms };
    await this.#run.record({ key, kind: "sleep", value: { json: begun.wakeAt } });
    return begun;
  }
}
