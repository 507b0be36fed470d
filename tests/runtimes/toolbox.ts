/**
 * Gets runtimes and programs from npm, each into a folder of its own outside the repository, where it stays for the next run.
 *
 * @module
 */
import type { Missing } from "../support/not_run.ts";

/** Packages and the one version of each that is used. */
const VERSIONS = {
  "@modelcontextprotocol/inspector": "2.12.0",
  bun: "1.4.5",
  node: "24.21.0",
  workerd: "1.20261117.1",
  "@deno/kv": "0.14.0",
} as const;

/** A package that is installed, or why it is not. */
export type Tool = { readonly folder: string; readonly version: string } | Missing;

const FOLDER = Deno.env.get("RUNTIMES_CACHE") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`}/perdure-runtimes`;
const INSTALL_LIMIT_MS = 90_000;

const installed = new Map<string, Promise<Tool>>();

/** Whether it is not there. */
export function isMissing(tool: Tool): tool is Missing {
  return "reason" in tool;
}

/** The package; installed if it is not there yet. */
export function getTool(name: keyof typeof VERSIONS): Promise<Tool> {
  let tool = installed.get(name);
  if (tool === undefined) {
    tool = install(name, VERSIONS[name]);
    installed.set(name, tool);
  }
  return tool;
}

async function install(name: string, version: string): Promise<Tool> {
  const folder = `${FOLDER}/${name.replaceAll("/", "-")}-${version}`;
  const tool = { folder, version };
  if (await exists(`${folder}/complete`)) return tool;
  const args = [
    "install",
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    `${name}@${version}`,
  ];
  const command = `npm ${args.join(" ")}`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    const { success, stderr } = await new Deno.Command("npm", {
      args,
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(INSTALL_LIMIT_MS),
    }).output();
    if (!success) {
      throw new Error(new TextDecoder().decode(stderr).trim().replaceAll(/\s+/g, " ").slice(0, 200));
    }
    await Deno.writeTextFile(`${folder}/complete`, "");
    return tool;
  } catch (error) {
    return { reason: `${name} ${version} cannot be installed: ${(error as Error).message}`, command };
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Major version of the `node` on the PATH; `undefined` if there is none. */
export async function nodeVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).trim().replace(/^v/, "");
  } catch {
    return undefined;
  }
}
