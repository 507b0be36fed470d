import { assertEquals, assertStringIncludes } from "@std/assert";

const PROGRAM = `
  import { openDefaultBackend } from ${
  JSON.stringify(new URL("../../src/server/default_backend.ts", import.meta.url).href)
};
  for (const _ of [1, 2]) {
    const backend = await openDefaultBackend();
    await backend.close();
  }
`;

Deno.test("the default store says once where tasks are, and not on standard output", async () => {
  const folder = await Deno.makeTempDir({ prefix: "default-" });
  try {
    await Deno.writeTextFile(`${folder}/program.ts`, PROGRAM);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-lock",
        "--config",
        new URL("../../deno.json", import.meta.url).pathname,
        "program.ts",
      ],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals([code, new TextDecoder().decode(stdout)], [0, ""], said);
    assertEquals(said.split("Perdure keeps tasks").length, 2);
    assertStringIncludes(said, 'backend: denoKv("./tasks.kv")');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
