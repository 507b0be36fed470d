/**
 * What a step gives to later ones: the structured content of its result, or its text.
 *
 * @module
 */
import { type CallToolResult, isJsonObject, type JsonValue, parseJson } from "../protocol/mod.ts";
import { followPath, type PathFault, type PathValue } from "./path.ts";

/** Containers that a text is read to at most. */
const MAX_DEPTH = 64;

/** A field of an output, or why there is none. */
export type FieldValue = PathValue | {
  readonly ok: false;
  readonly fault: PathFault | "not_json";
  readonly message: string;
};

/** The whole output: structured content where there is any, else all text, else the blocks as they are. */
export function outputOf(result: CallToolResult): JsonValue {
  if (result.structuredContent !== undefined) return result.structuredContent;
  return textOf(result) ?? result.content as unknown as JsonValue;
}

/** A field of the output: of structured content, else of what the text says in JSON. */
export function fieldOf(result: CallToolResult, path: string): FieldValue {
  const output = outputOf(result);
  const root = typeof output === "string" ? readContainer(output) : output;
  if (root === undefined) {
    return { ok: false, fault: "not_json", message: "its text is not a JSON object or list" };
  }
  return followPath(root, path);
}

/** All text blocks of a result, one per line; `undefined` if there is none. */
export function textOf({ content }: CallToolResult): string | undefined {
  const texts = content.flatMap((block) => block.type === "text" ? [block.text] : []);
  return texts.length === 0 ? undefined : texts.join("\n");
}

function readContainer(text: string): JsonValue | undefined {
  try {
    const value = parseJson(text, MAX_DEPTH);
    return isJsonObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // Plain text is an ordinary output; only its fields cannot be had.
  }
}
