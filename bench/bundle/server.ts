/**
 * The smallest useful server: one tool that can be a task.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";

const server = new McpServer({ name: "greeter", version: "1.0.0" }, {
  allowAnonymous: true,
  backend: memory(),
});
server.registerTool("greet", { description: "Greets.", task: { support: "optional" } }, () => "Hello");

export default server;
