/**
 * Workflow tasks for tests of the layers below the server.
 *
 * @module
 */
import {
  newWorkflow,
  type NewWorkflowStep,
  type TaskHead,
  type WorkflowStepState,
} from "../../src/tasks/mod.ts";
import { sampleHead } from "./sample_tasks.ts";

/** Steps `a`, `b`, `c`, … of tools with the same names. */
export function sampleSteps(count: number, changes: Partial<NewWorkflowStep> = {}): NewWorkflowStep[] {
  return Array.from({ length: count }, (_, i) => {
    const name = i < 26 ? String.fromCharCode(97 + i) : `step-${i}`;
    return { name, tool: name, retryable: false, ...changes };
  });
}

/** The head of a workflow that is being run by the holder of sample tasks. */
export function workflowHead(
  steps: readonly NewWorkflowStep[] = sampleSteps(3),
  states: readonly Partial<WorkflowStepState>[] = [],
): TaskHead {
  const workflow = newWorkflow("sample: do what is to be done", steps);
  const changed = workflow.steps.map((step, i) => ({ ...step, ...states[i] }));
  return sampleHead({}, { kind: "workflow", name: "sample", workflow: { ...workflow, steps: changed } });
}

/** The statuses of a head's steps, by their first letters. */
export function statusesOf({ workflow }: TaskHead): string {
  return workflow?.steps.map(({ status }) => status[0]).join("") ?? "";
}
