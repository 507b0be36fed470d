/**
 * JSON as a type, and parsing that cannot be made to overflow.
 *
 * @module
 */

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. A member may be absent, written as `undefined`, which is never sent. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** Whether `value` is an object that is neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON text that nests deeper than allowed. */
export class JsonDepthError extends SyntaxError {
  override readonly name = "JsonDepthError";
}

/**
 * Parses JSON text whose containers nest at most `maxDepth` deep.
 *
 * The depth is counted on the text, before parsing, so that hostile input costs one pass over its bytes.
 *
 * @throws {JsonDepthError} If it nests deeper.
 * @throws {SyntaxError} If it is not JSON.
 */
export function parseJson(text: string, maxDepth: number): JsonValue {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) throw new JsonDepthError(`JSON nests deeper than ${maxDepth} levels`);
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return JSON.parse(text);
}

/** Levels of containers in `value`: 0 for a scalar, 1 for `[]`. Counts no further than `limit + 1`. */
export function jsonDepth(value: unknown, limit: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (limit < 1) return 1;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, jsonDepth(child, limit - 1));
  return deepest + 1;
}
