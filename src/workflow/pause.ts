/**
 * From what stopped a step to the reason that is kept and told.
 *
 * @module
 */
import {
  type Interrupted,
  lostStep,
  MAX_REASON_ITEMS,
  MAX_REASON_TEXT,
  type PauseReason,
  type WorkflowState,
  type WorkflowStepState,
} from "../tasks/mod.ts";
import type { WorkflowDefinition, WorkflowStep } from "./definition.ts";
import type { StepStop } from "./perform.ts";
import type { Unresolved } from "./resolve.ts";

/** Why a workflow stopped at a step. `state`: where its steps stand. */
export function toPauseReason(
  stop: StepStop,
  step: WorkflowStep,
  definition: WorkflowDefinition,
  state: WorkflowState,
): PauseReason {
  const { name: blockedStep, tool: suggestedTool } = step;
  switch (stop.kind) {
    case "unresolved":
      return failedDependency(stop.missing, step, definition, state) ?? {
        type: "unresolvableParams",
        blockedStep,
        missingParam: stop.missing[0]!.parameter,
        missing: toMissing(stop.missing),
        suggestedTool,
      };
    case "schema":
      return {
        type: "schemaMismatch",
        blockedStep,
        missingFields: stop.missingFields.slice(0, MAX_REASON_ITEMS),
        ...(stop.missingFields.length === 0 ? { message: cut(stop.message) } : {}),
        suggestedTool: suggestedTool ?? "",
      };
    case "resource":
      return failedDependency(stop.missing, step, definition, state) ?? {
        type: "resourceError",
        blockedStep,
        uri: cut(stop.uri),
        error: cut(stop.error),
        ...(hasRun(state, blockedStep) ? {} : { suggestedTool }),
      };
    case "tool":
      return stop.hasAskedInVain
        ? { type: "inputRequired", blockedStep, isOpen: false, suggestedTool }
        : failure(step, stop.error, step.retryable);
    case "not_here":
      return {
        type: "toolUnavailable",
        blockedStep,
        message: cut(stop.message),
        suggestedTool: suggestedTool ?? "",
      };
  }
}

/** Why a workflow stops at a step that has failed before. `error`: what its tool said. */
export function toFailure(step: WorkflowStepState, error: string): PauseReason {
  return step.lost === true ? lostStep(step) : failure(step, error, step.retryable ?? false);
}

/** Why a workflow stopped although nothing stood in its way. */
export function toInterruption(
  type: Interrupted["type"],
  nextStep: WorkflowStepState | undefined,
): PauseReason {
  return { type, nextStep: nextStep?.name ?? "" };
}

function failure(
  { name, tool }: Pick<WorkflowStep, "name" | "tool">,
  error: string,
  retryable: boolean,
): PauseReason {
  return { type: "toolError", failedStep: name, error: cut(error), retryable, suggestedTool: tool };
}

function hasRun({ steps }: WorkflowState, step: string): boolean {
  return steps.some(({ name, outcome }) => name === step && outcome !== undefined);
}

/** The reason, if what is missing is the output of a step that failed. */
function failedDependency(
  missing: readonly Unresolved[],
  { name: blockedStep }: WorkflowStep,
  definition: WorkflowDefinition,
  state: WorkflowState,
): PauseReason | undefined {
  for (const item of missing) {
    if (item.kind !== "output") continue;
    const index = definition.steps.findIndex(({ binding }) => binding === item.binding);
    const producing = state.steps[index];
    if (producing?.status !== "failed") continue;
    return {
      type: "unresolvedDependency",
      blockedStep,
      missingOutput: item.binding,
      producingStep: producing.name,
      suggestedTool: producing.tool,
    };
  }
  return undefined;
}

function toMissing(missing: readonly Unresolved[]): { parameter: string; message: string }[] {
  return missing.slice(0, MAX_REASON_ITEMS).map(({ parameter, message }) => ({
    parameter,
    message: cut(message),
  }));
}

function cut(text: string): string {
  return text.slice(0, MAX_REASON_TEXT).toWellFormed();
}
