/**
 * URI templates of resources: `{name}` stands for one path segment or a part of it, `{+name}` for any rest.
 *
 * The two forms of RFC 6570 that can be read backwards. What they leave in doubt is fixed: a `{name}` ends where the
 * text behind it is first found; one behind `{+name}` begins where the text before it is last found. So every URI is
 * read in one pass, whoever made it up.
 *
 * @module
 */
import { isUri } from "../protocol/uri.ts";

const EXPRESSION = /\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}/g;
const SEGMENT_END = /[/?#]/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f]/;

/** Values of a template's variables, decoded. */
export type UriVariables = Readonly<Record<string, string>>;

/** A template that reads URIs. */
export interface UriTemplate {
  /** As written. */
  readonly template: string;
  /** Names of its variables, in order. */
  readonly names: readonly string[];
  /**
   * Values of the variables; `undefined` if the URI does not match.
   *
   * No value has a segment `.` or `..`, between slashes of either kind, and none has a control character: such a URI
   * matches nothing, so that no value climbs out of the directory that it is appended to (T26-254).
   */
  readonly match: (uri: string) => UriVariables | undefined;
}

/** Whether a text is a template at all. */
export function isUriTemplate(text: string): boolean {
  return text.includes("{");
}

/**
 * Reads a template.
 *
 * @throws {TypeError} If it holds any expression but `{name}` and one `{+name}`, two of them side by side, a name
 * twice, or is no URI once they are filled in.
 */
export function parseUriTemplate(template: string): UriTemplate {
  const expressions = [...template.matchAll(EXPRESSION)];
  const names = expressions.map(([, , name]) => name!);
  const texts = template.replaceAll(EXPRESSION, "{").split("{");
  const fault = (reason: string) => new TypeError(`Cannot read URI template "${template}": ${reason}`);
  if (/[{}]/.test(template.replaceAll(EXPRESSION, ""))) {
    throw fault("only {name} and {+name} are supported");
  }
  if (!isUri(template.replaceAll(EXPRESSION, "x")) || !isUri(`${texts[0]}x`)) {
    throw fault("it is not an absolute URI");
  }
  if (new Set(names).size < names.length) throw fault("a name is used twice");
  if (texts.slice(1, -1).includes("")) throw fault("two expressions stand side by side");
  const rests = expressions.flatMap(([, plus], i) => plus === "+" ? [i] : []);
  if (rests.length > 1) throw fault("only one {+name} is supported");
  const read = (uri: string) => split(uri, texts, rests[0] ?? names.length - 1);
  return {
    template,
    names,
    match: (uri) => {
      const values = read(uri);
      const isSegment = (value: string, i: number) => i === rests[0] || !SEGMENT_END.test(value);
      return values?.every(isSegment) ? toVariables(names, values) : undefined;
    },
  };
}

/** What stands between the texts; the variable at `middle` takes what those before and after it leave. */
function split(uri: string, texts: readonly string[], middle: number): readonly string[] | undefined {
  if (!uri.startsWith(texts[0]!) || !uri.endsWith(texts.at(-1)!)) return undefined;
  let start = texts[0]!.length;
  let end = uri.length - texts.at(-1)!.length;
  const before: string[] = [];
  const after: string[] = [];
  for (let i = 0; i < middle; i++) {
    const at = uri.indexOf(texts[i + 1]!, start + 1);
    if (at < 0) return undefined;
    before.push(uri.slice(start, at));
    start = at + texts[i + 1]!.length;
  }
  for (let i = texts.length - 2; i > middle; i--) {
    const at = uri.lastIndexOf(texts[i]!, end - 1 - texts[i]!.length);
    if (at < start) return undefined;
    after.unshift(uri.slice(at + texts[i]!.length, end));
    end = at;
  }
  return start < end ? [...before, uri.slice(start, end), ...after] : undefined;
}

function toVariables(names: readonly string[], values: readonly string[]): UriVariables | undefined {
  try {
    const decoded = values.map(decodeURIComponent);
    if (!decoded.every(isHarmless)) return undefined;
    return Object.fromEntries(names.map((name, i) => [name, decoded[i]!]));
  } catch {
    return undefined; // Broken percent-encoding names no resource.
  }
}

function isHarmless(value: string): boolean {
  return !CONTROL.test(value) && !value.split(/[/\\]/).some((segment) => segment === "." || segment === "..");
}
