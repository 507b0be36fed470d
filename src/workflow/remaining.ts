/**
 * What is left of a workflow: each step with its tool, what is known of its arguments, and what stands for the rest.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../protocol/mod.ts";
import type { PauseReason, WorkflowState, WorkflowStepState } from "../tasks/mod.ts";
import type { DataSource, WorkflowDefinition, WorkflowStep } from "./definition.ts";
import { type Known, resolveWhatIsKnown } from "./resolve.ts";
import { guidanceText, placeholderOf } from "./trace.ts";

/** Longest value of an argument that is given whole, in UTF-16 units of its JSON text. */
const MAX_VALUE = 8192;
/** Longest values of all steps together. */
const MAX_VALUES = 65_536;

/** A step that is left. */
export interface RemainingStep {
  /** Name of the step. */
  readonly name: string;
  /** Tool to call. Absent: the step only reads resources, or its tool has run. */
  readonly tool?: string;
  /** Arguments that have a value, in the order of the step. */
  readonly arguments: JsonObject;
  /** What stands for the others, such as `<output from raw_data>`. */
  readonly placeholders: Readonly<Record<string, string>>;
  /** Both, in the order of the step. */
  readonly call: JsonObject;
  /** Resources that belong to the step, as they are declared. */
  readonly resources: readonly string[];
  /** The author's words on the step. */
  readonly guidance?: string;
  /**
   * Whether the client has to do it. `false`: the server does it by itself, once calls that name the task have brought
   * what it needs.
   */
  readonly isForClient: boolean;
}

/** What is left, in the order in which it is to be done: failed steps that may be tried again, then all that were not begun. */
export function remainingSteps(
  definition: WorkflowDefinition,
  state: WorkflowState,
  known: Known,
  underWay?: string,
): RemainingStep[] {
  const isLeft = ({ name, status }: WorkflowStepState) => status === "pending" && name !== underWay;
  const failed = state.steps.filter(({ status, retryable }) => status === "failed" && retryable);
  const pending = state.steps.filter(isLeft);
  const forClient = new Set(clientSteps(state.pauseReason, failed, pending));
  let room = MAX_VALUES;
  return [...failed, ...pending].map((each) => {
    const { name } = each;
    // What a workflow does not have any more is told by what the task knows of it.
    const step = definition.steps.find((candidate) => candidate.name === name) ?? bareStep(each);
    const given = argumentsOf(step, definition, known, room);
    room -= given.length;
    const required = requiredOf(state.pauseReason, name).map((field) => [field, `<required field ${field}>`]);
    const guidance = guidanceText(step, known.arguments);
    const isCalled = step.tool === undefined || each.status === "pending" && each.outcome !== undefined;
    return {
      name,
      ...(isCalled ? {} : { tool: step.tool }),
      arguments: isCalled ? {} : given.args,
      placeholders: isCalled ? {} : { ...given.placeholders, ...Object.fromEntries(required) },
      call: isCalled ? {} : { ...given.call, ...Object.fromEntries(required) },
      resources: step.resources.map(({ uri }) => uri),
      ...(guidance === undefined ? {} : { guidance }),
      isForClient: forClient.has(name),
    };
  });
}

function bareStep({ name, tool }: WorkflowStepState): WorkflowStep {
  return { name, tool, args: [], resources: [], templateBindings: [], retryable: false };
}

/** Steps that the server cannot do, or has tried in vain. */
function clientSteps(
  reason: PauseReason | undefined,
  failed: readonly WorkflowStepState[],
  pending: readonly WorkflowStepState[],
): string[] {
  // Its steps are unknown here: what is left is never done by this server.
  if (reason?.type === "workflowChanged") return [...failed, ...pending].map(({ name }) => name);
  if (reason === undefined || "nextStep" in reason) return [];
  const names = failed.map(({ name }) => name);
  if ("blockedStep" in reason) {
    return reason.type === "inputRequired" && reason.isOpen ? names : [...names, reason.blockedStep];
  }
  // A failure that cannot be mended by trying again: the client decides whether to go on without.
  return names.length > 0 ? names : pending.slice(0, 1).map(({ name }) => name);
}

/** What the step's tool demands, and the workflow says nothing of. */
function requiredOf(reason: PauseReason | undefined, step: string): readonly string[] {
  return reason?.type === "schemaMismatch" && reason.blockedStep === step ? reason.missingFields : [];
}

interface KnownArguments {
  readonly args: JsonObject;
  readonly placeholders: Readonly<Record<string, string>>;
  readonly call: JsonObject;
  readonly length: number;
}

function argumentsOf(
  step: WorkflowStep,
  definition: WorkflowDefinition,
  known: Known,
  room: number,
): KnownArguments {
  const found = resolveWhatIsKnown(step, definition.arguments, known);
  const missing = new Set(found.missing.map(({ parameter }) => parameter));
  const args: [string, JsonValue][] = [];
  const placeholders: [string, string][] = [];
  const call: [string, JsonValue][] = [];
  let length = 0;
  for (const [name, source] of step.args) {
    const value = Object.hasOwn(found.args, name) ? found.args[name] : undefined;
    const size = value === undefined ? 0 : JSON.stringify(value).length;
    if (value !== undefined && size <= MAX_VALUE && length + size <= room) {
      length += size;
      args.push([name, value]);
      call.push([name, value]);
    } else if (value !== undefined || missing.has(name)) {
      const placeholder = placeholderFor(source);
      placeholders.push([name, placeholder]);
      call.push([name, placeholder]);
    }
  }
  return {
    args: Object.fromEntries(args),
    placeholders: Object.fromEntries(placeholders),
    call: Object.fromEntries(call),
    length,
  };
}

/** What stands for a value that is not there, or too long to be repeated. */
function placeholderFor(source: DataSource): string {
  switch (source.from) {
    case "argument":
      return `<prompt arg ${source.name}>`;
    case "constant":
      return "<constant>";
    case "output":
      return placeholderOf(source);
    case "variable":
      return source.path === undefined
        ? `<variable ${source.name}>`
        : `<field '${source.path}' of variable ${source.name}>`;
  }
}
