/**
 * A tool that runs as a part of other work: within the run of a workflow, not as a call of its own.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { runOf, scopeContext, type TaskContext } from "./context.ts";
import { settleContextOf } from "./executor.ts";
import { type Settled, settleError, settleValue } from "./settle.ts";
import type { ExecutableTool } from "./tool.ts";

/** Where `task.prepare` asks; no name of an author's has a `#`, so its questions stay apart from the handler's. */
const PREPARATION = "#prepare";

/**
 * Runs a tool with arguments that its schema has read. What it gives and throws is settled as in a call of its own.
 *
 * @param ctx A context for this call alone.
 * @throws {TaskAbortError} If the run was asked to stop and the tool gave nothing because of that.
 */
export async function callWithin(ctx: TaskContext, tool: ExecutableTool, args: unknown): Promise<Settled> {
  const context = settleContextOf(runOf(ctx), tool);
  const { inputTimeoutMs } = tool;
  let settled: Settled;
  try {
    const prepared = await prepareWithin(ctx, tool, args);
    const inner = scopeContext(ctx, { prepared, inputTimeoutMs });
    settled = await settleValue(await tool.handler?.(args, inner), context);
  } catch (error) {
    settled = settleError(error, context);
  }
  if (settled.hasThrown === true) ctx.signal.throwIfAborted();
  return settled;
}

async function prepareWithin(
  ctx: TaskContext,
  tool: ExecutableTool,
  args: unknown,
): Promise<JsonValue | undefined> {
  if (tool.prepare === undefined) return undefined;
  const { inputTimeoutMs } = tool;
  const { idempotencyKey } = ctx;
  const asking = scopeContext(ctx, { name: PREPARATION, idempotencyKey, inputTimeoutMs });
  const value = await tool.prepare(args, asking);
  return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
}
