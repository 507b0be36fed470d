/**
 * A server for hosts that start it themselves, such as desktop applications: it is spoken to over its standard input
 * and output, and its tasks outlive it.
 *
 * A host runs it as `deno run -A examples/stdio.ts`. The tool `brew_tea` takes its time, and asks how strong the tea
 * should be if the call does not say. What a tool prints goes to the standard error, where hosts keep logs. Environment:
 * - `TASKS_KV`: Deno KV file that keeps the tasks; by default Deno's own place for this program.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { z } from "zod";

const file = Deno.env.get("TASKS_KV");
const STRENGTH = z.enum(["light", "strong"]);

const server = new McpServer(
  { name: "tea", version: "1.0.0" },
  file === undefined ? {} : { backend: denoKv(file) },
);

server.registerTool("brew_tea", {
  description: "Brews tea, cup by cup.",
  inputSchema: z.object({ cups: z.number().int().min(1).max(100), strength: STRENGTH.optional() }),
  task: { support: "optional", repeatable: true, pollIntervalMs: 100 },
}, async ({ cups, strength }, ctx) => {
  const taste = strength ?? await askStrength();
  for (let cup = 1; cup <= cups; cup++) {
    await ctx.step("pour", () => console.log(`attempt ${ctx.attempt}: pouring cup ${cup} of ${taste} tea`));
    await ctx.sleep("steep", taste === "strong" ? 100 : 50);
    await ctx.progress(cup, cups, `${cup} of ${cups} cups`);
  }
  return `${cups} cups of ${taste} tea`;

  async function askStrength(): Promise<z.infer<typeof STRENGTH>> {
    const message = "How strong should the tea be?";
    const answer = await ctx.elicit("strength", { message, schema: z.object({ strength: STRENGTH }) });
    return answer.action === "accept" ? answer.content.strength : "light";
  }
});

await server.serveStdio();
