/**
 * The census as an MCP tool: slow work on real input, one directory at a time.
 *
 * @module
 */
import { type McpServer, ToolError } from "@perdure/mcp-tasks";
import { z } from "zod";
import { pause } from "../support/pause.ts";
import { type Census, countDirectory, EMPTY_CENSUS, mergeCensus } from "./count.ts";
import { toTable } from "./table.ts";
import { listDirectories } from "./walk.ts";

const Rows = z.array(z.object({ where: z.string(), lines: z.number() }));
const CensusSchema = z.object({
  languages: z.array(
    z.object({ language: z.string(), files: z.number(), lines: z.number(), bytes: z.number() }),
  ),
  longestFiles: Rows,
  longestFunctions: Rows,
});

/** Registers the tool `census`. It only reads, so it is safe to repeat. */
export function registerCensus(server: McpServer): void {
  server.registerTool("census", {
    description: "Counts the files, lines and bytes of a directory by language, and finds what is longest.",
    inputSchema: z.object({
      directory: z.string().describe("Path of the directory, on the machine of the server."),
      spreadMs: z.number().int().min(0).max(60_000).default(0)
        .describe("Takes at least this long, for those who want to watch."),
    }),
    outputSchema: CensusSchema,
    annotations: { readOnlyHint: true },
    // Always a task: a large tree takes minutes, and no client should hold a request open for that.
    task: { support: "required", repeatable: true, pollIntervalMs: 250 },
  }, async ({ directory, spreadMs }, ctx) => {
    const directories = await findDirectories(directory, ctx.signal);
    let census: Census = EMPTY_CENSUS;
    for (const [done, path] of directories.entries()) {
      await ctx.progress(
        done,
        directories.length,
        `${done}/${directories.length} ${nameOf(directory, path)}`,
      );
      census = mergeCensus(census, await countDirectory(directory, path));
      await pause(spreadMs / directories.length, ctx.signal);
    }
    await ctx.progress(
      directories.length,
      directories.length,
      `All ${directories.length} directories counted`,
    );
    return { content: [{ type: "text", text: toTable(census) }], structuredContent: { ...census } };
  });
}

async function findDirectories(directory: string, signal: AbortSignal): Promise<string[]> {
  try {
    return await listDirectories(directory, signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ToolError(`Cannot count "${directory}": no such directory`);
    }
    if (error instanceof Deno.errors.NotADirectory) {
      throw new ToolError(`Cannot count "${directory}": not a directory`);
    }
    throw error;
  }
}

function nameOf(root: string, path: string): string {
  return path === root ? "the top level" : path.slice(root.length + 1);
}
