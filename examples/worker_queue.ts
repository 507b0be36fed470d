/**
 * A tool whose work is done by workers: processes without HTTP, as many as you like.
 *
 * The server registers the tool without a handler; its tasks wait in the store. Each worker takes them under the same
 * leases, steps and recovery as a server does: here the worker that runs a task is killed with -9, and another one
 * takes the task over and finishes it, without doing the first step again.
 *
 * Run: `deno run -A examples/worker_queue.ts`. It starts the workers itself, as processes of their own. It prints what
 * happens and ends with 1 if something is not as it should be.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { createWorker, McpServer, type TaskContext, type ToolConfig } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { z } from "zod";
import { callTool, hasEnded, untilTask } from "./support/mcp_call.ts";
import { runAgain, withTemporary } from "./support/own_process.ts";

interface Args {
  readonly pages: number;
}

/** What server and workers both know of the tool. */
const RENDER: ToolConfig<Args> = {
  description: "Renders a document.",
  inputSchema: z.object({ pages: z.number().int().min(1).max(100) }),
  task: { support: "required", repeatable: true },
};

/** A lost worker shows after a second instead of half a minute, so that this program is quick. */
const LEASE_MS = 1000;

async function work(folder: string): Promise<void> {
  const note = (text: string) =>
    Deno.writeTextFile(`${folder}/log`, `${Deno.pid} ${text}\n`, { append: true });
  const render = async ({ pages }: Args, ctx: TaskContext) => {
    await ctx.step("fonts", () => note("fonts"));
    await note("rendering");
    await ctx.sleep("render", 1500);
    return `${pages} pages, attempt ${ctx.attempt}`;
  };
  createWorker({
    backend: denoKv(`${folder}/tasks.kv`),
    namespace: "documents",
    leaseMs: LEASE_MS,
    scanMs: 200,
    tools: { render: { ...RENDER, handler: render } },
  });
  await new Promise(() => {}); // until the process is ended
}

async function main(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/log`, "");
  const lines = () => Deno.readTextFileSync(`${folder}/log`).split("\n").filter((line) => line !== "");
  const server = new McpServer({ name: "documents", version: "1.0.0" }, {
    allowAnonymous: true,
    backend: denoKv(`${folder}/tasks.kv`),
    leaseMs: LEASE_MS,
  });
  server.registerTool("render", RENDER);
  const workers = [1, 2].map(() => runAgain(import.meta.url, ["work", folder]));
  try {
    const { taskId, status } = await callTool(server, "render", { pages: 3 });
    console.log(`server ${Deno.pid}: task ${taskId} is ${status}`);
    await untilTask(server, taskId, () => lines().some((line) => line.endsWith("rendering")));
    const first = workers.find(({ pid }) => lines()[0]?.startsWith(`${pid} `));
    console.log(`worker ${first?.pid}: runs the task; kill -9`);
    first?.kill("SIGKILL");
    const task = await untilTask(server, taskId, hasEnded);
    console.log(`server ${Deno.pid}: task is ${task.status}: ${task.result?.content[0]?.text}`);
    assertEquals(task.result?.content[0]?.text, "3 pages, attempt 2");
    const other = workers.find((worker) => worker !== first);
    assertEquals(lines(), [`${first?.pid} fonts`, `${first?.pid} rendering`, `${other?.pid} rendering`]);
  } finally {
    for (const worker of workers) {
      try {
        worker.kill("SIGKILL");
      } catch {
        // The killed one is gone already.
      }
      await worker.status;
    }
    await server.close();
  }
}

if (import.meta.main) {
  const [role, folder] = Deno.args;
  if (role === "work" && folder !== undefined) await work(folder);
  else await withTemporary(main);
}
