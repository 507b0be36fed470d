/**
 * What parked tasks cost the process that parked them: nothing.
 *
 * Run with `--v8-flags=--expose-gc`. Parks many tasks on a KV file, then compares the heap after a collection with the
 * heap before, and looks for the tasks' ids in a snapshot of the heap.
 *
 * @module
 */
import v8 from "node:v8";
import { z } from "zod";
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { collectGarbage, concurrently } from "./support.ts";

const TASKS = Number(Deno.args[0] ?? 10_000);
const WARM_UP = 2000;
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {
    elicitation: {},
    extensions: { "io.modelcontextprotocol/tasks": {} },
  },
};

async function create(server: McpServer): Promise<string> {
  const response = await server.fetch(
    new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "approve",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "approve", _meta: META },
      }),
    }),
  );
  return (await response.json()).result.taskId;
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Deno.memoryUsage().heapUsed;
}

async function untilParked(parked: () => number, count: number): Promise<void> {
  while (parked() < count) await new Promise((resolve) => setTimeout(resolve, 100));
}

const directory = await Deno.makeTempDir();
const server = new McpServer({ name: "bench", version: "1.0.0" }, {
  allowAnonymous: true,
  backend: denoKv(`${directory}/tasks.kv`),
  parkAfterMs: 1,
  limits: { anonymousActive: 1_000_000, anonymousRetained: 1_000_000, createsPerMinute: 1_000_000 },
});
let parked = 0;
server.registerTool("approve", { task: { support: "required", repeatable: true } }, async (_args, ctx) => {
  ctx.signal.addEventListener("abort", () => parked++, { once: true });
  const answer = await ctx.elicit("go", { message: "Go?", schema: z.object({ ok: z.boolean() }) });
  return answer.action;
});

// Code is compiled and caches are filled before anything is counted.
await concurrently(32, WARM_UP, () => create(server));
await untilParked(() => parked, WARM_UP);
const before = await heapUsed();

await concurrently(32, TASKS, async () => {
  await create(server);
});
await untilParked(() => parked, WARM_UP + TASKS);
const after = await heapUsed();
const growth = (after - before) / before;
console.log(
  `heap after parking ${TASKS} tasks: ${(growth * 100).toFixed(1)} % over ${
    (before / 1e6).toFixed(1)
  } MB (goal at most 5 %: ${growth <= 0.05 ? "reached" : "MISSED"})`,
);

const snapshot = `${directory}/heap.json`;
v8.writeHeapSnapshot(snapshot);
const text = await Deno.readTextFile(snapshot);
const ids = text.match(/"[0-9A-HJKMNP-TV-Z]{36}"/g) ?? [];
console.log(`task ids found in the heap: ${new Set(ids).size} of ${TASKS}`);
await server.close();
await Deno.remove(directory, { recursive: true });
