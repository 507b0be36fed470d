/**
 * The binding requirements that no test cites yet. The list can only shrink.
 *
 * @module
 */

/** Reads `open.txt`, one id a line. */
export function readOpen(): readonly string[] {
  return Deno.readTextFileSync(OPEN_FILE).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Where the list is kept. */
export const OPEN_FILE: URL = new URL("open.txt", import.meta.url);
