/**
 * What callers have learned in a world: the things that tokens stand for.
 *
 * `⟦task:0⟧` is the newest of the caller's own tasks, `⟦task:3⟧` the fourth back, counted round; `⟦other.task:3⟧` is one
 * of somebody else. A JSON
 * string that is nothing but `⟦!round.args:0⟧` is replaced with its quotes, by JSON.
 *
 * @module
 */

/** Who may call. */
export const CALLERS = ["ada", "bob", "eve", "anon"] as const;

/** A caller's name. */
export type CallerName = (typeof CALLERS)[number];

/** What one caller knows, newest last. */
export interface Pool {
  readonly session: string[];
  readonly task: string[];
  readonly cursor: string[];
  readonly event: string[];
  /** Ids of requests the server sent, as JSON. */
  readonly ask: string[];
  /** Ids of requests under way, as JSON. */
  readonly call: string[];
  /** Calls to be sent again with answers. */
  readonly round: Round[];
  /** Questions of tasks. */
  readonly question: Question[];
}

/** A call that was answered with questions. */
export interface Round {
  readonly method: string;
  readonly name: string;
  /** As JSON. */
  readonly args: string;
  readonly state: string;
  readonly key: string;
}

/** A question of a task. */
export interface Question {
  readonly task: string;
  readonly key: string;
}

const MAX_KNOWN = 40;
const TOKEN = /"⟦!([a-z.]+):(\d+)⟧"|⟦([a-z.]+):(\d+)⟧/g;
/** What stands in where nothing is known. */
const NOTHING: Readonly<Record<string, string>> = {
  session: "no-such-session-0",
  task: "01KDVV4Z00NOSUCHTASK0000000000000000",
  cursor: "eyJlbmQiOjJ9.AAAAAAAAAAAAAAAAAAAAAA",
  event: "post-AAAAAAAAAAAAAAAA.0",
  ask: '"call/AAAAAAAA"',
  call: "1",
  "round.method": "tools/call",
  "round.name": "ask",
  "round.args": "{}",
  "round.state": "AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA",
  "round.key": "q",
  "question.task": "01KDVV4Z00NOSUCHTASK0000000000000000",
  "question.key": "q",
};

/** The knowledge of all callers. */
export class Pools {
  readonly #pools: Readonly<Record<CallerName, Pool>>;

  constructor() {
    this.#pools = { ada: emptyPool(), bob: emptyPool(), eve: emptyPool(), anon: emptyPool() };
  }

  /** What a caller knows. */
  of(caller: CallerName): Pool {
    return this.#pools[caller];
  }

  /** Notes something, unless it is known. */
  note<K extends "session" | "task" | "cursor" | "event" | "ask" | "call">(
    caller: CallerName,
    kind: K,
    value: string,
  ): void {
    const known = this.#pools[caller][kind];
    if (known.includes(value)) return;
    known.push(value);
    if (known.length > MAX_KNOWN) known.shift();
  }

  /** Notes a question or a round. */
  noteAsked(caller: CallerName, asked: { readonly round: Round } | { readonly question: Question }): void {
    const { round, question } = this.#pools[caller];
    if ("round" in asked) round.push(asked.round);
    else if (question.every(({ task, key }) => task !== asked.question.task || key !== asked.question.key)) {
      question.push(asked.question);
    }
    for (const known of [round, question]) if (known.length > MAX_KNOWN) known.shift();
  }

  /** Puts in what tokens stand for. */
  resolve(text: string, caller: CallerName): string {
    if (!text.includes("⟦")) return text;
    return text.replace(
      TOKEN,
      (_, rawKind: string | undefined, rawIndex: string, kind: string, index: string) => {
        return rawKind === undefined
          ? this.#lookUp(kind, Number(index), caller)
          : this.#lookUp(rawKind, Number(rawIndex), caller);
      },
    );
  }

  #lookUp(kind: string, index: number, caller: CallerName): string {
    if (kind === "mark") return `mark-${caller}`;
    if (kind.startsWith("other.")) {
      const others = CALLERS.filter((name) => name !== caller);
      const found = others.flatMap((name) => this.#values(kind.slice("other.".length), name));
      return newest(found, index) ?? NOTHING[kind.slice("other.".length)] ?? "";
    }
    return newest(this.#values(kind, caller), index) ?? NOTHING[kind] ?? "";
  }

  #values(kind: string, caller: CallerName): readonly string[] {
    const pool = this.#pools[caller];
    const [first, second] = kind.split(".");
    switch (first) {
      case "round":
        return pool.round.map((round) => String(round[second as keyof Round]));
      case "question":
        return pool.question.map((question) => question[second as keyof Question]);
      case "session":
      case "task":
      case "cursor":
      case "event":
      case "ask":
      case "call":
        return pool[first];
      default:
        return [];
    }
  }
}

function newest(found: readonly string[], index: number): string | undefined {
  return found.length === 0 ? undefined : found[found.length - 1 - index % found.length];
}

function emptyPool(): Pool {
  return { session: [], task: [], cursor: [], event: [], ask: [], call: [], round: [], question: [] };
}
