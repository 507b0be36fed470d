/**
 * What a task ended with, and how that is stored.
 *
 * @module
 */
import type { JsonObject, JsonRpcError } from "../protocol/mod.ts";
import type { Outcome, TaskHead, TaskStatus } from "../tasks/mod.ts";

/** What a task ended with. */
export type TaskOutcome =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "rpcError"; readonly error: JsonRpcError };

/** The stored form of an outcome. */
export function toOutcome(outcome: TaskOutcome, gen: string): Outcome {
  if (outcome.kind === "rpcError") {
    return { gen, kind: "rpcError", isError: true, value: { json: { ...outcome.error } } };
  }
  return { gen, kind: "result", isError: outcome.result.isError === true, value: { json: outcome.result } };
}

/** The outcome of a task that somebody moved to a status by hand; `undefined` for a status that has none. */
export function outcomeOfStatus(
  head: TaskHead,
  status: TaskStatus,
  message: string | undefined,
  gen: string,
): Outcome | undefined {
  if (status === "failed") {
    return toOutcome(
      { kind: "rpcError", error: { code: -32603, message: message ?? "The task failed" } },
      gen,
    );
  }
  if (status !== "completed") return undefined;
  const pending = head.pendingResult ?? toOutcome({ kind: "result", result: { content: [] } }, gen);
  return { ...pending, gen };
}
