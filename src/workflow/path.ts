/**
 * Fields of JSON values by paths such as `rows.0.id`.
 *
 * @module
 */
import { isJsonObject, type JsonValue } from "../protocol/mod.ts";

/** Longest path, in UTF-16 units. */
export const MAX_PATH_LENGTH = 256;

/** Why a path leads nowhere. */
export type PathFault = "missing_key" | "not_an_index" | "out_of_bounds" | "not_a_container";

/** What a path leads to. */
export type PathValue =
  | { readonly ok: true; readonly value: JsonValue }
  | {
    readonly ok: false;
    readonly fault: PathFault;
    /** Why, as the end of a sentence. Names types and lengths, never values. */
    readonly message: string;
  };

const INDEX = /^(?:0|[1-9][0-9]{0,15})$/;

/** Whether a text is a path: parts of at least one character between dots, 256 characters in all. */
export function isPath(text: string): boolean {
  return text.length <= MAX_PATH_LENGTH && text.split(".").every((part) => part !== "");
}

/** Follows a path. Only own members count: `__proto__` and `length` lead nowhere unless the data has them. */
export function followPath(root: JsonValue, path: string): PathValue {
  let found: PathValue = { ok: true, value: root };
  for (const part of path.split(".")) {
    if (!found.ok) break;
    found = memberOf(found.value, part);
  }
  return found;
}

function memberOf(value: JsonValue, part: string): PathValue {
  if (isJsonObject(value)) {
    const member = Object.hasOwn(value, part) ? value[part] : undefined;
    return member === undefined
      ? { ok: false, fault: "missing_key", message: `the object has no "${part}"` }
      : { ok: true, value: member };
  }
  if (!Array.isArray(value)) {
    const type = value === null ? "null" : `a ${typeof value}`;
    return { ok: false, fault: "not_a_container", message: `there is ${type} where "${part}" was looked up` };
  }
  if (!INDEX.test(part)) {
    return { ok: false, fault: "not_an_index", message: `there is a list where "${part}" was looked up` };
  }
  const item = value[Number(part)];
  return item === undefined
    ? { ok: false, fault: "out_of_bounds", message: `the list has ${value.length} items and no ${part}` }
    : { ok: true, value: item };
}
