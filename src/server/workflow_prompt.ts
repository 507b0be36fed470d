/**
 * A workflow as a prompt: how it is listed, and how its arguments are read.
 *
 * @module
 */
import type { JsonObject } from "../protocol/mod.ts";
import type { Schema } from "../execution/mod.ts";
import {
  type ArgumentType,
  type ArgumentValues,
  readArguments,
  type WorkflowArgument,
  type WorkflowDefinition,
} from "../workflow/mod.ts";
import type { Completer, PromptConfig } from "./prompt_registry.ts";

/** What people and models read behind the description of an argument that is no plain text. */
const TYPE_TEXTS: Readonly<Record<ArgumentType, string | undefined>> = {
  string: undefined,
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
};

/** The prompt of a workflow. `scopesOf`: scopes that a tool needs; whoever lacks one is told so before any step is run. */
export function toPromptConfig(
  { title, description, arguments: args, steps, scopes = [] }: WorkflowDefinition,
  scopesOf: (tool: string) => readonly string[],
): PromptConfig {
  const needed = steps.flatMap(({ tool }) => tool === undefined ? [] : scopesOf(tool));
  const complete = Object.fromEntries(args.flatMap((argument) => {
    const completer = completerOf(argument);
    return completer === undefined ? [] : [[argument.name, completer]];
  }));
  return {
    ...(title === undefined ? {} : { title }),
    description,
    argsSchema: schemaOf(args),
    complete,
    scopes: [...new Set([...scopes, ...needed])],
  };
}

/** Reads a workflow's arguments: texts on the wire, values of their types here. */
function schemaOf(args: readonly WorkflowArgument[]): Schema<ArgumentValues> {
  const properties = args.map(({ name, description, type }): [string, JsonObject] => {
    const typeText = TYPE_TEXTS[type];
    const texts = [description, typeText === undefined ? undefined : `(${typeText})`];
    const text = texts.filter((part) => part !== undefined && part !== "").join(" ");
    return [name, { type: "string", ...(text === "" ? {} : { description: text }) }];
  });
  const required = args.filter((argument) => argument.required).map(({ name }) => name);
  const json: JsonObject = { type: "object", properties: Object.fromEntries(properties), required };
  return {
    "~standard": {
      version: 1,
      vendor: "perdure",
      validate: (value) => {
        const read = readArguments(args, value as JsonObject);
        if (read.ok) return { value: read.values };
        return { issues: read.faults.map(({ name, message }) => ({ message, path: [name] })) };
      },
      jsonSchema: { input: () => json, output: () => json },
    },
  };
}

function completerOf({ type, complete }: WorkflowArgument): Completer | undefined {
  if (complete !== undefined || type !== "boolean") return complete;
  return (typed) => ["true", "false"].filter((word) => word.startsWith(typed.toLowerCase()));
}
