/**
 * Lists the directories of a tree.
 *
 * @module
 */

const SKIPPED = new Set([".git", "node_modules"]);

/**
 * All directories under `root`, `root` first, parents before children, in name order.
 * Leaves out `.git` and `node_modules`, and does not follow symbolic links.
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
  for (const child of children.sort()) directories.push(...await listDirectories(child, signal));
  return directories;
}
