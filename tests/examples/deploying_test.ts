/**
 * Does what the guide to deploying says, as far as it can be done here.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../examples/support/server_process.ts";
import { ModernClient } from "../interop/modern_client.ts";

const REPOSITORY = Deno.realPathSync(`${import.meta.dirname}/../..`);
const GUIDE = await Deno.readTextFile(`${REPOSITORY}/docs/deploying.md`);

Deno.test("deploying: the container's command serves with the permissions that it gives", async () => {
  const command = /^CMD (\[.*\])$/m.exec(GUIDE)?.[1];
  assert(command !== undefined, "the guide shows the command of a container");
  const [program, ...args]: string[] = JSON.parse(command);
  assertEquals(program, "deno");
  const [app, data] = [
    await Deno.makeTempDir({ prefix: "app-" }),
    await Deno.makeTempDir({ prefix: "data-" }),
  ];
  try {
    await Deno.writeTextFile(`${app}/main.ts`, programOver(`${data}/tasks.kv`));
    const imports = { "@perdure/mcp-tasks": "jsr:@perdure/mcp-tasks@^0.1" };
    const config = { imports, unstable: ["kv"], links: [REPOSITORY] };
    await Deno.writeTextFile(`${app}/deno.json`, JSON.stringify(config));
    const here = args.map((arg) =>
      arg.replace("/data", data).replace("0.0.0.0", "127.0.0.1").replace("8000", "0")
    );
    const server = await startServer(here, { cwd: app });
    try {
      const client = await ModernClient.connect(`${server.url}/mcp`);
      assertEquals((await client.run("greet", {})).status, "completed");
      assert((await Deno.stat(`${data}/tasks.kv`)).isFile, "the tasks are in the volume");
      await client.close();
    } finally {
      await server.stop();
    }
  } finally {
    for (const folder of [app, data]) await Deno.remove(folder, { recursive: true });
  }
});

function programOver(file: string): string {
  return `import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
const server = new McpServer({ name: "app", version: "1.0.0" }, {
  allowAnonymous: true,
  backend: denoKv(${JSON.stringify(file)}),
});
server.registerTool("greet", { task: { support: "required" } }, () => "Hello");
export default server;
`;
}
