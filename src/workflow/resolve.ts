/**
 * Arguments of a step from what is known when it starts: all that can be had, or everything that is missing.
 *
 * @module
 */
import type { CallToolResult, JsonObject, JsonValue } from "../protocol/mod.ts";
import type { ArgumentValues } from "./arguments.ts";
import type { DataSource, NamedSource, WorkflowArgument, WorkflowStep } from "./definition.ts";
import { fieldOf, type FieldValue, outputOf } from "./output.ts";
import { followPath } from "./path.ts";
import { placeholdersOf, substitute } from "./substitute.ts";

/** What is known when a step starts. */
export interface Known {
  /** Arguments of the prompt. */
  readonly arguments: ArgumentValues;
  /** Results of finished steps, by their bindings. */
  readonly outputs: ReadonlyMap<string, CallToolResult>;
  /** Variables of the task. */
  readonly variables: JsonObject;
}

/** Why one parameter has no value. `parameter` is its name; `message` says why, as a sentence without its stop. */
export type Unresolved =
  & { readonly parameter: string; readonly message: string }
  & (
    /** A required argument of the prompt that is not there. */
    | { readonly kind: "argument"; readonly argument: string }
    /** The step that binds it has no output. */
    | { readonly kind: "output"; readonly binding: string }
    /** No tool has set it. */
    | { readonly kind: "variable"; readonly variable: string }
    /** The value is there, the field is not. */
    | { readonly kind: "field"; readonly path: string; readonly fault: (FieldValue & { ok: false })["fault"] }
  );

/** Values by name, or what is missing. */
export type Resolved =
  | { readonly ok: true; readonly args: JsonObject }
  | { readonly ok: false; readonly missing: readonly Unresolved[] };

/** A value, nothing because an optional argument was left out, or why there is none. */
type SourceValue =
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "left_out" }
  | { readonly kind: "missing"; readonly missing: Unresolved };

/**
 * The arguments of a step's tool. What hangs on an optional prompt argument that was not given is left out, and the
 * tool's schema says whether it can do without.
 */
export function resolveArgs(
  step: Pick<WorkflowStep, "args">,
  declared: readonly WorkflowArgument[],
  known: Known,
): Resolved {
  const { values, missing } = resolveAll(step.args, declared, known);
  return missing.length === 0 ? { ok: true, args: Object.fromEntries(values) } : { ok: false, missing };
}

/** The arguments that have a value, whatever the others lack: for whoever has to supply the rest. */
export function resolveWhatIsKnown(
  step: Pick<WorkflowStep, "args">,
  declared: readonly WorkflowArgument[],
  known: Known,
): { readonly args: JsonObject; readonly missing: readonly Unresolved[] } {
  const { values, missing } = resolveAll(step.args, declared, known);
  return { args: Object.fromEntries(values), missing };
}

/** A value as the text that stands for it in a template: texts as they are, all else as JSON. */
export function toText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Values of named sources, in their order, and what is missing. */
export function resolveAll(
  sources: readonly NamedSource[],
  declared: readonly WorkflowArgument[],
  known: Known,
): { readonly values: readonly (readonly [string, JsonValue])[]; readonly missing: readonly Unresolved[] } {
  const values: [string, JsonValue][] = [];
  const missing: Unresolved[] = [];
  for (const [parameter, source] of sources) {
    const found = resolveSource(parameter, source, declared, known);
    if (found.kind === "value") values.push([parameter, found.value]);
    if (found.kind === "missing") missing.push(found.missing);
  }
  return { values, missing };
}

/** Names of tool arguments that a schema demands and that are not there; only its top level counts. */
export function missingFields(inputSchema: JsonObject, args: JsonObject): string[] {
  const { required } = inputSchema;
  if (!Array.isArray(required)) return [];
  return required.filter((name): name is string => typeof name === "string" && !Object.hasOwn(args, name));
}

function resolveSource(
  parameter: string,
  source: DataSource,
  declared: readonly WorkflowArgument[],
  known: Known,
): SourceValue {
  switch (source.from) {
    case "argument":
      return resolveArgument(parameter, source.name, declared, known);
    case "constant":
      return typeof source.value === "string"
        ? resolveTemplate(parameter, source.value, declared, known)
        : { kind: "value", value: source.value };
    case "output": {
      const { binding, path } = source;
      const result = known.outputs.get(binding);
      if (result === undefined) {
        const message = `the output "${binding}" is not there`;
        return { kind: "missing", missing: { parameter, kind: "output", binding, message } };
      }
      if (path === undefined) return { kind: "value", value: outputOf(result) };
      return toSourceValue(parameter, path, `the output "${binding}"`, fieldOf(result, path));
    }
    case "variable": {
      const { name, path } = source;
      const value = Object.hasOwn(known.variables, name) ? known.variables[name] : undefined;
      if (value === undefined) {
        const message = `the variable "${name}" is not set`;
        return { kind: "missing", missing: { parameter, kind: "variable", variable: name, message } };
      }
      if (path === undefined) return { kind: "value", value };
      return toSourceValue(parameter, path, `the variable "${name}"`, followPath(value, path));
    }
  }
}

function resolveArgument(
  parameter: string,
  name: string,
  declared: readonly WorkflowArgument[],
  known: Known,
): SourceValue {
  const value = known.arguments.get(name);
  if (value !== undefined) return { kind: "value", value };
  const isOptional = declared.some((argument) => argument.name === name && !argument.required);
  if (isOptional) return { kind: "left_out" };
  const message = `the argument "${name}" is not given`;
  return { kind: "missing", missing: { parameter, kind: "argument", argument: name, message } };
}

function resolveTemplate(
  parameter: string,
  text: string,
  declared: readonly WorkflowArgument[],
  known: Known,
): SourceValue {
  const parts = placeholdersOf(text).map((name) =>
    [name, resolveArgument(parameter, name, declared, known)] as const
  );
  const fault = parts.find(([, part]) => part.kind === "missing")?.[1] ??
    parts.find(([, part]) => part.kind === "left_out")?.[1];
  if (fault !== undefined) return fault;
  return { kind: "value", value: substitute(text, (name) => toText(known.arguments.get(name) ?? "")) };
}

function toSourceValue(parameter: string, path: string, whole: string, found: FieldValue): SourceValue {
  if (found.ok) return { kind: "value", value: found.value };
  const { fault, message } = found;
  const missing: Unresolved = {
    parameter,
    kind: "field",
    path,
    fault,
    message: `${whole} has no field "${path}": ${message}`,
  };
  return { kind: "missing", missing };
}
