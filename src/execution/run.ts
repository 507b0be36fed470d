/**
 * One execution of a handler, inline or under a lease: the same code with the same context.
 *
 * A run works on a head. Inline, the head is a draft in memory and nothing is stored. Leased, every
 * change is a conditioned put. {@linkcode Run.promote} turns one into the other: a single create
 * stores the draft as it stands.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { declares, requiredCapability } from "../protocol/input_capability.ts";
import type { InputRequest } from "../protocol/input.ts";
import {
  ask,
  assertHeld,
  type Holder,
  type JournalEntry,
  LeaseLostError,
  MAX_OUTSTANDING_INPUTS,
  MissingCapabilityError,
  type OutstandingInput,
  type Progress,
  type Spillable,
  type TaskHead,
  TaskNotFoundError,
} from "../tasks/mod.ts";
import { sha256OfTexts, type TaskOutcome, type TaskStore, type Versioned } from "../store/mod.ts";
import { type AbortReason, TaskAbortError } from "./errors.ts";
import { type JournalReader, withEntry } from "./journal.ts";
import { type HolderWrite, Lease } from "./lease.ts";

/** A question by its key. */
export type Questions = Readonly<Record<string, InputRequest>>;
/** Raw answers by key. */
export type Answers = Readonly<Record<string, JsonValue>>;

/** What the caller of an inline run does for it. */
export interface RunHooks {
  /**
   * Puts questions of an inline run to the client. Resolves with raw answers, or never, where the
   * call ends here and is made again with the answers.
   */
  readonly askInline?: (questions: Questions, run: Run) => Promise<Answers>;
  /** Told of progress as it is reported. */
  readonly onProgress?: (progress: Progress, run: Run) => void;
  /** Told of log messages. */
  readonly onLog?: (level: string, data: JsonValue, logger: string | undefined, run: Run) => void;
}

/** Options of {@linkcode Run}. */
export interface RunOptions {
  readonly store: TaskStore;
  /** A draft, or the head as stored where `current` is given. */
  readonly head: TaskHead;
  readonly journal: JournalReader;
  readonly hooks: RunHooks;
  /** The stored state of a task that is held here, and the monotonic start of the write that took it. */
  readonly held?: { readonly current: Versioned; readonly startedAt: number };
}

/** One execution. */
export class Run {
  /** Store it writes to, once it is a task. */
  readonly store: TaskStore;
  /** What it has already done. */
  readonly journal: JournalReader;
  /** What its caller does for it. */
  readonly hooks: RunHooks;
  #head: TaskHead;
  readonly #holder: Holder;
  #lease: Lease | undefined;
  #promotion: Promise<unknown> | undefined;
  readonly #abort = new AbortController();
  readonly #waiters = new Set<() => void>();

  constructor(options: RunOptions) {
    this.store = options.store;
    this.journal = options.journal;
    this.hooks = options.hooks;
    this.#head = options.head;
    const { epoch, leaseOwner } = options.head.exec;
    this.#holder = { epoch, leaseOwner };
    if (options.held !== undefined) this.#hold(options.held.current, options.held.startedAt);
  }

  /** Newest state known here. */
  get head(): TaskHead {
    return this.#lease?.head ?? this.#head;
  }

  /** Whether the run is a stored task. */
  get isTask(): boolean {
    return this.#lease !== undefined;
  }

