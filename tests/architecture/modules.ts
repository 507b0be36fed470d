/**
 * What the modules of the repository import, read by Deno itself.
 *
 * @module
 */

/** One module and what it names. */
export interface SourceModule {
  /** Path below the root. */
  readonly path: string;
  readonly imports: readonly SourceImport[];
}

/** One import, of code or of types alone. */
export interface SourceImport {
  /** As written. */
  readonly specifier: string;
  /** Path below the root; `undefined` for packages. */
  readonly path?: string;
  /** Whether it is an `import()` expression. */
  readonly dynamic: boolean;
}

/** What is reached from some entries. */
export interface ModuleGraph {
  /** Modules below the root. */
  readonly sources: readonly SourceModule[];
  /** Names of npm packages. */
  readonly packages: readonly string[];
}

/** The repository's root. */
export const ROOT: URL = new URL("../../", import.meta.url);

interface InfoDependency {
  readonly specifier: string;
  readonly isDynamic?: boolean;
  readonly code?: { readonly specifier?: string; readonly error?: string };
  readonly type?: { readonly specifier?: string; readonly error?: string };
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly InfoDependency[];
  }[];
}

/**
 * The modules reached from `entries`, with what they import, and the npm packages on the way.
 *
 * @throws {Error} If a module does not exist or cannot be parsed.
 */
export async function modulesFrom(entries: readonly string[], root: URL = ROOT): Promise<ModuleGraph> {
  const { modules } = await info(entries, root);
  const sources: SourceModule[] = [];
  const packages: string[] = [];
  for (const { specifier, error, dependencies = [] } of modules) {
    if (error) throw new Error(`Cannot read module "${specifier}": ${error}`);
    const path = pathBelow(specifier, root);
    if (path) sources.push({ path, imports: dependencies.map((dependency) => toImport(dependency, root)) });
    const [, name] = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier) ?? [];
    if (name && !packages.includes(name)) packages.push(name);
  }
  return { sources, packages };
}

/** Paths of all TypeScript files below the folders, without tests; a folder that does not exist is empty. */
export async function sourcesBelow(folders: readonly string[], root: URL = ROOT): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const entries = await Array.fromAsync(Deno.readDir(new URL(folder, root))).catch(() => []);
    for (const { name, isDirectory } of entries) {
      if (isDirectory) found.push(...await sourcesBelow([`${folder}/${name}`], root));
      else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) found.push(`${folder}/${name}`);
    }
  }
  return found.sort();
}

async function info(entries: readonly string[], root: URL): Promise<Info> {
  const folder = await Deno.makeTempDir({ prefix: "modules-" });
  try {
    const entry = `${folder}/entry.ts`;
    await Deno.writeTextFile(entry, entries.map((path) => `import "${new URL(path, root)}";\n`).join(""));
    const config = decodeURIComponent(new URL("deno.json", ROOT).pathname);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", "--config", config, entry],
      stdout: "piped",
      stderr: "piped",
    });
    const { success, stdout, stderr } = await command.output();
    if (!success) throw new Error(`Cannot read modules: ${new TextDecoder().decode(stderr)}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function toImport({ specifier, isDynamic, code, type }: InfoDependency, root: URL): SourceImport {
  const target = code?.specifier ?? type?.specifier;
  return { specifier, path: target && pathBelow(target, root), dynamic: isDynamic ?? false };
}

function pathBelow(specifier: string, root: URL): string | undefined {
  return specifier.startsWith(root.href) ? specifier.slice(root.href.length) : undefined;
}
