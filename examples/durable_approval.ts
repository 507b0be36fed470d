/**
 * A tool that waits for a person without a process: it asks for approval, is parked, and goes on after a restart.
 *
 * Because the tool is repeatable, it leaves its process when the answer takes longer than `parkAfterMs`. Nothing is
 * held in memory then. When the answer comes, on whatever process, the function is run again from the top: finished
 * steps give back what is recorded, and so does the question.
 *
 * Run: `deno run -A examples/durable_approval.ts`. It starts a first process that asks and is gone, finds out that
 * nothing runs, starts a second server in this process, answers, and checks that each step ran once. It prints what
 * happens and ends with 1 if something is not as it should be.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { McpServer } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { z } from "zod";
import { answer, callTool, getTask, hasEnded, untilTask } from "./support/mcp_call.ts";
import { runAgain, withTemporary } from "./support/own_process.ts";

function createServer(folder: string): McpServer {
  const server = new McpServer({ name: "payments", version: "1.0.0" }, {
    allowAnonymous: true,
    backend: denoKv(`${folder}/tasks.kv`),
  });
  const note = (text: string) => Deno.writeTextFile(`${folder}/ledger.txt`, `${text}\n`, { append: true });

  server.registerTool("pay", {
    description: "Pays an invoice once somebody has approved it.",
    inputSchema: z.object({ euros: z.number().positive() }),
    task: { support: "required", repeatable: true, parkAfterMs: 200, ttlMs: 24 * 60 * 60 * 1000 },
  }, async ({ euros }, ctx) => {
    const invoice = await ctx.step("reserve", async () => {
      await note(`reserved ${euros}`);
      return "INV-1";
    });
    const approval = await ctx.elicit("approve", {
      message: `Pay ${euros} euros for ${invoice}?`,
      schema: z.object({ ok: z.boolean(), by: z.string() }),
    });
    if (approval.action !== "accept" || !approval.content.ok) return `${invoice} is not paid`;
    await ctx.step("pay", () => note(`paid ${euros}`));
    return `${invoice} is paid, approved by ${approval.content.by}`;
  });
  return server;
}

/** The first process: it lives until the task is parked, and ends without closing anything. */
async function ask(folder: string): Promise<void> {
  const server = createServer(folder);
  const { taskId } = await callTool(server, "pay", { euros: 120 });
  const task = await server.tasks.open(undefined, taskId);
  await untilTask(server, taskId, async () => (await task.get()).exec.phase === "parked");
  console.log(`process ${Deno.pid}: task ${taskId} asks and is parked; this process ends`);
  await Deno.writeTextFile(`${folder}/task_id`, taskId);
  Deno.exit(0);
}

async function main(folder: string): Promise<void> {
  const { code } = await runAgain(import.meta.url, ["ask", folder]).status;
  assertEquals(code, 0);
  const taskId = await Deno.readTextFile(`${folder}/task_id`);

  const server = createServer(folder);
  const { status, inputRequests } = await getTask(server, taskId);
  console.log(`process ${Deno.pid}: task is ${status}: ${inputRequests?.approve?.params.message}`);
  assertEquals(status, "input_required");

  await answer(server, taskId, "approve", { ok: true, by: "Ada" });
  const task = await untilTask(server, taskId, hasEnded);
  console.log(`process ${Deno.pid}: task is ${task.status}: ${task.result?.content[0]?.text}`);
  assertEquals(task.result?.content[0]?.text, "INV-1 is paid, approved by Ada");
  assertEquals(await Deno.readTextFile(`${folder}/ledger.txt`), "reserved 120\npaid 120\n");
  await server.close();
}

if (import.meta.main) {
  const [role, folder] = Deno.args;
  if (role === "ask" && folder !== undefined) await ask(folder);
  else await withTemporary(main);
}
