import { assertEquals } from "@std/assert";

/** Runs the runner on one test file; gives back its exit code and its last line. */
async function runOn(source: string): Promise<{ code: number; lines: readonly string[] }> {
  const folder = await Deno.makeTempDir({ prefix: "runner-" });
  try {
    await Deno.writeTextFile(`${folder}/deno.json`, "{}");
    await Deno.writeTextFile(`${folder}/some_test.ts`, source);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("run.ts", import.meta.url).href],
      cwd: folder,
      stdout: "piped",
      stderr: "null",
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the runner ends with its count and succeeds when nothing failed", async () => {
  const { code, lines } = await runOn(`
    Deno.test("one", () => {});
    Deno.test({ name: "two [not run: no server; get it with: apt-get install it]", ignore: true, fn() {} });
  `);
  assertEquals([code, lines.at(-1)], [0, "1 passed, 0 failed, 1 skipped"]);
  assertEquals(lines.slice(-4, -1), [
    "not run: two",
    "  reason: no server",
    "  get it with: apt-get install it",
  ]);
});

Deno.test("the runner fails with a test, with a file, with a silent skip, and with nothing to run", async () => {
  const failing = await runOn(
    'Deno.test("one", () => {}); Deno.test("two", () => { throw new Error("no"); });',
  );
  assertEquals([failing.code, failing.lines.at(-1)], [1, "1 passed, 1 failed"]);
  const broken = await runOn('throw new Error("no");');
  assertEquals([broken.code, broken.lines.at(-1)], [1, "0 passed, 1 failed"]);
  const illTyped = await runOn('Deno.test("one", () => { const count: number = "1"; console.log(count); });');
  assertEquals([illTyped.code, illTyped.lines.at(-1)], [1, "0 passed, 1 failed"]);
  const silent = await runOn('Deno.test("one", () => {}); Deno.test.ignore("two", () => {});');
  assertEquals([silent.code, silent.lines.at(-1)], [1, "1 passed, 1 failed"]);
  const empty = await runOn("export {};");
  assertEquals([empty.code, empty.lines.at(-1)], [1, "0 passed, 1 failed"]);
});

Deno.test("the runner runs the examples in docstrings", async () => {
  const { code, lines } = await runOn(`
    /**
     * \`\`\`ts
     * if (1 + 1 !== 3) throw new Error("no");
     * \`\`\`
     */
    export const two = 2;
  `);
  assertEquals([code, lines.at(-1)], [1, "0 passed, 1 failed"]);
});
