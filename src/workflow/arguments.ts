/**
 * Prompt arguments: texts on the wire, read by the type that the workflow declares.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../protocol/mod.ts";
import type { ArgumentType, WorkflowArgument } from "./definition.ts";

/** Arguments as read, by name. Optional ones that were not given are absent. */
export type ArgumentValues = ReadonlyMap<string, JsonValue>;

/** What came of reading arguments. */
export type ReadArguments =
  | { readonly ok: true; readonly values: ArgumentValues }
  | {
    readonly ok: false;
    /** Every fault, each naming its argument. */
    readonly faults: readonly ArgumentFault[];
  };

/** A fault of one argument. */
export interface ArgumentFault {
  /** Name of the argument, as it was sent. */
  readonly name: string;
  /** What is wrong, as the end of a sentence. Never repeats the value. */
  readonly message: string;
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["false", false],
  ["0", false],
  ["no", false],
]);

/**
 * Reads arguments. An empty text counts as not given where the type is not a string: forms send it for what was left
 * out. An argument that is not declared is a fault, because it is most likely a misspelt one.
 */
export function readArguments(declared: readonly WorkflowArgument[], given: JsonObject): ReadArguments {
  const values = new Map<string, JsonValue>();
  const faults: ArgumentFault[] = [];
  for (const { name, required, type } of declared) {
    const text = Object.hasOwn(given, name) ? given[name] : undefined;
    if (text === undefined || text === "" && type !== "string") {
      if (required) faults.push({ name, message: "is required" });
      continue;
    }
    const value = typeof text === "string" ? convert(text, type) : undefined;
    if (value === undefined) faults.push({ name, message: `is not ${NOUNS[type]}` });
    else values.set(name, value);
  }
  const known = new Set(declared.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) faults.push({ name, message: "is none of the workflow's arguments" });
  }
  return faults.length === 0 ? { ok: true, values } : { ok: false, faults };
}

const NOUNS: Readonly<Record<ArgumentType, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number between -(2^53 - 1) and 2^53 - 1",
  boolean: "one of true, false, yes, no, 1, 0",
};

/** `undefined`: the text is none of that type. */
function convert(text: string, type: ArgumentType): JsonValue | undefined {
  switch (type) {
    case "string":
      return text.toWellFormed();
    case "boolean":
      return BOOLEANS.get(text.trim().toLowerCase());
    case "number":
    case "integer": {
      const trimmed = text.trim();
      const value = NUMBER.test(trimmed) ? Number(trimmed) : NaN;
      const fits = type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
      return fits ? value : undefined;
    }
  }
}
