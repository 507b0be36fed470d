/**
 * A server in a process of its own, for tests that kill it: `restart_server.ts <kv file> <ledger file>`.
 *
 * Its tool `apply` notes each step that it really runs in the ledger, and asks two questions.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { z } from "zod";

const [kvPath, ledgerPath] = Deno.args;
if (kvPath === undefined || ledgerPath === undefined) {
  throw new TypeError("Cannot start: no KV file or no ledger was named");
}

const server = new McpServer({ name: "restarting", version: "1.0.0" }, {
  backend: denoKv(kvPath),
  // A run that was not parked yet when its process was killed is taken over soon.
  leaseMs: 1000,
  authenticate: (request) => {
    const subject = /^Bearer (\w+)$/.exec(request.headers.get("Authorization") ?? "")?.[1];
    return subject === undefined ? undefined : { subject };
  },
});

server.registerTool("apply", {
  description: "Reserves a name, and asks what to do with it.",
  task: { support: "required", repeatable: true, parkAfterMs: 50, pollIntervalMs: 50 },
}, async (_args, ctx) => {
  const note = (text: string) => Deno.writeTextFile(ledgerPath, `${text}\n`, { append: true });
  await ctx.step("reserve", () => note("reserved"));
  const who = await ctx.elicit("name", { message: "Your name?", schema: z.object({ name: z.string() }) });
  if (who.action !== "accept") return who.action;
  await ctx.step("register", () => note(`registered ${who.content.name}`));
  const go = await ctx.elicit("publish", { message: "Publish?", schema: z.object({ ok: z.boolean() }) });
  return `${who.content.name}: ${go.action === "accept" && go.content.ok ? "published" : "kept"}`;
});

Deno.serve({ hostname: "127.0.0.1", port: 0 }, server.fetch);
