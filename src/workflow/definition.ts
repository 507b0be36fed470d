/**
 * A workflow as data: what it takes, its steps in order, and where each value comes from.
 *
 * Authors write one with {@linkcode workflow}; nothing here checks anything, `validate.ts` does.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import type { PrincipalSnapshot } from "../tasks/mod.ts";

/** An argument of the prompt, by its name. */
export interface ArgumentSource<Name extends string = string> {
  /** Which source this is. */
  readonly from: "argument";
  /** Name of the argument. */
  readonly name: Name;
}

/** A value of the author's. A text may name arguments as `{name}`. */
export interface ConstantSource {
  /** Which source this is. */
  readonly from: "constant";
  /** The value; only a text on its own is looked through for arguments. */
  readonly value: JsonValue;
}

/** What an earlier step gave, or a field of it. */
export interface OutputSource<Binding extends string = string> {
  /** Which source this is. */
  readonly from: "output";
  /** Name under which the step bound its output. */
  readonly binding: Binding;
  /** Field, such as `"rows.0.id"`. Absent: the whole output. */
  readonly path?: string;
}

/** A variable that tools of earlier steps set with `ctx.variables`, or a field of it. */
export interface VariableSource {
  /** Which source this is. */
  readonly from: "variable";
  /** Name of the variable. */
  readonly name: string;
  /** Field, such as `"rows.0.id"`. Absent: the whole variable. */
  readonly path?: string;
}

/** Where a value comes from. Arguments and bindings that can be meant may be narrowed to their names. */
export type DataSource<Argument extends string = string, Binding extends string = string> =
  | ArgumentSource<Argument>
  | ConstantSource
  | OutputSource<Binding>
  | VariableSource;

/** What a prompt argument is read as: on the wire it is always a text. */
export type ArgumentType = "string" | "number" | "integer" | "boolean";

/** Suggests values for an argument, best first. Gets what is typed so far, the arguments already settled, and who asks. */
export type ArgumentCompleter = (
  typed: string,
  settled: Readonly<Record<string, string>>,
  context: { readonly auth: PrincipalSnapshot | undefined },
) => readonly string[] | Promise<readonly string[]>;

/** An argument of the prompt. */
export interface WorkflowArgument {
  /** Name on the wire. */
  readonly name: string;
  /** What it is, for people and models. */
  readonly description?: string;
  /** Whether the prompt cannot be had without it. */
  readonly required: boolean;
  /** What its text is read as. */
  readonly type: ArgumentType;
  /** Suggests values. */
  readonly complete?: ArgumentCompleter;
}

/** A resource that is read for a step. */
export interface WorkflowResource {
  /** Absolute URI; may hold `{variable}` placeholders, filled from the step's template bindings. */
  readonly uri: string;
}

/** A name and where its value comes from. */
export type NamedSource = readonly [name: string, source: DataSource];

/** A step: a tool call, or resources that are read, or both. */
export interface WorkflowStep {
  /** Name, unlike that of any other step; names the step's calls in the journal. */
  readonly name: string;
  /** Tool to call. Absent: the step only reads resources. */
  readonly tool?: string;
  /** Arguments of the tool, in the order written. */
  readonly args: readonly NamedSource[];
  /** Name under which later steps refer to the output. */
  readonly binding?: string;
  /** What to keep in mind at this step, for the model. May name prompt arguments as `{name}`. */
  readonly guidance?: string;
  /** Resources to read, in order. */
  readonly resources: readonly WorkflowResource[];
  /** Values of the placeholders in resource URIs. */
  readonly templateBindings: readonly NamedSource[];
  /** Whether the client may be asked to try a failed call again. */
  readonly retryable: boolean;
}

/** How the task of a workflow is kept. */
export interface WorkflowTaskOptions {
  /** Time to live, in milliseconds. @default the server's */
  readonly ttlMs?: number;
  /** Poll interval suggested to clients, in milliseconds. @default the server's */
  readonly pollIntervalMs?: number;
  /** Names of variables that clients may see, in the task's `_meta`. */
  readonly publicVariables?: readonly string[];
}

/** A workflow. */
export interface WorkflowDefinition {
  /** Name of the prompt. */
  readonly name: string;
  /** Name for people. */
  readonly title?: string;
  /** What it does, as the end of the sentence "I want to …". */
  readonly description: string;
  /** What the prompt takes. */
  readonly arguments: readonly WorkflowArgument[];
  /** What is done, in order. */
  readonly steps: readonly WorkflowStep[];
  /** Whether its progress is a task, which can be continued and resumed. Absent: it is not. */
  readonly task?: WorkflowTaskOptions;
  /** Scopes that callers need, beyond those of the tools it calls. */
  readonly scopes?: readonly string[];
  /** Words to the client's model on the whole of it, at the end of the first message. */
  readonly instructions?: string;
}
