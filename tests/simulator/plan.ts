/**
 * A schedule as data: what clients do, what tools do, what goes wrong and when.
 *
 * A plan and nothing else decides a run. It is made from a seed, and made smaller by leaving parts out.
 *
 * @module
 */

/** One thing a tool does; times in simulated milliseconds. */
export type Action =
  | { readonly do: "step"; readonly ms: number; readonly bytes: number; readonly fails?: number }
  | { readonly do: "together"; readonly ms: readonly number[] }
  | { readonly do: "ask"; readonly keys: number; readonly timeoutMs?: number; readonly fallback?: boolean }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "set"; readonly bytes: number }
  | { readonly do: "report" }
  | { readonly do: "busy"; readonly ms: number; readonly isDeaf: boolean }
  | { readonly do: "die" }
  | { readonly do: "throw"; readonly what: "tool" | "protocol" | "other" }
  | { readonly do: "return"; readonly bytes: number };

/** Which tool runs the script. */
export type ToolName = "once" | "again" | "outside";

/** A task that a client wants. */
export interface TaskPlan {
  readonly tool: ToolName;
  readonly script: readonly Action[];
  /** Index of its owner. */
  readonly owner: number;
  readonly ttlMs: number;
  /** Length of a pad among the arguments. */
  readonly argBytes: number;
}

/** What a client does. */
export type OpKind =
  | "create"
  | "call"
  | "once"
  | "get"
  | "result"
  | "answer"
  | "cancel"
  | "list"
  | "watch"
  | "finish"
  | "variables"
  | "stranger";

/** One request of a client. */
export interface Op {
  readonly at: number;
  readonly node: number;
  readonly kind: OpKind;
  /** Index of the task. */
  readonly task: number;
  /** Varies what the request does. */
  readonly salt: number;
}

/** Something that goes wrong by itself. */
export interface Incident {
  readonly at: number;
  readonly node: number;
  readonly kind: "crash" | "pause" | "jump" | "away" | "drain";
  /** Duration, or size of the jump, in milliseconds. */
  readonly ms: number;
}

/** What goes wrong with one call of the store. */
export type CallFault =
  | "throw_before"
  | "lose_reply"
  | "lose_reply_known"
  | "late"
  | "conflict_with_itself"
  | "duplicate"
  | "partial"
  | "slow"
  | "crash_before"
  | "crash_after"
  | "pause";

/** A whole schedule. */
export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly leaseMs: number;
  /** Active tasks an owner may have. */
  readonly limit: number;
  readonly shards: number;
  readonly maxValueBytes: number;
  readonly indexLagMs: number;
  /** Difference of each node's wall clock from the true time. */
  readonly skews: readonly number[];
  /** Whether the engine removes records whose `purgeAt` has passed. */
  readonly hasPurge: boolean;
  /** Whether hints about changed records get through, in [0, 1]. */
  readonly hintRate: number;
  /** Wait after which a repeatable task leaves its process. */
  readonly parkAfterMs: number;
  /** Whether the last node does not have the tool `again`, as during a deploy. */
  readonly lacksTool: boolean;
  readonly durationMs: number;
  readonly tasks: readonly TaskPlan[];
  readonly ops: readonly Op[];
  readonly incidents: readonly Incident[];
  /** Probability that something goes wrong with a call. */
  readonly faultRate: number;
  /** The faults that happen, by call, instead of by chance. */
  readonly faults?: readonly (readonly [call: string, fault: CallFault])[];
}
