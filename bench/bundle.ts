/**
 * Size of a bundled server of one tool, over memory and without any driver, and what is in it.
 *
 * Run: `deno run -A bench/bundle.ts`. What is loaded only when it is used is a file of its own and counted apart.
 *
 * @module
 */
import { type SourceMap, textBySource } from "./source_map.ts";

const GOAL_BYTES = 45 * 1024;
const SERVER = new URL("./bundle/server.ts", import.meta.url).pathname;

async function gzipped(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

async function describe(text: string): Promise<string> {
  return `${kb(new TextEncoder().encode(text).length)} minified, ${kb(await gzipped(text))} gzip`;
}

/** `src/server/owner.ts` belongs to `src/server`, a file of a package to the package. */
function partOf(source: string): string {
  const [, own, npm] = /((?:src|backends)\/\w+)|npmjs\.org\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
  return own ?? npm ?? "other";
}

async function bundle(folder: string): Promise<void> {
  const options = ["--quiet", "--minify", "--code-splitting", "--sourcemap=external", "--outdir", folder];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", ...options, SERVER],
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
}

/** Files that `entry` needs at its start, itself included. */
async function neededFrom(
  folder: string,
  entry: string,
  found: Set<string> = new Set(),
): Promise<Set<string>> {
  if (found.has(entry)) return found;
  found.add(entry);
  const code = await Deno.readTextFile(`${folder}/${entry}`);
  for (const [, name = ""] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
    await neededFrom(folder, name, found);
  }
  return found;
}

async function printParts(folder: string, files: Iterable<string>): Promise<void> {
  const parts = new Map<string, string>();
  for (const file of files) {
    const code = await Deno.readTextFile(`${folder}/${file}`);
    const map: SourceMap = JSON.parse(await Deno.readTextFile(`${folder}/${file}.map`));
    for (const [source, text] of textBySource(code, map)) {
      const part = partOf(source);
      parts.set(part, (parts.get(part) ?? "") + text);
    }
  }
  for (const [part, text] of [...parts].sort(([, a], [, b]) => b.length - a.length)) {
    console.log(`  ${part}: ${await describe(text)} by itself`);
  }
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir({ prefix: "bundle-" });
  try {
    await bundle(folder);
    const needed = await neededFrom(folder, "server.js");
    const texts = await Promise.all([...needed].map((file) => Deno.readTextFile(`${folder}/${file}`)));
    const size = await gzipped(texts.join("\n"));
    const verdict = size <= GOAL_BYTES ? "reached" : "MISSED";
    console.log(
      `bundle of a one-tool server: ${await describe(texts.join("\n"))} (goal at most ${
        kb(GOAL_BYTES)
      }: ${verdict})`,
    );
    await printParts(folder, needed);
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".js") || needed.has(name)) continue;
      console.log(
        `loaded when used: ${name}: ${await describe(await Deno.readTextFile(`${folder}/${name}`))}`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
