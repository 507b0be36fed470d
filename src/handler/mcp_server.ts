/**
 * The server authors use: what they register, behind one fetch handler.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import type { ScanReport } from "../execution/mod.ts";
import { type CloseOptions, ServerCore, type TaskAccess } from "../server/server_core.ts";
import type { ServerCoreOptions } from "../server/options.ts";
import type { ListChange } from "../server/list_changes.ts";
import type { PromptConfig, PromptHandler } from "../server/prompt_registry.ts";
import type { ResourceConfig, ResourceHandler } from "../server/resource_registry.ts";
import type { ToolConfig, ToolHandler } from "../server/tool_config.ts";
import type { WorkflowSource } from "../workflow/mod.ts";
import { systemRuntime } from "../runtime.ts";
import { createFetchHandler, type FetchHandler } from "./fetch_handler.ts";
import { type FetchHandlerOptions, resolveOptions } from "./options.ts";
import { openStdio, type StdioContext, type StdioOptions } from "./stdio.ts";

/** Options of {@linkcode McpServer}. */
export interface McpServerOptions
  extends ServerCoreOptions, Omit<FetchHandlerOptions, "runtime" | "onEvent"> {}

/**
 * An MCP server for clients of 2025-11-25 and 2026-07-28, whose slow tools are durable tasks.
 *
 * @example A server with one tool
 * ```ts
 * import { McpServer } from "@perdure/mcp-tasks";
 * import { memory } from "@perdure/mcp-tasks/memory";
 *
 * const server = new McpServer({ name: "greeter", version: "1.0.0" }, {
 *   allowAnonymous: true,
 *   backend: memory(),
 * });
 * server.registerTool("greet", { description: "Greets.", task: { support: "optional" } }, () => "Hello");
 * export default server;
 * ```
 */
export class McpServer {
  readonly #core: ServerCore;
  readonly #stdio: StdioContext;
  /** How to end the pipes that are served. */
  readonly #pipes = new Set<() => Promise<void>>();

  /** Answers requests; give it to `Deno.serve`, Bun, a Worker or a framework as it is. */
  readonly fetch: FetchHandler;

  /** Tasks, for code outside of tool handlers. */
  readonly tasks: TaskAccess;

  /**
   * A server.
   *
   * @param info Name and version, told to clients.
   * @throws {TypeError} Without a backend where the runtime has no default one; the message shows the line to write.
   * @throws {RangeError} If an option is out of its bounds.
   */
  constructor(info: Implementation, options: McpServerOptions = {}) {
    this.#core = new ServerCore(info, options);
    this.tasks = this.#core.tasks;
    this.fetch = createFetchHandler(this.#core, {
      ...options,
      onEvent: (event) => options.onEvent?.({ ...event, message: `HTTP handler: ${event.type}` }),
    });
    this.#stdio = {
      dispatcher: this.#core,
      limits: resolveOptions(options),
      runtime: options.runtime ?? systemRuntime,
      onEvent: (event) => options.onEvent?.({ ...event, message: `stdio: ${event.type}` }),
    };
  }

  /**
   * Serves the client at the other end of this process's standard input and output, or of the streams given: messages of
   * both revisions, one a line. Resolves when the client has closed the pipe, or the server was closed; the process then
   * ends by itself, if nothing else goes on in it.
   *
   * While it serves the standard streams, the console writes on the standard error only.
   *
   * @throws {TypeError} If only one direction is given, somebody else reads or writes it, the runtime has no standard
   * streams, or tasks cannot belong to the principal.
   * @throws {RangeError} If `graceMs` is not a whole number of at least 0.
   * @throws {ProtocolError} If the principal lacks a scope that every request needs.
   */
  async serveStdio(options: StdioOptions = {}): Promise<void> {
    const { pipe, closeServer, graceMs } = openStdio(this.#stdio, options);
    const endPipe = () => pipe.end(graceMs);
    this.#pipes.add(endPipe);
    try {
      await pipe.run(graceMs);
      if (closeServer) await this.close({ graceMs });
    } finally {
      this.#pipes.delete(endPipe);
      await endPipe();
    }
  }

  /**
   * Adds a tool. Without a handler its tasks wait for a worker or an outside engine.
   *
   * @param handler Gets the arguments as the schema read them, and the context. It returns a text, a call
   * result, or, with `outputSchema`, the structured value; what it throws is the call's outcome.
   * @throws {TypeError} If the name is taken or not 1 to 128 of `A-Z a-z 0-9 _ - .`, or a schema cannot be listed.
   */
  registerTool<Args = Record<string, never>>(
    name: string,
    config: ToolConfig<Args>,
    handler?: ToolHandler<Args>,
  ): void {
    this.#core.registerTool(name, config, handler);
  }

  /**
   * Adds a prompt.
   *
   * @param handler Gets the arguments as the schema read them, and the context, which can ask. It returns a text
   * of the user's, or messages.
   * @throws {TypeError} If the name is taken, empty or over 256 characters, or the schema is not an object of texts.
   */
  registerPrompt<Args = Record<string, never>>(
    name: string,
    config: PromptConfig<Args>,
    handler: PromptHandler<Args>,
  ): void {
    this.#core.registerPrompt(name, config, handler);
  }

  /**
   * Adds a workflow: a prompt whose steps the server runs as far as it can, and whose answer tells the client's model
   * what was done and how to go on. Register the tools that it calls first.
   *
   * @param source A definition, or what {@linkcode workflow} builds.
   * @throws {InvalidWorkflowError} Naming every fault of the workflow.
   * @throws {TypeError} If the name is taken, empty or over 256 characters.
   */
  registerWorkflow(source: WorkflowSource): void {
    this.#core.registerWorkflow(source);
  }

  /**
   * Adds a resource, or with `{name}` or `{+name}` in the URI a template of resources.
   *
   * @param handler Gets the URI, the template's variables and the context. It returns a text, bytes, contents, or
   * nothing where there is no such resource. Check what the variables name before you open it.
   * @throws {TypeError} If the URI is taken or malformed.
   */
  registerResource(name: string, uri: string, config: ResourceConfig, handler: ResourceHandler): void {
    this.#core.registerResource(name, uri, config, handler);
  }

  /** Tells clients that listen in this process that a list changed. Registering something does so by itself. */
  sendListChanged(list: ListChange): void {
    this.#core.sendListChanged(list);
  }

  /** Tells clients that subscribed in this process that a resource changed. */
  sendResourceUpdated(uri: string): void {
    this.#core.sendResourceUpdated(uri);
  }

  /**
   * Looks once for tasks whose process was lost, whose wait is over, or that have expired: for platforms where a
   * cron calls, because no timer lives.
   *
   * @throws {StorageUnavailableError} If the store is away.
   */
  recover(): Promise<ScanReport> {
    return this.#core.recover();
  }

  /**
   * Takes no more work, waits for what runs, and closes the store. Repeatable tasks are handed back to other
   * processes at once; others may finish within the grace, and are found lost after it. Pipes that are served end.
   */
  async close(options?: CloseOptions): Promise<void> {
    await this.#core.close(options);
    await Promise.all([...this.#pipes].map((endPipe) => endPipe()));
  }
}
