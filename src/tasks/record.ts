/**
 * The head of a task: the one record that changes, and all that is needed to serve or run the task.
 *
 * The head is era-neutral. Larger values live in payload records that the head names; the head
 * itself stays small, so that a heartbeat or a poll costs the same for every task.
 *
 * @module
 */
import type { Era, JsonObject, JsonRpcError, JsonValue, RequestId } from "../protocol/mod.ts";
import type { TaskStatus } from "./status.ts";
import type { InputAnswer, InputState } from "./input.ts";
import type { WorkflowState } from "./workflow.ts";

/** Version of the record's shape. Records with a higher one are left untouched. */
export const HEAD_SCHEMA = 1;

/** Names an immutable value stored beside the head. */
export interface PayloadRef {
  /** `<epoch>.<nonce>`: who wrote it. */
  readonly gen: string;
  /** Number of payload records it is split into. */
  readonly parts: number;
  /** Length of the JSON text in bytes. */
  readonly bytes: number;
  /** base64url SHA-256 of the JSON text. */
  readonly sha256: string;
}

/** A JSON value kept in the head, or named by it. */
export type Spillable = { readonly json: JsonValue } | { readonly ref: PayloadRef };

/** Progress as last reported (`progress` of `total`). */
export interface Progress {
  /** Done so far. */
  readonly progress: number;
  /** In all, if known. */
  readonly total?: number;
  /** What is being done. */
  readonly message?: string;
}

/**
 * What execution is doing with the task.
 *
 * `queued`: waits for a worker. `running`: leased. `parked`: waits for an answer or a time, no process
 * holds it. `done`: terminal.
 */
export type ExecPhase = "queued" | "running" | "parked" | "done";

/** State of execution. */
export interface ExecState {
  /** See {@linkcode ExecPhase}. */
  readonly phase: ExecPhase;
  /** `inline`: the tool's handler in this library; `external`: an engine that calls `finish`. */
  readonly executor: "inline" | "external";
  /** Whether a lost attempt may be run again. */
  readonly repeatable: boolean;
  /** Attempts claimed so far. */
  readonly attempt: number;
  /** Attempts in all. */
  readonly maxAttempts: number;
  /** Raised by every change of hands; a write with an older one is refused. */
  readonly epoch: number;
  /** Random name of the holder. */
  readonly leaseOwner?: string;
  /** Instant until which the holder may be alone. */
  readonly leaseUntil?: number;
  /** Earliest instant of the next claim of a queued task. */
  readonly notBefore?: number;
  /** Instant a parked task is to be woken at. */
  readonly wakeAt?: number;
}

/** One finished call of a journaled function. */
export interface JournalEntry {
  /** Identity: name, and `#n` from the second call of the name on. */
  readonly key: string;
  /** What was called. */
  readonly kind: "step" | "sleep" | "input";
  /** What came out; absent where only the fact counts. */
  readonly value?: Spillable;
  /** Of a question: hash of the request, so that another question under the same key is noticed. */
  readonly digest?: string;
  /** Of a question whose answer the handler has read: as in {@linkcode InputAnswer}, with the answer in `value`. */
  readonly failure?: InputAnswer["failure"];
  /** Of such a question: random name of the answer's delivery. */
  readonly nonce?: string;
  /** What was thrown, instead of a value. */
  readonly error?: { readonly name: string; readonly message: string };
}

/** Names a page of older entries, or of the pages that hold them. */
export interface JournalPage extends PayloadRef {
  /** Levels of pages below: absent, the page holds entries; 1, it holds pages of entries; and so on. */
  readonly level?: number;
}

/** Finished calls, newest last; older ones sealed in immutable pages. */
export interface Journal {
  /** The newest calls. */
  readonly entries: readonly JournalEntry[];
  /** Sealed pages, oldest first. */
  readonly pages: readonly JournalPage[];
}

