/**
 * Workflow prompts with the official clients of both revisions: handed over, continued, answered, completed.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client";
// The package's exports lead type checkers to files that do not exist when a path ends in ".js".
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  GetTaskResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { argument, McpServer, output, ToolError, workflow } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { z } from "zod";
import { verifies } from "../support/requirements.ts";

interface Prompt {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly _meta?: Record<string, unknown>;
}

/** What both clients do here. */
interface Client {
  getPrompt(params: Record<string, unknown>): Promise<unknown>;
  callTool(params: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

/** A server with a pipeline whose first step fails the first time, and whose second one asks. */
function startServer(): {
  readonly url: string;
  readonly calls: string[];
  readonly stop: () => Promise<void>;
} {
  const server = new McpServer({ name: "workflows", version: "1.0.0" }, {
    backend: memory(),
    authenticate: () => ({ subject: "ada" }),
  });
  const calls: string[] = [];
  const text = z.object({ text: z.string() });
  server.registerTool("fetch", { inputSchema: text }, ({ text }) => {
    calls.push(`fetch ${text}`);
    if (calls.length === 1) throw new ToolError("the source is away");
    return `rows of ${text}`;
  });
  server.registerTool("approve", { inputSchema: text }, async ({ text }, ctx) => {
    calls.push(`approve ${text}`);
    const answer = await ctx.elicit("go", { message: "Go?", schema: z.object({ by: z.string() }) });
    return answer.action === "accept" ? `${text}, approved by ${answer.content.by}` : answer.action;
  });
  server.registerTool("store", { inputSchema: text }, ({ text }) => {
    calls.push(`store ${text}`);
    return `stored ${text}`;
  });
  server.registerWorkflow(
    workflow("pipeline", "copy the rows").task({ pollIntervalMs: 10 }).argument("source", "Where from")
      .step("fetch", "fetch").arg("text", argument("source")).bind("rows").retryable()
      .step("approve", "approve").arg("text", output("rows")).bind("approved")
      .step("store", "store").arg("text", output("approved")),
  );
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch);
  return {
    url: `http://127.0.0.1:${listener.addr.port}/mcp`,
    calls,
    stop: async () => {
      await server.close();
      await listener.shutdown();
    },
  };
}

const info = { name: "workflow-client", version: "1.0.0" };
const capabilities = { elicitation: { form: {} } };
const answer = { action: "accept" as const, content: { by: "Ada" } };

async function connectLegacy(url: string): Promise<LegacyClient> {
  const client = new LegacyClient(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => answer);
  await client.connect(new LegacyTransport(new URL(url)));
  return client;
}

async function connectModern(url: string): Promise<ModernClient> {
  const client = new ModernClient(info, {
    capabilities,
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  client.setRequestHandler("elicitation/create", () => answer);
  await client.connect(new ModernTransport(new URL(url)));
  return client;
}

async function goThrough(client: Client, url: string, calls: string[]): Promise<string> {
  const first = await client.getPrompt({ name: "pipeline", arguments: { source: "x" } }) as Prompt;
  const { task_id: taskId, task_status, pause_reason } = first._meta as Record<string, unknown>;
  assertEquals([task_status, (pause_reason as Record<string, unknown>).error], [
    "working",
    "the source is away",
  ]);
  const last = (first.messages.at(-1)!.content as { text: string }).text;
  assertMatch(last, /^Step 'fetch' failed: the source is away\. This step is retryable\.\n\nTo continue/);
  assertEquals(last.includes(String(taskId)), false);

  const _meta = { "io.perdure/taskId": taskId };
  const call = await client.callTool({ name: "fetch", arguments: { text: "y" }, _meta }) as Prompt;
  const recorded = call._meta?.["io.perdure/workflow"] as Record<string, unknown>;
  assertEquals(recorded.step, "fetch");
  // The server has gone on to the step that asks; the prompt with the task brings the question along.
  const done = await client.getPrompt({ name: "pipeline", arguments: { source: "x" }, _meta }) as Prompt;
  assertEquals((done._meta as Record<string, unknown>).task_status, "completed", JSON.stringify(done._meta));
  assertEquals(
    done.messages.at(-1)!.content,
    { type: "text", text: "Tool result:\n```\nstored rows of y, approved by Ada\n```" },
  );
  assertEquals(calls.filter((call) => !call.startsWith("approve")), [
    "fetch x",
    "fetch y",
    "store rows of y, approved by Ada",
  ]);
  assertMatch(url, /^http/);
  return String(taskId);
}

verifies(["INTG-04", "CONT-03"], "the official 2025-11-25 client goes through a workflow", async () => {
  const { url, calls, stop } = startServer();
  try {
    const client = await connectLegacy(url);
    const taskId = await goThrough(client as unknown as Client, url, calls);
    const task = await client.request({ method: "tasks/get", params: { taskId } }, GetTaskResultSchema);
    assertEquals(task.status, "completed");
    const result = await client.request({ method: "tasks/result", params: { taskId } }, CallToolResultSchema);
    assertEquals(result.structuredContent, { completed: true, steps_completed: 3 });
    await client.close();
  } finally {
    await stop();
  }
});

verifies("INTG-04", "the official 2026-07-28 client goes through a workflow", async () => {
  const { url, calls, stop } = startServer();
  try {
    const client = await connectModern(url);
    await goThrough(client as unknown as Client, url, calls);
    await client.close();
  } finally {
    await stop();
  }
});
