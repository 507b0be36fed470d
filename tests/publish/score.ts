/**
 * Checks what the registry scores a package by, as far as it can be seen in the repository.
 *
 * Prints a line per item and ends with `N passed, N failed`. Slow types are refused by `deno publish --dry-run`. The
 * package's description and the runtimes it is marked for are settings of its page, and not looked at here.
 *
 * @module
 */
import { type DocumentedModule, modulesOf, undocumented } from "./documentation.ts";

const ROOT = new URL("../../", import.meta.url);

/** One item and whether it is met. */
interface Item {
  readonly name: string;
  /** What is missing; empty when the item is met. */
  readonly missing: readonly string[];
}

const exports = Object.entries(JSON.parse(await read("deno.json")).exports as Record<string, string>);
const modules = await document(exports.map(([, path]) => path));
const items: readonly Item[] = [
  {
    name: "the README tells what the package is",
    missing: (await read("README.md")).length > 500 ? [] : ["README.md"],
  },
  {
    name: "the README has an example",
    missing: /^```ts$/m.test(await read("README.md")) ? [] : ["README.md"],
  },
  {
    name: "every entry point has a module doc",
    missing: modules.filter(({ moduleDoc }) => moduleDoc === "").map(({ path }) => path),
  },
  {
    name: "every exported symbol is documented (the registry asks for 80 %)",
    missing: modules.flatMap(undocumented),
  },
  {
    name: "it is published with provenance",
    missing: /id-token: write/.test(await read(".github/workflows/publish.yml")) ? [] : ["id-token: write"],
  },
];

for (const { name, missing } of items) {
  console.log(missing.length === 0 ? `ok    ${name}` : `FAIL  ${name}: ${missing.slice(0, 20).join(", ")}`);
}
const symbols = modules.reduce((sum, { symbols }) => sum + symbols.length, 0);
console.log(`${symbols} symbols in ${modules.length} entry points`);
const failed = items.filter(({ missing }) => missing.length > 0).length;
console.log(`${items.length - failed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT)).catch(() => "");
}

async function document(paths: readonly string[]): Promise<DocumentedModule[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...paths],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`Cannot read the documentation: ${new TextDecoder().decode(stderr)}`);
  return modulesOf(JSON.parse(new TextDecoder().decode(stdout)), ROOT.href);
}
