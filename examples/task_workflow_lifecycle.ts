/**
 * The life of a workflow that is a task: a prompt runs its steps, the first one fails, the rest is handed over, and the
 * official client of 2025-11-25 continues it, tool call by tool call, until it is completed.
 *
 * The server runs what it can, each time it can: once the client has got the first step done, the server does the other
 * two by itself. A second run shows the other way to end one: the client says what came of it.
 *
 * Run: `deno run -A examples/task_workflow_lifecycle.ts`. It prints each stage, and ends with 1 if something is not as it
 * should be.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Client } from "@modelcontextprotocol/sdk/client";
// The package's exports lead type checkers to files that do not exist when a path ends in ".js".
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { CallToolResultSchema, CancelTaskResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { argument, McpServer, output, ToolError, workflow } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { z } from "zod";

stage("1: a server with three tools and a workflow");

/** Whether the source of the data can be reached. */
let isReachable = false;
/** What the tools did. */
const log: string[] = [];

const server = new McpServer({ name: "pipeline", version: "1.0.0" }, {
  allowAnonymous: true,
  backend: memory(),
});
const Rows = z.object({ rows: z.array(z.number()) });
server.registerTool("fetch_data", {
  description: "Fetches the rows of a source.",
  inputSchema: z.object({ source: z.string() }),
  outputSchema: Rows,
}, ({ source }) => {
  log.push(`fetch ${source}`);
  if (!isReachable) throw new ToolError(`Connection to ${source} refused`);
  return { rows: [3, 1, 2] };
});
server.registerTool("transform_data", {
  description: "Sorts rows.",
  inputSchema: z.object({ input: Rows }),
  outputSchema: Rows,
}, ({ input }) => {
  log.push("transform");
  return { rows: input.rows.toSorted() };
});
server.registerTool("store_data", {
  description: "Stores rows in the warehouse.",
  inputSchema: z.object({ data: Rows }),
}, ({ data }) => {
  log.push("store");
  return `${data.rows.length} rows stored, the largest is ${data.rows.at(-1)}`;
});
server.registerWorkflow(
  workflow("data_pipeline", "copy the data of a source into the warehouse")
    .argument("source", "Where the data is")
    .step("fetch", "fetch_data").arg("source", argument("source")).bind("raw_data").retryable()
    .step("transform", "transform_data").arg("input", output("raw_data")).bind("transformed")
    .step("store", "store_data").arg("data", output("transformed"))
    .task(),
);
console.log("tools: fetch_data, transform_data, store_data\nworkflow: data_pipeline, 3 steps, a task");

const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch);
const client = new Client({ name: "lifecycle", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${http.addr.port}/mcp`)));
try {
  await main();
} finally {
  await client.close();
  await server.close();
  await http.shutdown();
}

async function main(): Promise<void> {
  stage("2: prompts/get of data_pipeline with source=production_api");
  const prompt = await getPrompt({ source: "production_api" });

  stage("3: the hand-off");
  const { task_id: taskId, task_status, steps, pause_reason } = prompt._meta;
  console.log(`task_id: ${taskId}\ntask_status: ${task_status}`);
  for (const { name, status } of steps) console.log(`  ${name}: ${status}`);
  console.log(`pause_reason: ${JSON.stringify(pause_reason, null, 2)}`);
  prompt.messages.forEach(({ role, text }, i) => console.log(`[${i + 1}] ${role}:\n${text}\n`));
  assertEquals(task_status, "working");
  assertEquals(steps.map(({ status }) => status), ["failed", "pending", "pending"]);
  assertEquals([pause_reason?.type, pause_reason?.retryable], ["toolError", true]);
  assertEquals(prompt.messages.length, 5);
  assertEquals(JSON.stringify(prompt.messages).includes(taskId), false);

  stage("4: the client continues");
  const again = await callTool("fetch_data", { source: "production_api" }, taskId);
  console.log(`fetch_data, the source still away: isError ${again.isError}: ${textOf(again)}`);
  assertEquals(again.isError, true);
  isReachable = true;
  const done = await callTool("fetch_data", { source: "production_api" }, taskId);
  console.log(`fetch_data, the source is back: ${textOf(done)}`);
  assertEquals(log.slice(0, 3), Array(3).fill("fetch production_api"));

  stage("5: the server has done the rest");
  // It works behind its answers: the result is waited for.
  const result = await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
  const task = await client.experimental.tasks.getTask(taskId);
  console.log(`status: ${task.status}\ntasks/result: ${JSON.stringify(result, null, 2)}`);
  assertEquals(task.status, "completed");
  assertEquals(log.slice(3), ["transform", "store"]);
  const whole = await getPrompt({ source: "production_api" }, taskId);
  console.log(
    `the prompt, asked for with its task: ${whole.messages.length} messages, it tells all and runs nothing`,
  );
  assertEquals([whole._meta.task_status, log.length], ["completed", 5]);

  stage("6: another run, ended by tasks/cancel with a result");
  isReachable = false;
  const other = await getPrompt({ source: "archive" });
  const params = {
    taskId: other._meta.task_id,
    result: { content: [{ type: "text", text: "taken from a backup" }] },
  };
  const ended = await client.request({ method: "tasks/cancel", params }, CancelTaskResultSchema);
  const said = await client.experimental.tasks.getTaskResult(ended.taskId, CallToolResultSchema);
  console.log(`status: ${ended.status}\ntasks/result: ${JSON.stringify(said, null, 2)}`);
  assertEquals([ended.status, textOf(said)], ["completed", "taken from a backup"]);

  console.log("\n=== Summary ===\n");
  console.log("a prompt made a task and ran the steps it could");
  console.log("a failed step did not fail the task: it was handed over, with the reason");
  console.log("a failed call was recorded as one, and the next one of the same tool put it right");
  console.log("the steps behind it were run by the server as soon as they had what they need");
  console.log("the workflow was completed when its last step was, and the other one by its client");
}

interface Prompt {
  readonly messages: readonly { readonly role: string; readonly text: string }[];
  readonly _meta: {
    readonly task_id: string;
    readonly task_status: string;
    readonly steps: readonly { readonly name: string; readonly status: string }[];
    readonly pause_reason?: { readonly type: string; readonly retryable?: boolean };
  };
}

/** Asks for the prompt; with a task, for that run of it. */
async function getPrompt(args: Record<string, string>, taskId?: string): Promise<Prompt> {
  const { messages, _meta } = await client.getPrompt({
    name: "data_pipeline",
    arguments: args,
    ...(taskId === undefined ? {} : { _meta: { "io.perdure/taskId": taskId } }),
  });
  return {
    messages: messages.map(({ role, content }) => ({
      role,
      text: content.type === "text" ? content.text : "",
    })),
    _meta: _meta as unknown as Prompt["_meta"],
  };
}

/** A tool call that goes on with a workflow. */
async function callTool(name: string, args: Record<string, string>, taskId: string) {
  const _meta = { "io.perdure/taskId": taskId };
  return CallToolResultSchema.parse(await client.callTool({ name, arguments: args, _meta }));
}

function textOf({ content: [first] }: z.infer<typeof CallToolResultSchema>): string {
  return first?.type === "text" ? first.text : "";
}

function stage(title: string): void {
  console.log(`\n=== Stage ${title} ===\n`);
}
