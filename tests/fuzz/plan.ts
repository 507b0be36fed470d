/**
 * What happens in one fuzzed world, as plain data: it can be printed, made smaller, kept and played again.
 *
 * Texts hold tokens such as `⟦task:3⟧`, which stand for what only the play knows: ids, cursors, sessions. See `pools.ts`.
 *
 * @module
 */

/** The revision a request was made for, before it was damaged. */
export type Era = "2025" | "2026";

/** A world and what is done in it. */
export interface Plan {
  /** Decides everything random in the world. */
  readonly seed: number;
  readonly world: WorldPlan;
  readonly steps: readonly Step[];
}

/** How the server is set up. */
export interface WorldPlan {
  /** Whether callers without credentials are served. */
  readonly anonymous: boolean;
  /** Whether pages of `https://app.example` are served. */
  readonly pages: boolean;
  /** Whether a second instance serves the same store. */
  readonly twin: boolean;
  /** Whether limits are so low that they are reached. */
  readonly tight: boolean;
}

/** One thing that happens. */
export type Step =
  | SendStep
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "jump"; readonly ms: number }
  | { readonly do: "end"; readonly run: number; readonly how: "return" | "throw" | "refuse" }
  | { readonly do: "leave"; readonly stream: number }
  | { readonly do: "recover" }
  | { readonly do: "change"; readonly list: "tools" | "prompts" | "resources" }
  | { readonly do: "fault"; readonly fault: StoreFault }
  | { readonly do: "heal" };

/** A request, and how its answer is read. */
export interface SendStep {
  readonly do: "send";
  readonly era: Era;
  /** Instance it goes to. */
  readonly to: 0 | 1;
  readonly request: RequestSketch;
  /** Fake milliseconds it is waited for; 0: the next step follows at once, whatever has come. */
  readonly patienceMs: number;
  /** Whether the body of a stream is read. */
  readonly reads: boolean;
  /** When the client gives up: before it sent all, or when the next step begins. */
  readonly leaves?: "before" | "after";
  /** Nothing comes to rest before the next step: requests overtake each other. */
  readonly isHasty?: true;
  /** Nothing was damaged: it may be refused for what it asks, and never for its form. */
  readonly isSound?: true;
}

/** A request as bytes, before tokens are put in. */
export interface RequestSketch {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** Bytes put over those of the body, by offset: what is no UTF-8. */
  readonly bytes?: readonly (readonly [offset: number, byte: number])[];
  /** Offsets at which the body is cut into chunks; absent: it comes whole. */
  readonly cuts?: readonly number[];
  /** The body fails behind its last chunk. */
  readonly breaksOff?: true;
}

/** What goes wrong at the store. */
export interface StoreFault {
  readonly op: "get" | "put" | "delete" | "list" | "due";
  /** Kind of the record of a put; absent: any. */
  readonly kind?: "task" | "payload" | "session" | "idem";
  /** Unavailable; unavailable once done; late; broken in a way that nobody foresaw. */
  readonly how: "away" | "lost" | "slow" | "broken";
  readonly times: number;
}
