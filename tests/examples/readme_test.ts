/**
 * Does what the README says, as it is written there.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "../../examples/support/server_process.ts";
import { LegacyClient } from "../interop/legacy_client.ts";
import { ModernClient } from "../interop/modern_client.ts";

const REPOSITORY = Deno.realPathSync(`${import.meta.dirname}/../..`);
const README = await Deno.readTextFile(`${REPOSITORY}/README.md`);

Deno.test("README: the server works in a directory with its two files alone, in both eras", async () => {
  const directory = await Deno.makeTempDir({ prefix: "readme-" });
  try {
    await Deno.writeTextFile(`${directory}/main.ts`, block("ts"));
    // The package as the README's line for a clone has it.
    const config = { ...JSON.parse(block("json")), links: [REPOSITORY] };
    await Deno.writeTextFile(`${directory}/deno.json`, JSON.stringify(config));
    const command = /Start it with `deno (serve [^`]*)`/.exec(README)?.[1];
    assert(command !== undefined, "the README says how to start the server");
    const [serve, ...args] = command.split(" ");
    const server = await startServer([serve!, "--port", "0", ...args], { cwd: directory });
    try {
      const modern = await ModernClient.connect(`${server.url}/mcp`);
      const outcome = await modern.run("report", { year: 2026 });
      assertEquals(outcome.status, "completed");
      assertStringIncludes(JSON.stringify(outcome), "Report on the figures of 2026");
      assert(outcome.status === "completed" && outcome.task !== undefined, "a slow call becomes a task");
      await modern.close();

      const legacy = await LegacyClient.connect(`${server.url}/mcp`);
      const { taskId } = await legacy.createTask("report", { year: 2025 });
      const { content } = await legacy.getTaskResult(taskId);
      assertEquals(content, [{ type: "text", text: "Report on the figures of 2025" }]);
      await legacy.endSession();
    } finally {
      await server.stop();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("README: its two commands are tasks of this repository, under the Deno that CI uses", async () => {
  const commands = [...README.matchAll(/^npx -y deno@(\S+) task (\w+)/gm)];
  assertEquals(commands.map(([, , task]) => task), ["demo", "test"]);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${REPOSITORY}/deno.json`));
  for (const [, , task] of commands) assert(Object.hasOwn(tasks, task!), `there is a task "${task}"`);
  const ci = await Deno.readTextFile(`${REPOSITORY}/.ci/run`);
  const pinned = /^DENO_VERSION=(\S+)$/m.exec(ci)?.[1];
  for (const [, version] of commands) assertEquals(version, pinned);
});

Deno.test("README and docs: every relative link leads somewhere, and the README is short", async () => {
  assert(README.split("\n").length <= 101, "a newcomer reads it in one go");
  const pages = ["README.md", "CHANGELOG.md"];
  for await (const { name } of Deno.readDir(`${REPOSITORY}/docs`)) {
    if (name.endsWith(".md")) pages.push(`docs/${name}`);
  }
  const broken: string[] = [];
  for (const page of pages) {
    const text = await Deno.readTextFile(`${REPOSITORY}/${page}`);
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", fragment] = target.split("#");
      const file = new URL(path === "" ? page.split("/").at(-1)! : path, `file://${REPOSITORY}/${page}`);
      const found = await Deno.stat(file).catch(() => undefined);
      const isThere = found !== undefined &&
        (fragment === undefined || headings(await Deno.readTextFile(file)).includes(fragment));
      if (!isThere) broken.push(`${page}: ${target}`);
    }
  }
  assertEquals(broken, []);
});

/** The README's only block in a language. */
function block(language: string): string {
  const blocks = [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))];
  assertEquals(blocks.length, 1, `the README has one block of ${language}`);
  return blocks[0]![1]!;
}

/** Anchors of a page's headings. */
function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}
