/**
 * A workflow's progress as clients see it, in the `_meta` of its task.
 *
 * @module
 */
import { type JsonObject, type JsonValue, META } from "../protocol/mod.ts";
import type { TaskHead } from "./record.ts";

/** Version of the form of `io.perdure/workflow.progress`. */
const PROGRESS_SCHEMA = 1;

/** What the `_meta` of a workflow's task says: where each step stands, and why it stopped. Nothing for other tasks. */
export function workflowMeta({ workflow }: TaskHead): JsonObject | undefined {
  if (workflow === undefined) return undefined;
  const { goal, steps, pauseReason } = workflow;
  return {
    [META.workflowProgress]: {
      goal,
      steps: steps.map(({ name, tool, status }) => ({
        name,
        ...(tool === undefined ? {} : { tool }),
        status,
      })),
      schemaVersion: PROGRESS_SCHEMA,
    },
    ...(pauseReason === undefined ? {} : { [META.workflowPause]: pauseReason as unknown as JsonValue }),
  };
}
