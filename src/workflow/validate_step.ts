/**
 * The faults of one step.
 *
 * @module
 */
import { isJsonObject, jsonDepth } from "../protocol/mod.ts";
import { faultOfValue } from "./constant_check.ts";
import type { DataSource, NamedSource, WorkflowArgument, WorkflowStep } from "./definition.ts";
import type { WorkflowTool } from "./host.ts";
import { isName, isStepName, LIMITS } from "./names.ts";
import { isPath } from "./path.ts";
import { faultOfUri } from "./resource_uri.ts";
import { placeholdersOf } from "./substitute.ts";
import type { WorkflowFault } from "./validate.ts";

/** What a step can refer to. */
export interface StepScope {
  readonly arguments: readonly WorkflowArgument[];
  /** Bindings of earlier steps. */
  readonly earlier: ReadonlySet<string>;
  /** Bindings of all steps. */
  readonly all: ReadonlySet<string>;
  readonly findTool: (name: string) => WorkflowTool | undefined;
}

type Fault = Omit<WorkflowFault, "step">;

/** Containers that a constant nests at most. */
const MAX_DEPTH = 32;
/** Longest constant, in UTF-16 units of JSON text. */
const MAX_CONSTANT = 64 * 1024;

/** The faults of a step, in the order in which they are written. */
export function checkStep(step: WorkflowStep, scope: StepScope): Fault[] {
  return [
    ...checkShape(step),
    ...checkSources("argument", step.args, scope, scope.earlier),
    ...checkTool(step, scope),
    ...checkGuidance(step, scope),
    ...checkResources(step),
    ...checkSources("placeholder", step.templateBindings, scope, withOwn(step, scope.earlier)),
  ];
}

/** A placeholder may be bound to the step's own output: its resource is read once the tool has run. */
function withOwn({ binding }: WorkflowStep, earlier: ReadonlySet<string>): ReadonlySet<string> {
  return binding === undefined ? earlier : new Set([...earlier, binding]);
}

function* checkShape(step: WorkflowStep): Iterable<Fault> {
  const { name, tool, args, binding, resources, guidance } = step;
  if (!isStepName(name)) {
    const message =
      "its name is not 1 to 64 letters, digits, spaces, _ . : -, beginning with a letter, digit or _";
    yield { kind: "limit", message };
  }
  if (binding !== undefined && !isName(binding)) {
    yield { kind: "limit", message: `its binding "${binding}" is not 1 to 64 of A-Z a-z 0-9 _ -` };
  }
  if ((guidance?.length ?? 0) > LIMITS.text) {
    yield { kind: "limit", message: `its guidance is over ${LIMITS.text} characters` };
  }
  if (resources.length > LIMITS.resources) {
    yield {
      kind: "limit",
      message: `it has ${resources.length} resources, at most ${LIMITS.resources} are allowed`,
    };
  }
  if (tool !== undefined) return;
  if (resources.length === 0) yield { kind: "bad_step", message: "it has neither a tool nor a resource" };
  if (args.length > 0) yield { kind: "bad_step", message: "it has arguments and no tool to take them" };
  if (binding !== undefined) {
    yield { kind: "bad_step", message: "it binds an output and has no tool to give one" };
  }
}

function* checkSources(
  what: "argument" | "placeholder",
  sources: readonly NamedSource[],
  scope: StepScope,
  visible: ReadonlySet<string>,
): Iterable<Fault> {
  if (sources.length > LIMITS.sources) {
    yield {
      kind: "limit",
      message: `it has ${sources.length} ${what}s, at most ${LIMITS.sources} are allowed`,
    };
  }
  const seen = new Set<string>();
  for (const [name, source] of sources) {
    if (seen.has(name)) yield { kind: "bad_name", message: `the ${what} "${name}" is given twice` };
    seen.add(name);
    const isNamed = what === "placeholder" ? isName(name) : name !== "" && name.length <= 256;
    if (!isNamed || name === "__proto__") {
      yield {
        kind: "limit",
        message: `"${name}" cannot be the name of a${what === "argument" ? "n" : ""} ${what}`,
      };
    }
    yield* checkSource(`the ${what} "${name}"`, source, scope, visible);
  }
}

