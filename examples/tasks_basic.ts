/**
 * A server with one slow tool that clients of both protocol eras can run as a durable task.
 *
 * Run: `deno serve -A --host 127.0.0.1 --port 8000 examples/tasks_basic.ts`. The tool `census` counts a
 * directory of this machine and reports its progress. Tasks are kept in the Deno KV file named by
 * `TASKS_KV`, or in Deno's own place for this program. `deno task demo` shows it at work.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { registerCensus } from "./census/tool.ts";

const file = Deno.env.get("TASKS_KV");

const server: McpServer = new McpServer({ name: "tasks-basic", version: "1.0.0" }, {
  allowAnonymous: true, // fit for loopback: who knows a task's id owns it
  ...(file === undefined ? {} : { backend: denoKv(file) }),
});
registerCensus(server);

export default server;
