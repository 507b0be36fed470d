/**
 * Lists the directories of a tree, and what is in one of them.
 *
 * @module
 */

const SKIPPED = new Set([".git", "node_modules"]);

/**
 * All directories under `root`, `root` first, parents before children, in name order.
 *
 * Leaves out `.git`, `node_modules` and what may not be read, and does not follow symbolic links.
 *
 * @throws {Deno.errors.NotFound} If `root` does not exist.
 * @throws {Deno.errors.NotADirectory} If `root` is something else.
 */
export async function listDirectories(root: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const children: string[] = [];
  for await (const entry of Deno.readDir(root)) {
    if (entry.isDirectory && !SKIPPED.has(entry.name)) children.push(`${root}/${entry.name}`);
  }
  const directories = [root];
  for (const child of children.sort()) {
    directories.push(...await unlessGone(listDirectories(child, signal)) ?? []);
  }
  return directories;
}

/** Names of the files directly in `path`; none if it may not be read or is gone by now. */
export async function listFiles(path: string): Promise<string[]> {
  const entries = await unlessGone(Array.fromAsync(Deno.readDir(path))) ?? [];
  return entries.filter((entry) => entry.isFile).map((entry) => entry.name);
}

/** The outcome of reading something, or `undefined` if it is gone by now or may not be read: trees change. */
export async function unlessGone<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}