  /** Aborts with a {@linkcode TaskAbortError} when the run has to stop. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @throws {TaskAbortError} If the run has to stop; compares the clock first. */
  throwIfAborted(): void {
    if (this.#lease !== undefined) void this.#lease.isLost;
    this.#abort.signal.throwIfAborted();
  }

  /** Ends the run from outside. A task that is stored stays as it is. */
  abort(reason: AbortReason): void {
    if (this.#abort.signal.aborted) return;
    this.#lease?.abandon();
    this.#abort.abort(new TaskAbortError(reason));
    this.#wake();
  }

  /** Changes the head: in memory while inline, by a put once it is a task. Waits for a promotion under way. */
  async apply(change: HolderWrite, landed?: (head: TaskHead) => boolean): Promise<TaskHead> {
    if (this.#promotion !== undefined) await this.#promotion;
    this.throwIfAborted();
    if (this.#lease === undefined) {
      return this.#head = change(this.#head, this.#holder, this.store.runtime.now());
    }
    try {
      return await this.#lease.write(change, landed);
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof TaskNotFoundError) this.throwIfAborted();
      throw error;
    }
  }

  /**
   * Stores the run as a task, as it stands.
   *
   * @throws {LimitReachedError} And the run stays inline, as on every other failure.
   */
  async promote(activeLimit: number | undefined): Promise<TaskHead> {
    const create = async (): Promise<TaskHead> => {
      const startedAt = this.store.runtime.monotonic();
      const now = this.store.runtime.now();
      const draft = this.#head;
      const created = await this.store.create({
        ...draft,
        createdAt: now,
        lastUpdatedAt: now,
        expiresAt: now + (draft.expiresAt - draft.createdAt),
        exec: { ...draft.exec, leaseUntil: now + this.store.config.times.leaseMs },
      }, activeLimit);
      this.#hold(created, startedAt);
      return created.head;
    };
    const promotion = create();
    this.#promotion = promotion.catch(() => {});
    try {
      return await promotion;
    } finally {
      this.#promotion = undefined;
    }
  }

  /** Stores the outcome of a task. `false`: the task was lost meanwhile, and the outcome is dropped. */
  async finish(outcome: TaskOutcome, statusMessage?: string): Promise<boolean> {
    if (this.#promotion !== undefined) await this.#promotion;
    return this.#lease === undefined ? false : await this.#lease.finish(outcome, statusMessage);
  }

  /** Records a finished call. */
  async record(entry: JournalEntry): Promise<void> {
    await this.apply((head, holder) => {
      assertHeld(head, holder);
      return withEntry(head, entry);
    }, (head) => head.journal.entries.some(({ key }) => key === entry.key));
    this.journal.add(entry);
  }

  /** Reads a value the head holds or names. */
  load(value: Spillable): Promise<JsonValue> {
    return this.store.load(this.head, value);
  }

  /**
   * Puts questions to the client and waits for all raw answers.
   *
   * @throws {MissingCapabilityError} If the client did not declare what is asked for. Nothing is asked then.
   * @throws {RangeError} If the task would have more than 64 questions open.
   * @throws {TaskAbortError} If the run has to stop.
   */
  async ask(questions: Questions, timeoutMs?: number): Promise<Answers> {
    this.throwIfAborted();
    const fresh = await this.#unrecorded(questions);
    const keys = Object.keys(questions);
    if (fresh.length > 0) {
      this.#checkAskable(questions);
      const entries = fresh.map(({ key, digest }): JournalEntry => ({ key, kind: "input", digest }));
      await this.apply((head, holder, now) => {
        assertHeld(head, holder);
        return entries.reduce(withEntry, this.#withQuestions(head, holder, now, questions, timeoutMs));
      }, (head) => keys.every((key) => isKnown(head, key)));
      for (const entry of entries) this.journal.add(entry);
    }
    if (!this.isTask && this.#missing(keys).length > 0) await this.#askInline(questions);
    return await this.#answers(keys);
  }

  async #unrecorded(questions: Questions): Promise<{ readonly key: string; readonly digest: string }[]> {
    const fresh: { readonly key: string; readonly digest: string }[] = [];
    for (const [key, request] of Object.entries(questions)) {
      const digest = (await sha256OfTexts([JSON.stringify(request)])).slice(0, 16);
      if (this.journal.find(key, "input", digest) === undefined) fresh.push({ key, digest });
    }
    return fresh;
  }

  #checkAskable(questions: Questions): void {
    for (const request of Object.values(questions)) {
      if (!declares(this.head.clientCapabilities, request)) {
        throw new MissingCapabilityError(requiredCapability(request));
      }
    }
    const open = Object.keys(this.head.input.outstanding).length + Object.keys(questions).length;
    if (open > MAX_OUTSTANDING_INPUTS) {
      throw new RangeError(`Cannot ask: a task has at most ${MAX_OUTSTANDING_INPUTS} questions open at once`);
    }
  }

  #withQuestions(
    head: TaskHead,
    holder: Holder,
    now: number,
    questions: Questions,
    timeoutMs: number | undefined,
  ): TaskHead {
    const deadline = timeoutMs === undefined ? undefined : now + timeoutMs;
    const outstanding = Object.entries(questions).map(([key, request]): [string, OutstandingInput] => [
      key,
      { request: { json: { ...request } as unknown as JsonValue }, deadline },
    ]);
    return ask(head, holder, now, Object.fromEntries(outstanding));
  }

  async #askInline(questions: Questions): Promise<void> {
    const missing = this.#missing(Object.keys(questions));
    const asked = Object.fromEntries(missing.map((key) => [key, questions[key]!]));
    if (this.hooks.askInline === undefined) {
      throw new MissingCapabilityError(requiredCapability(Object.values(asked)[0]!));
    }
    const answers = await this.hooks.askInline(asked, this);
    // Promoted meanwhile: the questions are the task's, and so are the answers.
    if (this.isTask || this.#promotion !== undefined) return;
    this.#head = withAnswers(this.#head, answers);
  }

  async #answers(keys: readonly string[]): Promise<Answers> {
    if (this.#promotion !== undefined) await this.#promotion;
    if (this.#missing(keys).length > 0) {
      const stopPolling = this.#lease?.pollForInput();
      try {
        await this.#until(() => this.#missing(keys).length === 0);
      } finally {
        stopPolling?.();
      }
    }
    const { answers } = this.head.input;
    const loaded = keys.map(async (key) => [key, await this.load(answers[key]!.value)] as const);
    return Object.fromEntries(await Promise.all(loaded));
  }

  #missing(keys: readonly string[]): string[] {
    return keys.filter((key) => !Object.hasOwn(this.head.input.answers, key));
  }

  /** Resolves once `isReached` holds; checks at each new state. */
  async #until(isReached: () => boolean): Promise<void> {
    for (;;) {
      this.throwIfAborted();
      if (isReached()) return;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  #hold(current: Versioned, startedAt: number): void {
    this.#lease = new Lease(this.store, current, startedAt, {
      onLost: (reason) => {
        this.#abort.abort(new TaskAbortError(reason));
        this.#wake();
      },
      onState: () => this.#wake(),
    });
  }
}

function isKnown(head: TaskHead, key: string): boolean {
  return Object.hasOwn(head.input.outstanding, key) || Object.hasOwn(head.input.answers, key);
}

/** A draft with answers that arrived outside the store. */
export function withAnswers(head: TaskHead, answers: Answers): TaskHead {
  const outstanding = Object.entries(head.input.outstanding).filter(([key]) => !Object.hasOwn(answers, key));
  const added = Object.entries(answers).map(([key, json]) => [key, { value: { json }, nonce: "" }]);
  return {
    ...head,
    status: outstanding.length > 0 ? "input_required" : "working",
    input: {
      outstanding: Object.fromEntries(outstanding),
      answers: Object.fromEntries([...Object.entries(head.input.answers), ...added]),
    },
  };
}
