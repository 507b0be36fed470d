/**
 * What a workflow's task ends with.
 *
 * @module
 */
import { faultOfCallToolResult } from "../protocol/content_guard.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import type { Outcome } from "../tasks/mod.ts";

/** The outcome of a workflow all of whose steps are done. `gen`: name of the write. */
export function completionOf(name: string, steps: number, gen: string): Outcome {
  const result = {
    content: [{ type: "text", text: `Workflow '${name}' completed: ${steps} of ${steps} steps.` }],
    structuredContent: { completed: true, steps_completed: steps },
  };
  return { gen, kind: "result", isError: false, value: { json: result } };
}

/**
 * The result that a client completes a workflow with: a call result as it is, anything else as the structured content and
 * the text of one.
 */
export function toResult(value: JsonValue): JsonObject {
  if (isJsonObject(value) && faultOfCallToolResult(value) === undefined) return value;
  const text = typeof value === "string" ? value.toWellFormed() : JSON.stringify(value);
  const content = [{ type: "text", text }];
  return isJsonObject(value) ? { content, structuredContent: value } : { content };
}
