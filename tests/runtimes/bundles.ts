/**
 * The fixture as one file for each runtime.
 *
 * @module
 */

const HOSTS = new URL("./hosts/", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;

/** A runtime with a program of its own. */
export type HostName = "deno" | "node" | "bun" | "worker";

/**
 * Bundles the program of a runtime into `folder`.
 *
 * @returns Path of the file.
 * @throws {Error} With what the bundler says.
 */
export async function bundleHost(name: HostName, folder: string): Promise<string> {
  const path = `${folder}/${name}.mjs`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", "--output", path, `${HOSTS}${name}.ts`],
    cwd: ROOT,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot bundle "${name}": ${new TextDecoder().decode(stderr)}`);
  if (name === "worker") await makeWorker(path);
  return path;
}

/** Workers have Node's modules, but no URL that these could be looked up from. */
async function makeWorker(path: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const found = "(import.meta.url)";
  if (!text.includes(found)) {
    throw new Error(`Cannot make a Worker of ${path}: nothing looks for Node's modules`);
  }
  await Deno.writeTextFile(path, text.replace(found, '("file:///worker.js")'));
}
