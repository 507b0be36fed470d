/**
 * Tools that report while they work: progress, log messages, changed lists; and one whose client is away meanwhile.
 *
 * @module
 */
import type { McpServer } from "@perdure/mcp-tasks";
import { z } from "zod";
import { pause } from "../support/pause.ts";

const NOTHING = z.object({});
const STEP_MS = 50;

/** Registers the tools that notify. */
export function registerNotifyingTools(server: McpServer): void {
  server.registerTool("test_tool_with_progress", {
    description: "Reports progress 0, 50 and 100 of 100.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    for (const done of [0, 50, 100]) {
      await ctx.progress(done, 100);
      await pause(STEP_MS, ctx.signal);
    }
    return "Progress reported.";
  });

  for (const name of ["test_tool_with_logging", "test_logging_tool"]) {
    server.registerTool(name, {
      description: "Logs three messages.",
      inputSchema: NOTHING,
    }, async (_args, ctx) => {
      for (const what of ["execution started", "processing data", "execution completed"]) {
        ctx.log("info", `Tool ${what}`);
        await pause(STEP_MS, ctx.signal);
      }
      return "Messages logged.";
    });
  }

  for (const [kind, list] of [["tool", "tools"], ["prompt", "prompts"]] as const) {
    server.registerTool(`test_trigger_${kind}_change`, {
      description: `Tells listening clients that the list of ${list} changed.`,
      inputSchema: NOTHING,
    }, () => {
      server.sendListChanged(list);
      return `Told of a change of ${list}.`;
    });
  }

  server.registerTool("test_reconnection", {
    description: "Closes its stream before it is done: the client comes back for the result.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    await ctx.closeStream();
    await pause(STEP_MS, ctx.signal);
    return "Reconnected.";
  });
}
