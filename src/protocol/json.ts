/**
 * JSON as a type, and parsing that cannot be made to overflow.
 *
 * @module
 */

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. A member may be absent, written as `undefined`, which is never sent. */
export interface JsonObject {
  /** Any name, `__proto__` included. */
  readonly [key: string]: JsonValue | undefined;
}

/** Whether `value` is an object that is neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON text that nests deeper than allowed. */
export class JsonDepthError extends SyntaxError {
  /** For programs and logs. */
  override readonly name = "JsonDepthError";
}

/**
 * Parses JSON text whose containers nest at most `maxDepth` deep.
 *
 * The depth is counted on the text, before parsing, so that hostile input costs one pass over its characters. No
 * message repeats any of the text.
 *
 * @throws {JsonDepthError} If it nests deeper.
 * @throws {SyntaxError} If it is not JSON.
 */
export function parseJson(text: string, maxDepth: number): JsonValue {
  assertDepth(text, maxDepth);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError("Cannot parse JSON: the text is malformed", { cause });
  }
}

function assertDepth(text: string, maxDepth: number): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) {
      i = endOfString(text, i + 1);
      if (i < 0) return;
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) {
        throw new JsonDepthError(`Cannot parse JSON: it nests deeper than ${maxDepth} levels`);
      }
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
}

/** Where the closing quote is; -1 if there is none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, index: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(index - 1 - slashes) === 0x5c) slashes++;
  return slashes % 2 === 1;
}

/**
 * Levels of containers in `value`: 0 for a scalar, 1 for `[]`. Counts no further than `limit + 1`, so that a small
 * `limit` bounds the recursion.
 */
export function jsonDepth(value: unknown, limit: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (limit < 1) return 1;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, jsonDepth(child, limit - 1));
  return deepest + 1;
}
