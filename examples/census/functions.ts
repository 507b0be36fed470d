/**
 * Finds functions in source text by its layout, without parsing it.
 *
 * A function of a brace language runs from its opening line over all lines indented deeper to a lone `}`
 * at its own indentation, a Python one to the last line indented deeper. That holds for formatted code,
 * and a census wants a measure, not a proof.
 *
 * @module
 */

/** A function and its length. */
export interface FunctionFacts {
  /** Name as declared. */
  readonly name: string;
  /** First line, counted from 1. */
  readonly line: number;
  /** Length in lines, declaration included. */
  readonly lines: number;
}

const BRACE_LANGUAGES = new Set(["TypeScript", "JavaScript", "Rust", "Go"]);
const MODIFIERS = "(?:(?:export|default|pub|async|static|override|private|public|protected) )*";
const BY_KEYWORD = new RegExp(`^\\s*${MODIFIERS}(?:function\\*?|fn|func(?: \\([^)]*\\))?) ([\\w$]+).*[({]$`);
const METHOD = new RegExp(`^\\s+${MODIFIERS}([\\w$#]+)\\((?!.*=>)[^;]*[({]$`);
const CONTROL_WORDS = new Set(["if", "for", "while", "switch", "catch", "return", "match"]);
const PYTHON = /^\s*(?:async )?def (\w+)/;

/** Lists the functions of a source text; empty for languages it does not know. */
export function findFunctions(language: string, lines: readonly string[]): FunctionFacts[] {
  if (language === "Python") return collect(lines, (text) => PYTHON.exec(text)?.[1], endOfIndented);
  return BRACE_LANGUAGES.has(language) ? collect(lines, nameInBraceLanguage, endOfBraces) : [];
}

function collect(
  lines: readonly string[],
  nameOf: (text: string) => string | undefined,
  endOf: (lines: readonly string[], start: number) => number | undefined,
): FunctionFacts[] {
  const found: FunctionFacts[] = [];
  for (const [start, text] of lines.entries()) {
    const name = nameOf(text);
    const end = name === undefined ? undefined : endOf(lines, start);
    if (name !== undefined && end !== undefined) {
      found.push({ name, line: start + 1, lines: end - start + 1 });
    }
  }
  return found;
}

function nameInBraceLanguage(text: string): string | undefined {
  const name = BY_KEYWORD.exec(text)?.[1] ?? METHOD.exec(text)?.[1];
  return name === undefined || CONTROL_WORDS.has(name) ? undefined : name;
}

/** Line of the lone closing brace; a signature over several lines is passed by. */
function endOfBraces(lines: readonly string[], start: number): number | undefined {
  let next = nextOutside(lines, start);
  if (lines[next]?.trimStart().startsWith(")") && lines[next]!.endsWith("{")) next = nextOutside(lines, next);
  return lines[next]?.trim() === "}" && indentOf(lines[next]!) === indentOf(lines[start]!) ? next : undefined;
}

/** Last line that is indented deeper than the opening one. */
function endOfIndented(lines: readonly string[], start: number): number {
  let end = nextOutside(lines, start) - 1;
  while (lines[end]!.trim() === "") end--;
  return end;
}

/** First line after `start` that is not indented deeper than it; the number of lines if there is none. */
function nextOutside(lines: readonly string[], start: number): number {
  const depth = indentOf(lines[start]!);
  let next = start + 1;
  while (next < lines.length && (lines[next]!.trim() === "" || indentOf(lines[next]!) > depth)) next++;
  return next;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