/** The one outcome of a terminal task. */
export interface Outcome {
  /** Generation of the attempt that wrote it. */
  readonly gen: string;
  /** A call result, or a JSON-RPC error. */
  readonly kind: "result" | "rpcError";
  /** A tool result with `isError: true`: `failed` to 2025 clients, `completed` to 2026 clients. */
  readonly isError: boolean;
  /** The result, or the JSON-RPC error object. Absent for a cancelled task. */
  readonly value?: Spillable;
}

/** Snapshot of who created the task; what a later attempt sees as `ctx.auth`. Never a token. */
export interface PrincipalSnapshot {
  /** The user. */
  readonly subject?: string;
  /** The client application. */
  readonly clientId?: string;
  /** Who vouches for both. */
  readonly issuer?: string;
  /** Granted scopes. */
  readonly scopes?: readonly string[];
  /** Further claims the author chose to keep. */
  readonly claims?: JsonObject;
}

/** The head record. Instants are epoch milliseconds. */
export interface TaskHead {
  /** Version of the shape. */
  readonly schema: 1;
  /** Task id. */
  readonly id: string;
  /** Owner key. */
  readonly owner: string;
  /** What runs. */
  readonly kind: "tool" | "workflow";
  /** Tool or workflow. */
  readonly name: string;
  /** Service the task belongs to: only processes of it claim the task. */
  readonly namespace: string;
  /** Revision the task was created under. */
  readonly era: Era;
  /** When the task was created. */
  readonly createdAt: number;
  /** From this instant on the task is unknown to everyone. */
  readonly expiresAt: number;
  /** Poll interval suggested to clients, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Number of puts so far. */
  readonly rev: number;
  /** Random name of the put that created the record. */
  readonly createNonce: string;
  /** Random name of the newest put. */
  readonly writeNonce: string;
  /** Id of the idempotency record, if there is one. */
  readonly idem?: string;
  /** Arguments of the creating call. */
  readonly args: Spillable;
  /** What `task.prepare` returned. */
  readonly prepared?: Spillable;
  /** Who created the task; absent for an anonymous caller. */
  readonly principal?: PrincipalSnapshot;
  /** What the creating client can be asked. */
  readonly clientCapabilities: JsonObject;
  /** Token of the creating request (2025-11-25). */
  readonly progressToken?: RequestId;
  /** Session of the creating request (2025-11-25). */
  readonly sessionId?: string;
  /** Progress as last reported. */
  readonly progress?: Progress;
  /** Where the task stands. */
  readonly status: TaskStatus;
  /** Text about it, for people. */
  readonly statusMessage?: string;
  /** When status, message or progress last changed. */
  readonly lastUpdatedAt: number;
  /** Variables of the task. */
  readonly variables: Spillable;
  /** Names of variables clients may see. */
  readonly publicVariables?: readonly string[];
  /** State of execution. */
  readonly exec: ExecState;
  /** Finished calls. */
  readonly journal: Journal;
  /** Questions and answers. */
  readonly input: InputState;
  /** Progress of a workflow. */
  readonly workflow?: WorkflowState;
  /** Workflow task that the call continues: what it comes to is recorded there as well. */
  readonly continues?: { readonly owner: string; readonly id: string };
  /** The outcome, once terminal. */
  readonly outcome?: Outcome;
  /** A result set ahead of the status; invisible until the task completes. */
  readonly pendingResult?: Outcome;
  /**
   * Payloads that the newest write to replace any has replaced: whoever read the head before it may be reading them. The
   * next such write deletes them.
   */
  readonly retired?: readonly PayloadRef[];
}

/** A task's outcome read in full. */
export type LoadedOutcome =
  | { readonly kind: "result"; readonly isError: boolean; readonly result: JsonObject }
  | { readonly kind: "rpcError"; readonly error: JsonRpcError };

/** A copy of `head` with `lastUpdatedAt` at `now`, never going backwards (I16). */
export function touched(head: TaskHead, now: number): TaskHead {
  return { ...head, lastUpdatedAt: Math.max(now, head.lastUpdatedAt) };
}

/** Whether the task is gone for everyone at `now`. */
export function isExpired(head: TaskHead, now: number): boolean {
  return now >= head.expiresAt;
}
