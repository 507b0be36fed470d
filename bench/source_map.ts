/**
 * Which part of a minified file came from which source, told by its source map.
 *
 * @module
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The part of a source map that is read. */
export interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** Text of the file by the source that it came from. */
export function textBySource(code: string, { sources, mappings }: SourceMap): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const lines = code.split("\n");
  let source = 0;
  for (const [row, segments] of mappings.split(";").entries()) {
    const line = lines[row] ?? "";
    let column = 0;
    let from: { readonly column: number; readonly source: number } | undefined;
    const close = (end: number) => {
      const name = from && sources[from.source];
      if (from !== undefined && name !== undefined) {
        texts.set(name, (texts.get(name) ?? "") + line.slice(from.column, end));
      }
    };
    for (const segment of segments.split(",").filter((text) => text !== "")) {
      const [columns = 0, ofSource = 0] = decode(segment);
      column += columns;
      source += ofSource;
      close(column);
      from = { column, source };
    }
    close(line.length);
  }
  return texts;
}

/** Numbers of a segment: base64 digits of five bits, lowest first, the sign in the lowest bit. */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const char of segment) {
    const digit = DIGITS.indexOf(char);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}
