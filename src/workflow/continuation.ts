/**
 * A client's call of a tool, as its workflow records it.
 *
 * @module
 */
import type { CallToolResult, JsonObject } from "../protocol/mod.ts";
import { toErrorResult } from "../execution/mod.ts";
import type { TaskOutcome } from "../store/mod.ts";
import type { ContinuingCall } from "../tasks/mod.ts";
import { toStoredStep } from "./step_store.ts";
import { callMessage, errorTextOf, resultMessage } from "./trace.ts";

/** What a call came to, under the name of the write that records it. A JSON-RPC error is a failed call. */
export function toContinuingCall(
  tool: string,
  args: JsonObject,
  outcome: TaskOutcome,
  nonce: string,
): ContinuingCall {
  const raw = outcome.kind === "result" ? outcome.result : toErrorResult(outcome.error.message);
  // Results were checked when they were settled.
  const result = raw as unknown as CallToolResult;
  const isError = result.isError === true;
  const stored = toStoredStep({ result, messages: [callMessage(tool, args), resultMessage(result)] });
  return {
    tool,
    isError,
    nonce,
    outcome: stored.outcome!,
    messages: stored.messages,
    ...(isError ? { error: errorTextOf(result) } : {}),
  };
}
