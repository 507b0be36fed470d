/**
 * Variables of a task: merging, and the limits on the merged map.
 *
 * @module
 */
import { jsonDepth, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import { VariableLimitError } from "./errors.ts";

/** Limits on a task's variables. */
export interface VariableLimits {
  /** Bytes of the merged map as JSON text. @default {1_048_576} */
  readonly maxBytes: number;
  /** Containers inside one value. @default {10} */
  readonly maxDepth: number;
  /** UTF-8 bytes of one string. @default {65_536} */
  readonly maxStringBytes: number;
  /** UTF-8 bytes of one name. @default {256} */
  readonly maxNameBytes: number;
}

/** Limits that hold where the author sets none. */
export const DEFAULT_VARIABLE_LIMITS: VariableLimits = {
  maxBytes: 1_048_576,
  maxDepth: 10,
  maxStringBytes: 65_536,
  maxNameBytes: 256,
};

const encoder = new TextEncoder();

/** A change of variables: `null` or `undefined` deletes, everything else replaces. */
export type VariablePatch = Readonly<Record<string, JsonValue | undefined>>;

/**
 * Applies `patch` to `current`.
 *
 * @throws {VariableLimitError} If the merged map, or a value of it, is outside the limits.
 */
export function mergeVariables(
  current: JsonObject,
  patch: VariablePatch,
  limits: VariableLimits,
): JsonObject {
  const merged = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) merged.delete(name);
    else {
      checkName(name, limits);
      checkValue(name, value, limits);
      merged.set(name, value);
    }
  }
  const result: JsonObject = Object.fromEntries(merged);
  const bytes = encoder.encode(JSON.stringify(result)).length;
  if (bytes > limits.maxBytes) {
    throw new VariableLimitError(
      `Cannot set variables: ${bytes} bytes together exceed the limit of ${limits.maxBytes}`,
    );
  }
  return result;
}

function checkName(name: string, limits: VariableLimits): void {
  if (name === "" || !name.isWellFormed() || encoder.encode(name).length > limits.maxNameBytes) {
    throw new VariableLimitError(
      `Cannot set a variable: its name must be 1 to ${limits.maxNameBytes} bytes of well-formed text`,
    );
  }
}

function checkValue(name: string, value: JsonValue, limits: VariableLimits): void {
  if (jsonDepth(value, limits.maxDepth) > limits.maxDepth) {
    throw new VariableLimitError(
      `Cannot set variable "${name}": it nests deeper than ${limits.maxDepth} levels`,
    );
  }
  checkStrings(name, value, limits);
}

function checkStrings(name: string, value: JsonValue | undefined, limits: VariableLimits): void {
  if (typeof value === "string") {
    if (value.length > limits.maxStringBytes || encoder.encode(value).length > limits.maxStringBytes) {
      throw new VariableLimitError(
        `Cannot set variable "${name}": a string exceeds the limit of ${limits.maxStringBytes} bytes`,
      );
    }
  } else if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) checkStrings(name, child, limits);
  }
}
