import { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { z } from "zod";

const server = new McpServer({ name: "bench", version: "1.0.0" }, {
  allowAnonymous: true,
  backend: memory(),
});
server.registerTool("add", {
  description: "Adds.",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
}, ({ a, b }) => String(a + b));

export default server;
