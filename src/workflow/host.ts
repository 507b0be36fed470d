/**
 * What workflows need of the server they are registered with.
 *
 * @module
 */
import type { CallToolResult, JsonObject, ResourceContents } from "../protocol/mod.ts";
import type { TaskContext } from "../execution/mod.ts";

/** A tool as workflows see it. */
export interface WorkflowTool {
  /** Name. */
  readonly name: string;
  /** What it does. */
  readonly description?: string;
  /** JSON Schema of its arguments, as it is listed. */
  readonly inputSchema: JsonObject;
  /** Whether a lost call may be made again. */
  readonly repeatable: boolean;
  /** Where it can run: anywhere, only as part of a task, or never in this process (it has no handler here). */
  readonly runs: "anywhere" | "in_task" | "elsewhere";
}

/**
 * What came of a tool call.
 *
 * `refused`: the tool was not run. `arguments`: its input schema does not take them. `needs_task`: it runs only as a
 * task. `elsewhere`: it has no handler in this process. `unknown`: there is no such tool. `forbidden`: the caller lacks
 * a scope that it needs.
 */
export type ToolCallOutcome =
  | {
    readonly kind: "result";
    /** Failures are results as well, with `isError: true`. */
    readonly result: CallToolResult;
    /** It failed because it asked what the client did not declare that it can be asked. */
    readonly hasAskedInVain?: boolean;
  }
  | {
    readonly kind: "refused";
    readonly reason: "arguments" | "needs_task" | "elsewhere" | "unknown" | "forbidden";
    /** Why, for people. */
    readonly message: string;
  };

/** What came of reading a resource. */
export type ResourceOutcome =
  | { readonly ok: true; readonly contents: readonly ResourceContents[] }
  | { readonly ok: false; readonly error: string };

/** A server, to its workflows. */
export interface WorkflowHost {
  /** A tool by its name. */
  tool(name: string): WorkflowTool | undefined;
  /**
   * Runs a tool as a call from outside would run it: the same schema reads its arguments, and what it throws is
   * settled alike. Give it a context of its own (`scopeContext`), so that its steps and questions stay apart
   * from those of other steps.
   *
   * @throws {TaskAbortError} If the work was asked to stop: what the tool still gives says nothing then.
   */
  callTool(name: string, args: JsonObject, ctx: TaskContext): Promise<ToolCallOutcome>;
  /**
   * Reads a resource. What its handler throws is an outcome.
   *
   * @throws {TaskAbortError} If the work was asked to stop.
   */
  readResource(uri: string, ctx: TaskContext): Promise<ResourceOutcome>;
}
