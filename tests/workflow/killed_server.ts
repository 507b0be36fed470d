/**
 * A server in a process of its own, for a test that kills it: `killed_server.ts <kv file> <ledger file> [step that hangs]…`.
 *
 * Every call of a tool is noted in the ledger. Steps that are named hang for ever.
 *
 * @module
 */
import { argument, McpServer, output, workflow } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { z } from "zod";

const [kvPath, ledgerPath, ...hanging] = Deno.args;
if (kvPath === undefined || ledgerPath === undefined) {
  throw new TypeError("Cannot start: no KV file or no ledger was named");
}

const server = new McpServer({ name: "killed", version: "1.0.0" }, {
  backend: denoKv(kvPath),
  leaseMs: 1000,
  authenticate: () => ({ subject: "ada" }),
});

const inputSchema = z.object({ text: z.string() });
for (
  const [name, task] of [["once", undefined], ["redo", { support: "optional", repeatable: true }]] as const
) {
  server.registerTool(name, { inputSchema, task }, async ({ text }) => {
    await Deno.writeTextFile(ledgerPath, `${name} ${text}\n`, { append: true });
    if (hanging.includes(`${name} ${text}`)) await new Promise(() => {});
    return `${text}+`;
  });
}
server.registerTool("judge", { inputSchema: inputSchema.extend({ verdict: z.string() }) }, () => "judged");

server.registerWorkflow(
  workflow("pipeline", "copy the rows").task().argument("source", "Where from")
    .step("first", "once").arg("text", argument("source")).bind("a")
    .step("second", "redo").arg("text", output("a")).bind("b")
    .step("third", "once").arg("text", output("b")).bind("c")
    .step("fourth", "judge").arg("text", output("c")),
);

Deno.serve({ hostname: "127.0.0.1", port: 0 }, server.fetch);
