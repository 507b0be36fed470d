/**
 * What a run has already done: finished steps and asked questions, found by the name of the call.
 *
 * A call is identified by its name and by how often that name was called before in this run, counted
 * when it is called, so that `Promise.all` works.
 *
 * @module
 */
import type { JournalEntry, JournalPage, TaskHead } from "../tasks/mod.ts";
import type { TaskStore } from "../store/mod.ts";
import { ReplayMismatchError } from "./errors.ts";

/** Longest name of a step or question, in UTF-16 units. */
export const MAX_NAME_LENGTH = 128;

/** Most calls a task may record. */
export const MAX_RECORDED_CALLS = 10_000;

/** Looks up what is recorded, and gives calls their identity. */
export class JournalReader {
  readonly #recorded: Map<string, JournalEntry>;
  readonly #calls = new Map<string, number>();
  readonly #consumed = new Set<string>();
  /** Questions whose answers the handler has. */
  readonly #answered = new Set<string>();
  /** Calls that are recorded, or about to be. */
  #size: number;

  constructor(entries: readonly JournalEntry[]) {
    this.#recorded = new Map();
    for (const entry of entries) {
      // A question that was sealed before its answer came has a second entry, with the answer alone.
      this.#recorded.set(entry.key, { ...this.#recorded.get(entry.key), ...entry });
    }
    this.#size = this.#recorded.size;
  }

  /** Reads the whole journal of a task, sealed pages included. */
  static async open(store: TaskStore, head: TaskHead): Promise<JournalReader> {
    return new JournalReader([...await readPages(store, head, head.journal.pages), ...head.journal.entries]);
  }

  /**
   * Identity of the next call of `name`.
   *
   * @param prefix Put before the name; the library's own, so it may hold what names may not.
   * @throws {TypeError} If the name is empty, over-long, ill-formed or contains `#`.
   * @throws {RangeError} If the call is not recorded, and {@linkcode MAX_RECORDED_CALLS} are.
   */
  identify(name: string, prefix = ""): string {
    if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH || !name.isWellFormed()) {
      throw new TypeError(`Cannot name a call: a name is 1 to ${MAX_NAME_LENGTH} well-formed characters`);
    }
    if (name.includes("#")) throw new TypeError(`Cannot name a call "${name}": "#" numbers repeated calls`);
    const full = prefix + name;
    const count = (this.#calls.get(full) ?? 0) + 1;
    const key = count === 1 ? full : `${full}#${count}`;
    if (!this.#recorded.has(key)) this.#takeRoom(key);
    this.#calls.set(full, count);
    return key;
  }

  #takeRoom(key: string): void {
    if (this.#size >= MAX_RECORDED_CALLS) {
      throw new RangeError(`Cannot record "${key}": a task records at most ${MAX_RECORDED_CALLS} calls`);
    }
    this.#size++;
  }

  /**
   * What is recorded of a call, if anything.
   *
   * @throws {ReplayMismatchError} If it is recorded as something else.
   */
  find(key: string, kind: JournalEntry["kind"], digest?: string): JournalEntry | undefined {
    const entry = this.#recorded.get(key);
    if (entry === undefined) return undefined;
    this.#consumed.add(key);
    if (entry.kind !== kind) throw new ReplayMismatchError(key, entry.kind, kind);
    if (entry.digest !== digest) throw new ReplayMismatchError(key, "another question", "this one");
    return entry;
  }

  /** Keeps an entry that was just stored. */
  add(entry: JournalEntry): void {
    this.#recorded.set(entry.key, entry);
    this.#consumed.add(entry.key);
  }

  /** Notes that the handler has the answer to a question. */
  markAnswered(key: string): void {
    this.#answered.add(key);
  }

  /**
   * A head in which answers that the handler has are part of the journal, and sealed with it. Only open questions and
   * answers nobody has read stay with the input, so that their number is bounded.
   */
  withAnswers(head: TaskHead): TaskHead {
    const { answers } = head.input;
    const moved = new Map(Object.entries(answers).filter(([key]) => this.#answered.has(key)));
    if (moved.size === 0) return head;
    const entries = head.journal.entries.map((entry) => {
      const answer = entry.kind === "input" ? moved.get(entry.key) : undefined;
      if (answer === undefined) return entry;
      moved.delete(entry.key);
      return { ...entry, ...answer };
    });
    for (const [key, answer] of moved) entries.push({ key, kind: "input", ...answer });
    const unread = Object.entries(answers).filter(([key]) => !this.#answered.has(key));
    return {
      ...head,
      journal: { ...head.journal, entries },
      input: { ...head.input, answers: Object.fromEntries(unread) },
    };
  }

  /** Whether any step has finished. */
  get hasSteps(): boolean {
    for (const { kind } of this.#recorded.values()) if (kind === "step") return true;
    return false;
  }

  /** Recorded calls that this run did not make, oldest first. */
  unconsumed(): string[] {
    return [...this.#recorded.keys()].filter((key) => !this.#consumed.has(key));
  }
}

/** Entries of pages, oldest first. Only this library writes pages. */
async function readPages(
  store: TaskStore,
  head: TaskHead,
  pages: readonly JournalPage[],
): Promise<JournalEntry[]> {
  const read = pages.map(async (page) => {
    const content: unknown = await store.load(head, { ref: page });
    return page.level === undefined
      ? content as JournalEntry[]
      : await readPages(store, head, content as JournalPage[]);
  });
  return (await Promise.all(read)).flat();
}

/** A head with one more finished call. */
export function withEntry(head: TaskHead, entry: JournalEntry): TaskHead {
  return { ...head, journal: { ...head.journal, entries: [...head.journal.entries, entry] } };
}

/** Whether a head shows a finished call, in what is kept inline. */
export function hasEntry(head: TaskHead, key: string): boolean {
  return head.journal.entries.some((entry) => entry.key === key);
}
