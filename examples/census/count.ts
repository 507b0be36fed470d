/**
 * Counts one directory: what each file holds, and which files and functions are the longest.
 *
 * @module
 */
import { findFunctions } from "./functions.ts";
import { languageOf } from "./languages.ts";
import { listFiles, unlessGone } from "./walk.ts";

/** Totals of one language. */
export interface LanguageTotals {
  readonly language: string;
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
}

/** A file or a function, named for the reader, with its length in lines. */
export interface Longest {
  readonly where: string;
  readonly lines: number;
}

/** What a census found, in one directory or in many. */
export interface Census {
  readonly languages: readonly LanguageTotals[];
  readonly longestFiles: readonly Longest[];
  readonly longestFunctions: readonly Longest[];
}

/** A census of nothing. */
export const EMPTY_CENSUS: Census = { languages: [], longestFiles: [], longestFunctions: [] };

const KEPT = 5;
const MAX_READ_BYTES = 4 * 1024 * 1024;

/**
 * Counts the files directly in `path`, without its subdirectories.
 *
 * Binary files and files over 4 MiB count with their bytes alone; what may not be read does not count.
 */
export async function countDirectory(root: string, path: string): Promise<Census> {
  let census = EMPTY_CENSUS;
  for (const name of await listFiles(path)) {
    const counted = await unlessGone(countFile(root, `${path}/${name}`, name));
    if (counted !== undefined) census = mergeCensus(census, counted);
  }
  return census;
}

/** Adds two censuses up. */
export function mergeCensus(one: Census, other: Census): Census {
  return {
    languages: mergeLanguages(one.languages, other.languages),
    longestFiles: keepLongest(one.longestFiles, other.longestFiles),
    longestFunctions: keepLongest(one.longestFunctions, other.longestFunctions),
  };
}

async function countFile(root: string, path: string, name: string): Promise<Census> {
  const { size } = await Deno.stat(path);
  const text = size <= MAX_READ_BYTES ? toText(await Deno.readFile(path)) : undefined;
  if (text === undefined) {
    return { ...EMPTY_CENSUS, languages: [{ language: "Binary", files: 1, lines: 0, bytes: size }] };
  }
  const language = languageOf(name);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const where = path.slice(root.length).replace(/^\/+/, "");
  return {
    languages: [{ language, files: 1, lines: lines.length, bytes: size }],
    longestFiles: [{ where, lines: lines.length }],
    longestFunctions: keepLongest(
      findFunctions(language, lines).map((found) => ({
        where: `${found.name} (${where}:${found.line})`,
        lines: found.lines,
      })),
      [],
    ),
  };
}

/** The text, or `undefined` for what looks binary. */
function toText(bytes: Uint8Array): string | undefined {
  return bytes.subarray(0, 8192).includes(0) ? undefined : new TextDecoder().decode(bytes);
}

function mergeLanguages(
  one: readonly LanguageTotals[],
  other: readonly LanguageTotals[],
): readonly LanguageTotals[] {
  const totals = new Map(one.map((row) => [row.language, row]));
  for (const row of other) {
    const sum = totals.get(row.language);
    totals.set(row.language, {
      language: row.language,
      files: row.files + (sum?.files ?? 0),
      lines: row.lines + (sum?.lines ?? 0),
      bytes: row.bytes + (sum?.bytes ?? 0),
    });
  }
  return [...totals.values()].sort((a, b) => b.lines - a.lines || b.bytes - a.bytes);
}

function keepLongest(one: readonly Longest[], other: readonly Longest[]): readonly Longest[] {
  return [...one, ...other].sort((a, b) => b.lines - a.lines || (a.where < b.where ? -1 : 1)).slice(0, KEPT);
}
