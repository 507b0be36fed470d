/**
 * One inline phase of a 2026-07-28 call, `prepare` or the handler: runs until it is done, asks, or is slow.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { deferred } from "../runtime.ts";
import type { JournalEntry } from "../tasks/mod.ts";
import type { Answers, Questions, Run, RunHooks } from "../execution/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { Services } from "./services.ts";
import { type TaskCall, toNewTask } from "./task_creation.ts";

/** What earlier rounds left of a phase, and answers that came with this one. */
export interface PhaseState {
  readonly entries: readonly JournalEntry[];
  readonly answers: Answers;
}

/** Why a phase needs its caller. */
export type PhaseEvent<T> =
  | { readonly type: "done"; readonly value: T }
  | { readonly type: "asked"; readonly questions: Questions }
  | { readonly type: "slow" }
  | { readonly type: "gone" };

/** A phase under way. */
export class InlinePhase {
  readonly #services: Services;
  #questions: Questions = {};
  #asked = deferred<Questions>();
  #released = deferred<Answers>();
  readonly run: Run;

  private constructor(services: Services, makeRun: (hooks: RunHooks) => Run, hooks: RunHooks) {
    this.#services = services;
    this.run = makeRun({ ...hooks, askInline: (questions) => this.#gather(questions) });
  }

  /** Starts a phase. */
  static async open(
    services: Services,
    call: TaskCall,
    state: PhaseState,
    prepared: JsonValue | undefined,
    hooks: RunHooks,
  ): Promise<InlinePhase> {
    const task = await toNewTask(services, call, prepared);
    const answers = Object.entries(state.answers).map(([key, json]) => [key, { value: { json }, nonce: "" }]);
    const input = { outstanding: {}, answers: Object.fromEntries(answers) };
    const journal = { entries: state.entries, pages: [] };
    return new InlinePhase(
      services,
      (hooks) => services.executor.newInlineRun(call.tool, { ...task, journal, input }, hooks),
      hooks,
    );
  }

  /** Waits for what happens first. `work` never rejects. `slowMs`: absent, nothing is too slow. */
  async next<T>(work: Promise<T>, exchange: Exchange, slowMs?: number): Promise<PhaseEvent<T>> {
    const done = await soon(work);
    if (done !== undefined) return { type: "done", value: done.value };
    const { runtime } = this.#services.store;
    const { signal: gone } = exchange;
    const cleanUp: (() => void)[] = [];
    const events: Promise<PhaseEvent<T>>[] = [
      work.then((value) => ({ type: "done", value })),
      this.#asked.promise.then((questions) => ({ type: "asked", questions })),
      new Promise((resolve) => {
        const onGone = () => resolve({ type: "gone" });
        if (gone.aborted) return onGone();
        gone.addEventListener("abort", onGone, { once: true });
        cleanUp.push(() => gone.removeEventListener("abort", onGone));
      }),
    ];
    if (slowMs !== undefined) {
      events.push(
        new Promise((resolve) => cleanUp.push(runtime.setTimer(slowMs, () => resolve({ type: "slow" })))),
      );
    }
    try {
      return await Promise.race(events);
    } finally {
      for (const clean of cleanUp) clean();
    }
  }

  /** Lets the questions become the task's own: the run waits for their answers in the store. */
  releaseQuestions(): void {
    this.#released.resolve({});
  }

  /** What the next round has to know. */
  get state(): PhaseState {
    const { journal, input } = this.run.head;
    const asked = new Set(journal.entries.filter(({ kind }) => kind === "input").map(({ key }) => key));
    const answers = Object.entries(input.answers).flatMap(([key, { value }]) =>
      asked.has(key) && "json" in value ? [[key, value.json]] : []
    );
    return { entries: journal.entries, answers: Object.fromEntries(answers) };
  }

  /** Questions put at the same moment travel together. */
  #gather(questions: Questions): Promise<Answers> {
    if (Object.keys(this.#questions).length === 0) {
      this.#services.store.runtime.setTimer(0, () => this.#asked.resolve(this.#questions));
    }
    this.#questions = { ...this.#questions, ...questions };
    return this.#released.promise;
  }
}

/**
 * Microtasks after which a function is taken to wait for something. Many do not, and for those neither a timer nor the
 * look at the client's presence is worth its price, which with some runtimes is half of the call.
 */
const QUICK_TURNS = 32;

/** The value of `work`, if no more than microtasks are left of it. */
async function soon<T>(work: Promise<T>): Promise<{ readonly value: T } | undefined> {
  let done: { readonly value: T } | undefined;
  work.then((value) => done = { value });
  for (let turn = 0; turn < QUICK_TURNS && done === undefined; turn++) await undefined;
  return done;
}
