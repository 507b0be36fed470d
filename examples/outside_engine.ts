/**
 * A tool whose work is done by an engine outside: Temporal, Inngest, Step Functions, or a queue as here.
 *
 * The server registers the tool without a handler. `task.dispatch` hands each task to the engine; when the work
 * is done, whoever did it stores the outcome with `openExternalTasks({ backend }).finish(...)`, in any process that
 * reaches the store. No process of the server holds the task meanwhile: this program ends its server before the
 * engine starts, and a new one serves the result.
 *
 * Run: `deno run -A examples/outside_engine.ts`. It plays all parts by itself: the server, the queue (a directory), and
 * the engine, which is this program again in a process of its own. It prints what happens and ends with 1 if
 * something is not as it should be.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type DispatchedTask, McpServer, openExternalTasks } from "@perdure/mcp-tasks";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { z } from "zod";
import { callTool, getTask, untilTask } from "./support/mcp_call.ts";
import { runAgain, withTemporary } from "./support/own_process.ts";

/** The server: it writes what is to be done into the queue, and knows nothing of who does it. */
function createServer(folder: string): McpServer {
  const server = new McpServer({ name: "orders", version: "1.0.0" }, {
    allowAnonymous: true,
    backend: denoKv(`${folder}/tasks.kv`),
  });
  server.registerTool("ship", {
    description: "Ships an order.",
    inputSchema: z.object({ order: z.string() }),
    task: {
      support: "required",
      // Called again after a crash: under the same name, the queue has the task once.
      dispatch: (task) => Deno.writeTextFile(`${folder}/queue/${task.taskId}.json`, JSON.stringify(task)),
    },
  });
  return server;
}

/** The engine: it takes what is in the queue, works, and stores the outcomes. */
async function runEngine(folder: string): Promise<void> {
  const backend = denoKv(`${folder}/tasks.kv`);
  const tasks = openExternalTasks({ backend });
  for await (const { name } of Deno.readDir(`${folder}/queue`)) {
    const task: DispatchedTask = JSON.parse(await Deno.readTextFile(`${folder}/queue/${name}`));
    const { order } = task.args as { order: string };
    await tasks.finish(task, {
      kind: "result",
      result: { content: [{ type: "text", text: `${order} is on its way` }] },
    });
    console.log(`engine: finished task ${task.taskId}`);
  }
  await backend.close();
}

async function main(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/queue`);
  const first = createServer(folder);
  const { taskId, status } = await callTool(first, "ship", { order: "A-17" });
  console.log(`server: task ${taskId} is ${status}`);
  await untilTask(first, taskId, () => Array.from(Deno.readDirSync(`${folder}/queue`)).length === 1);
  await first.close();

  const { code } = await runAgain(import.meta.url, ["engine", folder]).status;
  assertEquals(code, 0);

  const second = createServer(folder);
  const task = await getTask(second, taskId);
  console.log(`a new server: task is ${task.status}: ${task.result?.content[0]?.text}`);
  assertEquals([task.status, task.result?.content[0]?.text], ["completed", "A-17 is on its way"]);
  await second.close();
}

if (import.meta.main) {
  const [role, folder] = Deno.args;
  if (role === "engine" && folder !== undefined) await runEngine(folder);
  else await withTemporary(main);
}
