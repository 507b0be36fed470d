/**
 * A server with one slow tool that clients of both protocol eras can run as a durable task.
 *
 * Run: `deno serve -A --host 127.0.0.1 --port 8000 examples/tasks_basic.ts`. The tool `census` counts a
 * directory of this machine, one durable step for each directory in it, and reports its progress.
 * `deno task demo` shows it at work. Environment:
 * - `TASKS_KV`: Deno KV file that keeps the tasks; by default Deno's own place for this program.
 * - `TASKS_LEASE_MS`: after how long a lost process shows; 30 seconds by default.
 * - `CENSUS_LOG`: file that gets a line for each directory really counted.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { registerCensus } from "./census/tool.ts";

const file = Deno.env.get("TASKS_KV");
const leaseMs = Deno.env.get("TASKS_LEASE_MS");
const log = Deno.env.get("CENSUS_LOG");

const server: McpServer = new McpServer({ name: "tasks-basic", version: "1.0.0" }, {
  allowAnonymous: true, // fit for loopback: who knows a task's id owns it
  ...(file === undefined ? {} : { backend: denoKv(file) }),
  ...(leaseMs === undefined ? {} : { leaseMs: Number(leaseMs) }),
});
registerCensus(server, {
  onCounted: async (taskId, path) => {
    if (log !== undefined) await Deno.writeTextFile(log, `${taskId} ${path}\n`, { append: true });
  },
});

export default server;
