/**
 * What the server really did: the log of counted directories, which no crash takes back.
 *
 * @module
 */

/** How many directories were counted for a task, and how many different ones. */
export interface Counts {
  readonly times: number;
  readonly directories: number;
}

/** Reads the lines of a task. */
export async function readCounts(log: string, taskId: string): Promise<Counts> {
  const lines = (await Deno.readTextFile(log)).split("\n").filter((line) => line.startsWith(`${taskId} `));
  return { times: lines.length, directories: new Set(lines).size };
}
