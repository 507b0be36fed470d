/**
 * URIs of a step's resources: templates filled with values that may come from a client.
 *
 * @module
 */
import { type JsonObject, MAX_URI_LENGTH } from "../protocol/mod.ts";
import { isUri } from "../protocol/uri.ts";
import { toText } from "./resolve.ts";
import { placeholdersOf, substitute } from "./substitute.ts";

/** A URI, or why there is none. */
export type ExpandedUri =
  | { readonly ok: true; readonly uri: string }
  | { readonly ok: false; readonly message: string };

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f]/;

/** Why a text cannot be the URI of a resource, as the end of a sentence; `undefined` if it can. */
export function faultOfUri(template: string): string | undefined {
  const filled = substitute(template, () => "x");
  const scheme = /^[^:/?#{]*:/.test(template);
  return isUri(filled) && scheme ? undefined : "is not an absolute URI";
}

/**
 * Fills a template. Each value becomes percent-encoded text, so that it is no more than a part of one segment.
 *
 * A value that has a segment `.` or `..`, or a control character, is refused: encoded or not, what reads the URI may
 * decode it and climb out of its directory.
 */
export function expandUri(template: string, values: JsonObject): ExpandedUri {
  for (const name of placeholdersOf(template)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) return { ok: false, message: `"${name}" has no value` };
    const text = toText(value);
    if (text === "") return { ok: false, message: `the value of "${name}" is empty` };
    if (!text.isWellFormed() || CONTROL.test(text)) {
      return { ok: false, message: `the value of "${name}" has characters that no URI can hold` };
    }
  }
  const plain = substitute(template, (name) => toText(values[name]!));
  if (climbs(plain, template)) {
    return { ok: false, message: 'a value leads out of its directory with "." or ".."' };
  }
  const uri = substitute(template, (name) => encodeURIComponent(toText(values[name]!)));
  if (uri.length > MAX_URI_LENGTH) return { ok: false, message: `it is over ${MAX_URI_LENGTH} characters` };
  return { ok: true, uri };
}

/** Whether a segment is `.` or `..` that was none in the template: alone, or made of several values side by side. */
function climbs(plain: string, template: string): boolean {
  const count = (text: string) =>
    text.split(/[/\\?#]/).filter((segment) => segment === "." || segment === "..").length;
  return count(plain) > count(template);
}
