/**
 * The census as an MCP tool: slow work on real input, one durable step for each directory.
 *
 * The list of directories is a step too: a later attempt works on the list of the first one, whatever has changed in
 * the tree since.
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

/** Options of {@linkcode registerCensus}. */
export interface CensusOptions {
  /** Told of each directory that is really counted, and not read from the record. */
  readonly onCounted?: (taskId: string, path: string) => void | Promise<void>;
}

/** Steps of one task at most; a tree with more directories has several of them counted in one step. */
const MAX_STEPS = 2000;

/** How many of `length` directories are counted in one step. */
export function directoriesPerStep(length: number): number {
  return Math.max(1, Math.ceil(length / MAX_STEPS));
}

/** Registers the tool `census`. It only reads, so it is safe to repeat. */
export function registerCensus(server: McpServer, { onCounted }: CensusOptions = {}): void {
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
    await assertDirectory(directory);
    const directories = await ctx.step("list", () => listDirectories(directory, ctx.signal));
    const { length } = directories;
    const perStep = directoriesPerStep(length);
    let census: Census = EMPTY_CENSUS;
    for (let done = 0; done < length; done += perStep) {
      const paths = directories.slice(done, done + perStep);
      let isFresh = false;
      const counted = await ctx.step("count", async () => {
        isFresh = true;
        return await countAll(directory, paths, (path) => onCounted?.(ctx.taskId, path));
      });
      census = mergeCensus(census, counted);
      // What comes from the record takes no time, and has been reported already.
      if (!isFresh) continue;
      const reached = done + paths.length;
      await ctx.progress(reached, length, `${reached}/${length} ${nameOf(directory, paths.at(-1)!)}`);
      await pause(spreadMs * paths.length / length, ctx.signal);
    }
    await ctx.progress(length, length, `All ${length} directories counted`);
    return { content: [{ type: "text", text: toTable(census) }], structuredContent: { ...census } };
  });
}

async function countAll(
  root: string,
  paths: readonly string[],
  onCounted: (path: string) => void | Promise<void>,
): Promise<Census> {
  let census: Census = EMPTY_CENSUS;
  for (const path of paths) {
    census = mergeCensus(census, await countDirectory(root, path));
    await onCounted(path);
  }
  return census;
}

async function assertDirectory(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    throw new ToolError(`Cannot count "${path}": no such directory`);
  }
  throw new ToolError(`Cannot count "${path}": not a directory`);
}

function nameOf(root: string, path: string): string {
  return path === root ? "the top level" : path.slice(root.length + 1);
}
