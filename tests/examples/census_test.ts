import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { countDirectory, EMPTY_CENSUS, mergeCensus } from "../../examples/census/count.ts";
import { findFunctions } from "../../examples/census/functions.ts";
import { languageOf } from "../../examples/census/languages.ts";
import { toTable } from "../../examples/census/table.ts";
import { listDirectories } from "../../examples/census/walk.ts";

const NEVER = new AbortController().signal;

Deno.test("languageOf() goes by the extension alone", () => {
  assertEquals(
    ["a.ts", "A.TSX", "x.d.ts", "README.md", ".gitignore", "Makefile", "a.constructor"].map(languageOf),
    ["TypeScript", "TypeScript", "TypeScript", "Markdown", "Other", "Other", "Other"],
  );
});

Deno.test("findFunctions() measures functions and methods of formatted code", () => {
  const source = [
    "export async function first(",
    "  text: string,",
    "): Promise<void> {",
    "  if (text) {",
    "    run();",
    "  }",
    "}",
    "class Box {",
    "  get(key: string): string {",
    "    return key;",
    "  }",
    "}",
    'test("not a function", () => {',
    "});",
  ];
  assertEquals(findFunctions("TypeScript", source), [
    { name: "first", line: 1, lines: 7 },
    { name: "get", line: 9, lines: 3 },
  ]);
});

Deno.test("findFunctions() ends a Python function where its indentation ends", () => {
  const source = [
    "def outer(x):",
    "    def inner():",
    "        return x",
    "",
    "    return inner",
    "",
    "print(1)",
  ];
  assertEquals(findFunctions("Python", source), [
    { name: "outer", line: 1, lines: 5 },
    { name: "inner", line: 2, lines: 2 },
  ]);
  assertEquals(findFunctions("Markdown", ["def outer(x):", "    pass"]), []);
});

Deno.test("listDirectories() skips .git and node_modules and lists parents first", async () => {
  await withTree(["b/c", ".git/objects", "a/node_modules/x"], async (root) => {
    const found = await listDirectories(root, NEVER);
    assertEquals(found.map((path) => path.slice(root.length)), ["", "/a", "/b", "/b/c"]);
    await assertRejects(() => listDirectories(`${root}/none`, NEVER), Deno.errors.NotFound);
    await assertRejects(() => listDirectories(root, AbortSignal.abort("stop")));
  });
});

Deno.test("countDirectory() counts files of one directory, and binary ones with their bytes alone", async () => {
  await withTree(["sub"], async (root) => {
    await Deno.writeTextFile(`${root}/a.ts`, "const a = 1;\nconst b = 2;\n");
    await Deno.writeTextFile(`${root}/b.ts`, "no line end");
    await Deno.writeFile(`${root}/c.png`, new Uint8Array([137, 0, 1]));
    await Deno.writeTextFile(`${root}/sub/d.ts`, "not counted\n");
    const census = await countDirectory(root, root);
    assertEquals(census.languages, [
      { language: "TypeScript", files: 2, lines: 3, bytes: 37 },
      { language: "Binary", files: 1, lines: 0, bytes: 3 },
    ]);
    assertEquals(census.longestFiles, [{ where: "a.ts", lines: 2 }, { where: "b.ts", lines: 1 }]);
  });
});

Deno.test("mergeCensus() adds up in any order", async () => {
  await withTree(["x", "y"], async (root) => {
    await Deno.writeTextFile(`${root}/x/a.ts`, "1\n2\n");
    await Deno.writeTextFile(`${root}/y/a.ts`, "1\n");
    await Deno.writeTextFile(`${root}/y/b.md`, "1\n");
    const x = await countDirectory(root, `${root}/x`);
    const y = await countDirectory(root, `${root}/y`);
    assertEquals(mergeCensus(x, y), mergeCensus(y, x));
    assertEquals(mergeCensus(EMPTY_CENSUS, x), x);
    const table = toTable(mergeCensus(x, y));
    assertStringIncludes(table, "TypeScript      2      3      6\n");
    assertStringIncludes(table, "     2  x/a.ts");
  });
});

async function withTree(paths: readonly string[], body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "census-" });
  try {
    for (const path of paths) await Deno.mkdir(`${root}/${path}`, { recursive: true });
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