function* checkSource(
  what: string,
  source: DataSource,
  scope: StepScope,
  visible: ReadonlySet<string>,
): Iterable<Fault> {
  switch (source.from) {
    case "argument":
      return yield* checkArgument(what, source.name, scope);
    case "constant":
      if (typeof source.value === "string") {
        for (const name of placeholdersOf(source.value)) yield* checkArgument(what, name, scope, true);
      } else if (!isJson(source.value)) {
        yield {
          kind: "bad_constant",
          message: `${what} is a constant that is not JSON, too long or too deep`,
        };
      }
      return;
    case "output":
      yield* checkBinding(what, source.binding, scope, visible);
      break;
    case "variable":
      if (source.name === "") yield { kind: "limit", message: `${what} takes a variable without a name` };
  }
  if (source.path !== undefined && !isPath(source.path)) {
    yield { kind: "bad_path", message: `${what} takes the field "${source.path}", which is not a path` };
  }
}

function* checkArgument(what: string, name: string, scope: StepScope, isText = false): Iterable<Fault> {
  if (scope.arguments.some((argument) => argument.name === name)) return;
  const [verb, hint] = isText ? ["names", `; write {{${name}}} for the plain text`] : ["takes", ""];
  yield {
    kind: "unknown_argument",
    message: `${what} ${verb} the prompt argument "${name}", which is not declared${hint}`,
  };
}

function* checkBinding(
  what: string,
  binding: string,
  scope: StepScope,
  visible: ReadonlySet<string>,
): Iterable<Fault> {
  if (visible.has(binding)) return;
  yield scope.all.has(binding)
    ? { kind: "later_binding", message: `${what} takes the output "${binding}", which no earlier step gives` }
    : { kind: "unknown_binding", message: `${what} takes the output "${binding}", which no step gives` };
}

function* checkTool({ tool: name, args }: WorkflowStep, { findTool }: StepScope): Iterable<Fault> {
  if (name === undefined) return;
  const tool = findTool(name);
  if (tool === undefined) {
    const message = `there is no tool "${name}"; register tools before the workflows that call them`;
    return yield { kind: "unknown_tool", message };
  }
  const { properties, additionalProperties, patternProperties } = tool.inputSchema;
  const known = isJsonObject(properties) ? properties : {};
  for (const [parameter, source] of args) {
    const schema = Object.hasOwn(known, parameter) ? known[parameter] : undefined;
    if (schema === undefined && additionalProperties === false && patternProperties === undefined) {
      yield { kind: "bad_name", message: `tool "${name}" takes no argument "${parameter}"` };
    }
    if (source.from !== "constant" || !isJson(source.value)) continue;
    // What arguments of the prompt are put into is only known when they come.
    if (typeof source.value === "string" && placeholdersOf(source.value).length > 0) continue;
    const fault = faultOfValue(schema, source.value);
    if (fault !== undefined) {
      yield { kind: "bad_constant", message: `the argument "${parameter}" of tool "${name}" ${fault}` };
    }
  }
}

function* checkGuidance({ guidance }: WorkflowStep, scope: StepScope): Iterable<Fault> {
  for (const name of placeholdersOf(guidance ?? "")) yield* checkArgument("its guidance", name, scope, true);
}

function* checkResources({ resources, templateBindings }: WorkflowStep): Iterable<Fault> {
  const bound = new Set(templateBindings.map(([name]) => name));
  const used = new Set<string>();
  for (const { uri } of resources) {
    const fault = faultOfUri(uri);
    if (fault !== undefined) yield { kind: "bad_uri", message: `the resource "${uri}" ${fault}` };
    for (const name of placeholdersOf(uri)) {
      used.add(name);
      if (bound.has(name)) continue;
      yield {
        kind: "unbound_placeholder",
        message: `the resource "${uri}" has the placeholder "${name}", which nothing is bound to`,
      };
    }
  }
  for (const name of bound) {
    if (!used.has(name)) yield { kind: "bad_name", message: `no resource has the placeholder "${name}"` };
  }
}

function isJson(value: unknown): boolean {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    return false; // A cycle, or a number that JSON does not know.
  }
  return text !== undefined && text.length <= MAX_CONSTANT && jsonDepth(value, MAX_DEPTH) <= MAX_DEPTH &&
    isPlain(value);
}

/** Whether no part of a value is changed by writing it as JSON. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isObject = prototype === null || prototype === Object.prototype;
  return isObject && Object.values(value).every((member) => member === undefined || isPlain(member));
}
