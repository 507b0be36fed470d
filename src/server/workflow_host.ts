/**
 * The server, as its workflows see it: tools and resources, run within a workflow's run as they are run for clients.
 *
 * @module
 */
import type { CallToolResult } from "../protocol/content.ts";
import { type JsonObject, ProtocolError } from "../protocol/mod.ts";
import { callWithin, type Settled, type TaskContext, toErrorResult, ToolError } from "../execution/mod.ts";
import { randomName } from "../runtime.ts";
import type { ResourceOutcome, ToolCallOutcome, WorkflowHost, WorkflowTool } from "../workflow/mod.ts";
import type { RegisteredTool } from "./tool_registry.ts";
import type { Services } from "./services.ts";

/** Runs tools and reads resources of a server. */
export class ServerWorkflowHost implements WorkflowHost {
  readonly #services: Services;

  /** A host over the registries of `services`. */
  constructor(services: Services) {
    this.#services = services;
  }

  tool(name: string): WorkflowTool | undefined {
    const tool = this.#services.tools.get(name);
    return tool && toWorkflowTool(tool);
  }

  async callTool(name: string, args: JsonObject, ctx: TaskContext): Promise<ToolCallOutcome> {
    const tool = this.#services.tools.get(name);
    if (tool === undefined) return refused("unknown", `There is no tool "${name}"`);
    const { runs } = toWorkflowTool(tool);
    if (runs === "elsewhere") return refused("elsewhere", `Tool "${name}" has no handler in this process`);
    if (runs === "in_task" && !ctx.isTask) return refused("needs_task", `Tool "${name}" runs only as a task`);
    if (!this.#services.scopes.allows(ctx.auth, tool.scopes)) {
      return refused("forbidden", `The caller lacks a scope that tool "${name}" needs`);
    }
    // A copy: what a tool does to its arguments is not to change what the workflow knows.
    const read = await tool.readArgs(JSON.parse(JSON.stringify(args)));
    if (!read.ok) return refused("arguments", `Invalid arguments for tool "${name}": ${read.message}`);
    const settled = await callWithin(ctx, tool, read.value);
    return { kind: "result", result: toResult(settled), hasAskedInVain: settled.hasAskedInVain };
  }

  async readResource(uri: string, ctx: TaskContext): Promise<ResourceOutcome> {
    const found = this.#services.resources.find(uri);
    if (found === undefined) return { ok: false, error: NOT_FOUND };
    if (!this.#services.scopes.allows(ctx.auth, found.resource.config.scopes)) {
      return { ok: false, error: "The caller lacks a scope that the resource needs" };
    }
    try {
      const contents = await found.resource.read(uri, found.variables, ctx);
      return contents === undefined ? { ok: false, error: NOT_FOUND } : { ok: true, contents };
    } catch (error) {
      ctx.signal.throwIfAborted();
      return { ok: false, error: this.#toText(uri, error) };
    }
  }

  /** What the author meant for clients as it is; anything else as a fixed text, and the operator hears of it. */
  #toText(uri: string, error: unknown): string {
    if (error instanceof ToolError || error instanceof ProtocolError) return error.message;
    const { runtime, emit } = this.#services.options;
    const correlationId = randomName(runtime, 9);
    const message = `The resource "${uri}" threw (correlation id ${correlationId})`;
    emit({ type: "resource_threw", name: uri, message, error });
    return `The resource failed unexpectedly (correlation id ${correlationId})`;
  }
}

/** A registered tool as workflows see it. */
export function toWorkflowTool(tool: RegisteredTool): WorkflowTool {
  const { description, inputSchema } = tool.listing2026;
  return {
    name: tool.name,
    description,
    inputSchema: inputSchema as JsonObject,
    repeatable: tool.repeatable,
    runs: tool.handler === undefined
      ? "elsewhere"
      : tool.task.support === "required"
      ? "in_task"
      : "anywhere",
  };
}

const NOT_FOUND = "There is no such resource";

function refused(
  reason: (ToolCallOutcome & { kind: "refused" })["reason"],
  message: string,
): ToolCallOutcome {
  return { kind: "refused", reason, message };
}

/** A JSON-RPC error of the tool's is a failed call to a workflow: nobody called who could be answered with it. */
function toResult({ outcome }: Settled): CallToolResult {
  const result = outcome.kind === "result" ? outcome.result : toErrorResult(outcome.error.message);
  return result as unknown as CallToolResult;
}
