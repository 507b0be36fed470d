/**
 * Tools that run as tasks.
 *
 * @module
 */
import { type McpServer, ProtocolError, ToolError } from "@perdure/mcp-tasks";
import { z } from "zod";
import { pause } from "../support/pause.ts";

const NOTHING = z.object({});
const NAME = z.object({ name: z.string() });
const CONFIRM = z.object({ confirm: z.boolean() });

/** Registers the tools of the Tasks extension's scenarios. */
export function registerTaskTools(server: McpServer): void {
  server.registerTool("greet", {
    description: "Greets, at once and never as a task.",
    inputSchema: NAME,
  }, ({ name }) => `Hello, ${name}!`);

  server.registerTool("slow_compute", {
    description: "Takes its time.",
    inputSchema: z.object({ seconds: z.number().min(0), label: z.string().optional() }),
    task: { support: "optional", repeatable: true, inlineMs: 100 },
  }, async ({ seconds, label }, ctx) => {
    await pause(seconds * 1000, ctx.signal);
    return `Computed ${label ?? "nothing in particular"} for ${seconds} s.`;
  });

  server.registerTool("failing_job", {
    description: "Fails after a second, as a tool.",
    inputSchema: NOTHING,
    task: { support: "required", repeatable: true },
  }, async (_args, ctx) => {
    await pause(1000, ctx.signal);
    throw new ToolError("The job failed, as it always does");
  });

  server.registerTool("protocol_error_job", {
    description: "Fails with a protocol error.",
    inputSchema: NOTHING,
    task: { support: "required", repeatable: true },
  }, () => {
    throw new ProtocolError(-32603, "The job broke, as it always does");
  });

  registerAskingTasks(server);
}

function registerAskingTasks(server: McpServer): void {
  server.registerTool("confirm_delete", {
    description: "Deletes nothing, after a confirmation.",
    inputSchema: z.object({ filename: z.string() }),
    task: { support: "required", repeatable: true },
  }, async ({ filename }, ctx) => {
    const answer = await ctx.elicit("confirm", {
      message: `Delete "${filename}"?`,
      schema: CONFIRM,
    });
    return answer.action === "accept" && answer.content.confirm
      ? `Deleted "${filename}".`
      : `Kept "${filename}".`;
  });

  server.registerTool("multi_input", {
    description: "Asks two things at the same time.",
    inputSchema: NOTHING,
    task: { support: "required", repeatable: true },
  }, async (_args, ctx) => {
    const answers = await Promise.all([
      ctx.elicit("name", { message: "What is your name?", schema: NAME }),
      ctx.elicit("confirm", { message: "Is that right?", schema: CONFIRM }),
    ]);
    return `Answers: ${JSON.stringify(answers)}`;
  });

  server.registerTool("test_tool_with_task", {
    description: "Asks for a name before the task, and greets in it.",
    inputSchema: NOTHING,
    task: {
      support: "required",
      repeatable: true,
      prepare: async (_args, ctx) => {
        const answer = await ctx.elicit("user_name", { message: "What is your name?", schema: NAME });
        return answer.action === "accept" ? answer.content.name : "stranger";
      },
    },
  }, (_args, ctx) => `Hello, ${ctx.prepared}!`);
}
