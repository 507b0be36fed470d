/**
 * A workflow is checked once, when it is registered, and every fault is named at once.
 *
 * @module
 */
import type { WorkflowArgument, WorkflowDefinition } from "./definition.ts";
import type { WorkflowTool } from "./host.ts";
import { placeholdersOf } from "./substitute.ts";
import { checkStep, type StepScope } from "./validate_step.ts";
import { isName, LIMITS } from "./names.ts";

/** What kind of fault a workflow has. */
export type WorkflowFaultKind =
  /** A name, text or number of things is outside its bounds. */
  | "limit"
  | "duplicate_argument"
  | "duplicate_step"
  | "duplicate_binding"
  /** A reference to an argument that is not declared. */
  | "unknown_argument"
  /** A reference to a binding that no step has. */
  | "unknown_binding"
  /** A reference to a binding of the same step or a later one. */
  | "later_binding"
  | "unknown_tool"
  | "bad_uri"
  /** A placeholder of a URI that nothing is bound to. */
  | "unbound_placeholder"
  /** A name that is given twice, or that the tool or the URIs do not have. */
  | "bad_name"
  | "bad_path"
  /** A constant that is no JSON, or that the tool's schema refuses. */
  | "bad_constant"
  /** A step that does nothing, or has what only a tool call can have. */
  | "bad_step";

/** A fault of a workflow. */
export interface WorkflowFault {
  /** What kind of fault. */
  readonly kind: WorkflowFaultKind;
  /** Name of the step at fault; absent where it is none. */
  readonly step?: string;
  /** What is wrong, as a sentence without its stop. */
  readonly message: string;
}

/** A workflow that cannot be registered. */
export class InvalidWorkflowError extends TypeError {
  /** Name of the class. */
  override readonly name = "InvalidWorkflowError";
  /** All of its faults. */
  readonly faults: readonly WorkflowFault[];
  /** An error that names every fault, one per line. */
  constructor(workflow: string, faults: readonly WorkflowFault[]) {
    const lines = faults.map(({ step, message }) =>
      `\n  - ${step === undefined ? "" : `step "${step}": `}${message}`
    );
    super(`Cannot register workflow "${workflow}": it has ${countOf(faults.length)}${lines.join("")}`);
    this.faults = faults;
  }
}

/**
 * Makes sure that a workflow can be run.
 *
 * @param findTool A tool by its name: tools have to be registered before the workflows that call them.
 * @throws {InvalidWorkflowError} Naming every fault.
 */
export function assertWorkflow(
  definition: WorkflowDefinition,
  findTool: (name: string) => WorkflowTool | undefined,
): void {
  const faults = faultsOf(definition, findTool);
  if (faults.length > 0) throw new InvalidWorkflowError(definition.name, faults);
}

/** All faults of a workflow, in the order in which they are written. */
export function faultsOf(
  definition: WorkflowDefinition,
  findTool: (name: string) => WorkflowTool | undefined,
): WorkflowFault[] {
  const { steps, arguments: args } = definition;
  const faults: WorkflowFault[] = [...checkTexts(definition), ...checkArguments(args)];
  if (steps.length === 0) faults.push({ kind: "bad_step", message: "it has no steps" });
  if (steps.length > LIMITS.steps) {
    faults.push({
      kind: "limit",
      message: `it has ${steps.length} steps, at most ${LIMITS.steps} are allowed`,
    });
  }
  const scope: StepScope = {
    arguments: args,
    earlier: new Set(),
    all: new Set(steps.flatMap(({ binding }) => binding === undefined ? [] : [binding])),
    findTool,
  };
  const names = new Set<string>();
  const bindings = new Set<string>();
  for (const step of steps) {
    const fault = (kind: WorkflowFaultKind, message: string) =>
      faults.push({ kind, step: step.name, message });
    if (names.has(step.name)) fault("duplicate_step", "another step has the same name");
    names.add(step.name);
    for (const found of checkStep(step, { ...scope, earlier: bindings })) fault(found.kind, found.message);
    if (step.binding === undefined) continue;
    if (bindings.has(step.binding)) {
      fault("duplicate_binding", `another step binds "${step.binding}" as well`);
    }
    bindings.add(step.binding);
  }
  return faults;
}

function checkTexts(definition: WorkflowDefinition): WorkflowFault[] {
  const { description, instructions, title } = definition;
  const faults: WorkflowFault[] = [];
  if (description.trim() === "") faults.push({ kind: "limit", message: "its description is empty" });
  for (const [what, text] of Object.entries({ description, instructions, title })) {
    if (text !== undefined && text.length > LIMITS.text) {
      faults.push({ kind: "limit", message: `"${what}" is over ${LIMITS.text} characters` });
    }
  }
  const declared = new Set(definition.arguments.map(({ name }) => name));
  for (const name of placeholdersOf(instructions ?? "")) {
    if (declared.has(name)) continue;
    faults.push({
      kind: "unknown_argument",
      message:
        `its instructions name the prompt argument "${name}", which is not declared; write {{${name}}} for the plain text`,
    });
  }
  return faults;
}

function checkArguments(args: readonly WorkflowArgument[]): WorkflowFault[] {
  const faults: WorkflowFault[] = [];
  if (args.length > LIMITS.arguments) {
    faults.push({
      kind: "limit",
      message: `it has ${args.length} arguments, at most ${LIMITS.arguments} are allowed`,
    });
  }
  const seen = new Set<string>();
  for (const { name } of args) {
    if (!isName(name)) {
      faults.push({ kind: "limit", message: `the argument "${name}" is not 1 to 64 of A-Z a-z 0-9 _ -` });
    }
    if (seen.has(name)) {
      faults.push({ kind: "duplicate_argument", message: `the argument "${name}" is declared twice` });
    }
    seen.add(name);
  }
  return faults;
}

function countOf(faults: number): string {
  return faults === 1 ? "a fault" : `${faults} faults`;
}
