/**
 * Finds which requirements the tests cite, by reading the tests.
 *
 * @module
 */

const ID = /"((?:T\d+|lib|FNDX|EXEC|HAND|CONT|INTG)-\w+)"/g;

/** Ids and the files, relative to `root`, that cite them. */
export type Citations = ReadonlyMap<string, readonly string[]>;

/** The ids cited by one test file: every quoted id, if the file registers tests with `verifies`. */
export function citedIn(source: string): readonly string[] {
  if (!/\bverifies\(/.test(source)) return [];
  return [...new Set(Array.from(source.matchAll(ID), ([, id]) => id ?? ""))];
}

/** Reads every test below `root`; this folder and the helpers' own tests do not count. */
export async function findCitations(root: URL): Promise<Citations> {
  const found = new Map<string, string[]>();
  for await (const file of sourcesBelow(root)) {
    const path = file.href.slice(root.href.length);
    if (path.startsWith("requirements/") || path.startsWith("support/")) continue;
    for (const id of citedIn(await Deno.readTextFile(file))) found.set(id, [...found.get(id) ?? [], path]);
  }
  return found;
}

async function* sourcesBelow(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sourcesBelow(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) yield new URL(entry.name, folder);
  }
}
