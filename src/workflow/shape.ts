/**
 * The form of a definition that was written by hand, or read from somewhere: no type has checked it.
 *
 * @module
 */
import { isJsonObject } from "../protocol/mod.ts";
import type { WorkflowSource } from "./builder.ts";
import type { WorkflowDefinition } from "./definition.ts";

type Is = (value: unknown) => boolean;
type Members = Readonly<Record<string, Is>>;

const isText: Is = (value) => typeof value === "string";
const isFlag: Is = (value) => typeof value === "boolean";
const isWhole: Is = (value) => Number.isSafeInteger(value) && Number(value) >= 1;
const isFunction: Is = (value) => typeof value === "function";
const optional = (is: Is): Is => (value) => value === undefined || is(value);
const listOf = (is: Is): Is => (value) => Array.isArray(value) && value.every((item) => is(item));
const oneOf = (...words: readonly string[]): Is => (value) => words.some((word) => word === value);

function has(members: Members): Is {
  return (value) => isJsonObject(value) && wrongMembers(members, value).length === 0;
}

const SOURCES: Readonly<Record<string, Members>> = {
  argument: { name: isText },
  constant: { value: () => true },
  output: { binding: isText, path: optional(isText) },
  variable: { name: isText, path: optional(isText) },
};

const isSource: Is = (value) =>
  isJsonObject(value) && typeof value.from === "string" && Object.hasOwn(SOURCES, value.from) &&
  has(SOURCES[value.from]!)(value);

const isNamedSource: Is = (value) =>
  Array.isArray(value) && value.length === 2 && isText(value[0]) && isSource(value[1]);

const ARGUMENT: Members = {
  name: isText,
  description: optional(isText),
  required: isFlag,
  type: oneOf("string", "number", "integer", "boolean"),
  complete: optional(isFunction),
};

const STEP: Members = {
  name: isText,
  tool: optional(isText),
  args: listOf(isNamedSource),
  binding: optional(isText),
  guidance: optional(isText),
  resources: listOf(has({ uri: isText })),
  templateBindings: listOf(isNamedSource),
  retryable: isFlag,
};

const TASK: Members = {
  ttlMs: optional(isWhole),
  pollIntervalMs: optional(isWhole),
  publicVariables: optional(listOf(isText)),
};

const WORKFLOW: Members = {
  name: isText,
  title: optional(isText),
  description: isText,
  arguments: listOf(isJsonObject),
  steps: listOf(isJsonObject),
  task: optional(isJsonObject),
  scopes: optional(listOf(isText)),
  instructions: optional(isText),
};

/**
 * The definition that was given, or that its builder builds.
 *
 * @throws {TypeError} If it has not the form of one, naming every member at fault.
 */
export function toDefinition(source: WorkflowSource): WorkflowDefinition {
  const given: unknown = source;
  if (!isJsonObject(given)) throw fault("it is neither a definition nor what workflow() builds");
  const build: unknown = given.build;
  const definition: unknown = typeof build === "function" ? build.call(given) : given;
  if (!isJsonObject(definition)) throw fault("what its builder builds is no definition");
  const wrong = wrongMembers(WORKFLOW, definition);
  if (wrong.length === 0) {
    wrong.push(
      ...wrongItems("arguments", ARGUMENT, definition.arguments),
      ...wrongItems("steps", STEP, definition.steps),
      ...wrongMembers(TASK, definition.task ?? {}).map((name) => `task.${name}`),
    );
  }
  if (wrong.length > 0) throw fault(`${wrong.join(", ")} ${wrong.length === 1 ? "is" : "are"} malformed`);
  return definition as unknown as WorkflowDefinition;
}

function fault(what: string): TypeError {
  return new TypeError(`Cannot register a workflow: ${what}`);
}

function wrongMembers(members: Members, value: unknown): string[] {
  const object = isJsonObject(value) ? value : {};
  return Object.entries(members).filter(([name, is]) => !is(object[name])).map(([name]) => name);
}

function wrongItems(where: string, members: Members, items: unknown): string[] {
  return (Array.isArray(items) ? items : []).flatMap((item, i) =>
    wrongMembers(members, item).map((name) => `${where}[${i}].${name}`)
  );
}
