import { assert, assertArrayIncludes, assertEquals, assertStringIncludes } from "@std/assert";
import neutral from "../lint/neutral_plugin.ts";
import { modulesFrom, ROOT, sourcesBelow } from "./modules.ts";

/** The packages that a program which imports the main entry may have to load. */
const ALLOWED_PACKAGES = ["@cfworker/json-schema", "zod"];

Deno.test("everything mod.ts reaches runs on every fetch runtime", async () => {
  const { sources, packages } = await modulesFrom(["mod.ts"]);
  const paths = sources.map(({ path }) => path);
  assertArrayIncludes(paths, ["mod.ts", "src/runtime.ts"]);
  const found: string[] = [];
  for (const path of paths.filter((path) => !path.startsWith("links/"))) {
    const file = new URL(path, ROOT);
    const source = await Deno.readTextFile(file);
    for (const { message } of Deno.lint.runPlugin(neutral, decodeURIComponent(file.pathname), source)) {
      found.push(`${path}: ${message}`);
    }
  }
  assertEquals(found, []);
  assertEquals(packages.filter((name) => !ALLOWED_PACKAGES.includes(name)), []);
  const drivers = paths.filter((path) => /^backends\/(redis|dynamodb)/.test(path));
  assertEquals(drivers, []);
});

/** Type-checks files with nothing but the web's own libraries; gives back what the check says. */
async function checkAgainstTheWeb(files: readonly string[]): Promise<{ success: boolean; output: string }> {
  const { imports, compilerOptions } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const config = {
    compilerOptions: {
      ...compilerOptions,
      lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
      types: [],
    },
    imports: {
      ...imports,
      "@std/assert": new URL("links/std-assert/mod.ts", ROOT).href,
      "@std/ulid": new URL("links/std-ulid/mod.ts", ROOT).href,
    },
    nodeModulesDir: "none",
  };
  const folder = await Deno.makeTempDir({ prefix: "web-check-" });
  try {
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const entries = files.map((file) => `import ${JSON.stringify(new URL(file, ROOT).href)};\n`).join("");
    await Deno.writeTextFile(`${folder}/entry.ts`, entries);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--no-lock", "--config", `${folder}/deno.json`, `${folder}/entry.ts`],
      env: { NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).output();
    return { success, output: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("src and the memory backend type-check against web libraries alone", async () => {
  const { success, output } = await checkAgainstTheWeb([
    ...await sourcesBelow(["src"]),
    "backends/memory.ts",
  ]);
  assert(success, output);
});

Deno.test("the check against web libraries fails on a type that only Deno has", async () => {
  const { success, output } = await checkAgainstTheWeb(["tests/architecture/fixture/deno_only.ts"]);
  assertEquals(success, false);
  assertStringIncludes(output, "Deno");
});
