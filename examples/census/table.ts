/**
 * Writes a census as plain text for a reader.
 *
 * @module
 */
import type { Census, Longest } from "./count.ts";

/** The table of languages, then the longest files and functions. */
export function toTable(census: Census): string {
  const rows = census.languages.map((row) => [
    row.language,
    row.files.toLocaleString("en"),
    row.lines.toLocaleString("en"),
    row.bytes.toLocaleString("en"),
  ]);
  return [
    ...alignColumns([["Language", "Files", "Lines", "Bytes"], ...rows]),
    "",
    ...listLongest("Longest files", census.longestFiles),
    "",
    ...listLongest("Longest functions", census.longestFunctions),
  ].join("\n");
}

function listLongest(title: string, entries: readonly Longest[]): string[] {
  if (entries.length === 0) return [`${title}: none found`];
  return [title, ...entries.map((entry) => `${String(entry.lines).padStart(6)}  ${entry.where}`)];
}

/** The first column to the left, numbers to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]!.length));
  const widths = rows[0]!.map((_, column) => width(column));
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)).join(
      "  ",
    )
  );
}
