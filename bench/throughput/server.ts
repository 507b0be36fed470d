/**
 * A server of one tool that adds: bare, Perdure's, or the official SDK's.
 *
 * Prints its port. A line on stdin is what the bare one answers from then on.
 *
 * @module
 */
import { z } from "zod";

type Handler = (request: Request) => Response | Promise<Response>;

const PARAMETERS = { a: z.number(), b: z.number() };
let answer = "";

/** What no server can do without: reading the body and answering. */
async function bare(request: Request): Promise<Response> {
  await request.text();
  return new Response(answer, { headers: { "content-type": "application/json" } });
}

async function perdure(): Promise<Handler> {
  const { McpServer } = await import("@perdure/mcp-tasks");
  const { memory } = await import("@perdure/mcp-tasks/memory");
  const server = new McpServer({ name: "bench", version: "1.0.0" }, {
    allowAnonymous: true,
    backend: memory(),
  });
  server.registerTool("add", { description: "Adds.", inputSchema: z.object(PARAMETERS) }, ({ a, b }) => {
    return String(a + b);
  });
  return server.fetch;
}

async function official(): Promise<Handler> {
  const { createMcpHandler, McpServer } = await import("@modelcontextprotocol/server");
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "bench", version: "1.0.0" });
    server.registerTool("add", { description: "Adds.", inputSchema: z.object(PARAMETERS) }, ({ a, b }) => {
      return { content: [{ type: "text", text: String(a + b) }] };
    });
    return server;
  });
  return (request) => handler.fetch(request);
}

const [kind] = Deno.args;
const handler = kind === "bare" ? bare : kind === "perdure" ? await perdure() : await official();
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, handler);
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) answer = line.trim();
