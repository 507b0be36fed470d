/**
 * The server that the official conformance suite judges: everything it calls by name, on one URL for both
 * protocol eras.
 *
 * Run: `deno run -A examples/conformance_server.ts --port 3000 [--kv tasks.kv]`, then
 * `deno task conformance --url http://127.0.0.1:3000/mcp`. Tasks are kept in memory unless `--kv` names
 * a file.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { memory } from "@perdure/mcp-tasks/memory";
import { registerAskingTools } from "./conformance/asking_tools.ts";
import { registerContentTools } from "./conformance/content_tools.ts";
import { registerInputRequiredTools } from "./conformance/input_required_tools.ts";
import { registerNotifyingTools } from "./conformance/notifying_tools.ts";
import { registerPrompts } from "./conformance/prompts.ts";
import { registerResources } from "./conformance/resources.ts";
import { registerSchemaTools } from "./conformance/schema_tools.ts";
import { registerTaskTools } from "./conformance/task_tools.ts";

/** Builds the server with all it exposes. */
export function createConformanceServer(kvPath?: string): McpServer {
  const server = new McpServer({ name: "conformance", version: "1.0.0" }, {
    allowAnonymous: true, // the suite has no credentials
    backend: kvPath === undefined ? memory() : denoKv(kvPath),
    onEvent: ({ type, message, error }) => console.error(`${type}: ${message}`, error ?? ""),
  });
  registerContentTools(server); // first: the suite calls the first listed tool without arguments
  registerNotifyingTools(server);
  registerSchemaTools(server);
  registerAskingTools(server);
  registerInputRequiredTools(server);
  registerTaskTools(server);
  registerPrompts(server);
  registerResources(server);
  return server;
}

if (import.meta.main) {
  const server = createConformanceServer(optionOf("--kv"));
  Deno.serve({ hostname: "127.0.0.1", port: Number(optionOf("--port") ?? 3000) }, server.fetch);
}

function optionOf(name: string): string | undefined {
  const index = Deno.args.indexOf(name);
  return index < 0 ? undefined : Deno.args[index + 1];
}
