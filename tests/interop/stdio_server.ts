/**
 * A server on standard input and output that runs, bundled, on any runtime.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { z } from "zod";

const server = new McpServer({ name: "stdio", version: "1.0.0" }, { backend: memory() });

server.registerTool("echo", { inputSchema: z.object({ text: z.string() }) }, ({ text }) => text);

server.registerTool("noisy", {}, () => {
  console.log("log");
  console.info("info");
  console.debug("debug");
  console.dir({ dir: true });
  console.table([{ table: true }]);
  console.group("group");
  console.groupEnd();
  console.count("count");
  console.time("time");
  console.timeLog("time");
  console.timeEnd("time");
  return "quiet";
});

server.registerTool("endless", { task: { support: "optional" } }, (_, ctx) => {
  console.error("started");
  return new Promise((_, reject) => {
    ctx.signal.addEventListener("abort", () => {
      console.error("aborted");
      reject(ctx.signal.reason);
    });
  });
});

server.registerTool("ask", { task: { support: "optional", pollIntervalMs: 20 } }, async (_, ctx) => {
  const answer = await ctx.elicit("name", { message: "Your name?", schema: z.object({ name: z.string() }) });
  return answer.action === "accept" ? `Hello, ${answer.content.name}!` : "Hello!";
});

await server.serveStdio();
console.error("served");
