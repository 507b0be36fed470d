/**
 * Data in a conversation: capped, escaped, and set apart, so that it cannot pass for a part of it.
 *
 * A model can still be talked into things by what it reads as data; nothing here claims to stop that.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";

/** Longest value within a sentence, in UTF-16 units. */
export const MAX_INLINE = 200;
/** Longest block of data, in UTF-16 units. */
export const MAX_BLOCK = 20_000;

/** Characters that would hide or turn around what follows: controls, line separators, directional marks. */
const UNSEEN =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * A value within a sentence: on one line, texts between quotes. What is over `max` characters is left out, and how much
 * that is stands behind.
 */
export function quoteInline(value: JsonValue, max: number = MAX_INLINE): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const { head, rest } = cut(text.toWellFormed(), max);
  const shown = escapeUnseen(typeof value === "string" ? JSON.stringify(head) : head);
  return rest === 0 ? shown : `${shown} (… ${rest} more characters)`;
}

/** The author's or a tool's words within a sentence: on one line, without quotes, at most `max` characters. */
export function toOneLine(text: string, max: number = MAX_INLINE): string {
  const { head, rest } = cut(text.toWellFormed().trim().replaceAll(/\s+/g, " "), max);
  return escapeUnseen(head) + (rest === 0 ? "" : "…");
}

/**
 * A block of data between fences that are longer than any run of backticks in it.
 *
 * @param language Word behind the opening fence, such as `json`.
 */
export function fence(text: string, language = ""): string {
  const { head, rest } = cut(text.toWellFormed().replaceAll("\r\n", "\n"), MAX_BLOCK);
  const longest = Math.max(0, ...[...head.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = "`".repeat(Math.max(3, longest + 1));
  const note = rest === 0 ? "" : `\n(… ${rest} more characters)`;
  return `${marks}${language}\n${escapeUnseen(head)}\n${marks}${note}`;
}

/** JSON, laid out, as a block of data. */
export function fenceJson(value: JsonValue): string {
  return fence(JSON.stringify(value, null, 2), "json");
}

function escapeUnseen(text: string): string {
  return text.replaceAll(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The first `max` UTF-16 units, no pair of which is torn apart. */
function cut(text: string, max: number): { readonly head: string; readonly rest: number } {
  if (text.length <= max) return { head: text, rest: 0 };
  const isTorn = /[\ud800-\udbff]/.test(text[max - 1]!);
  const head = text.slice(0, isTorn ? max - 1 : max);
  return { head, rest: text.length - head.length };
}
