import { McpServer } from "@perdure/mcp-tasks";
import type { StorageBackend } from "../../../src/store/backend.ts";
import { fromJsonSchema } from "@perdure/mcp-tasks";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "entry-points", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

interface Task {
  readonly taskId: string;
  readonly status: string;
  readonly result?: { readonly content: readonly { readonly text: string }[] };
}

/** Runs one task over a backend from the call to its result, and prints the result. */
export async function runTask(backend: StorageBackend): Promise<void> {
  const server = new McpServer({ name: "entry-points", version: "1.0.0" }, { backend, allowAnonymous: true });
  const inputSchema = fromJsonSchema({ type: "object", properties: { n: { type: "number" } } });
  server.registerTool("double", { inputSchema, task: { support: "required" } }, (input) => {
    return String((input as { n: number }).n * 2);
  });
  let task = await request(server, "tools/call", "double", { name: "double", arguments: { n: 21 } });
  while (task.status === "working") {
    await new Promise((resolve) => setTimeout(resolve, 5));
    task = await request(server, "tasks/get", task.taskId, { taskId: task.taskId });
  }
  console.log(`${backend.traits.name}: ${task.result?.content[0]?.text}`);
  await server.close();
  await backend.close();
}

async function request(server: McpServer, method: string, name: string, params: object): Promise<Task> {
  const response = await server.fetch(
    new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "host": "127.0.0.1",
        "mcp-method": method,
        "mcp-name": name,
        "mcp-protocol-version": "2026-07-28",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } }),
    }),
  );
  return (await response.json()).result;
}
