/**
 * The official client of the 2025-11-25 era, `@modelcontextprotocol/sdk` with its experimental tasks,
 * cut down to what a host does with tasks.
 *
 * It adds no behaviour: each method is one call of the official client, apart from
 * {@linkcode LegacyClient.waitForTask}, which polls as the server suggests.
 *
 * @module
 */
import { Client } from "@modelcontextprotocol/sdk/client";
// The package's exports lead type checkers to files that do not exist when a path ends in ".js".
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport, type StdioServerParameters } from "@modelcontextprotocol/sdk/client/stdio.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/client/auth"
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  type CallToolResult,
  CallToolResultSchema,
  CreateTaskResultSchema,
  type ElicitRequestParams,
  ElicitRequestSchema,
  type ElicitResult,
  type Progress,
  type Task,
  TaskStatusNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

export type { CallToolResult, ElicitRequestParams, ElicitResult, Progress, Task };

/** Options for {@linkcode LegacyClient.connect}. */
export interface LegacyClientOptions {
  /** Headers of every request, for example `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Gets tokens, if the server asks for one. */
  readonly authProvider?: OAuthClientProvider;
  /** Answers form elicitations. Without it the client does not declare the capability. */
  readonly onElicit?: (params: ElicitRequestParams) => ElicitResult | Promise<ElicitResult>;
}

/** Options for a tool call. */
export interface LegacyCallOptions {
  /** Asks for progress; called with each notification, also after the task was created. */
  readonly onProgress?: (progress: Progress) => void;
  /** Retention asked for, milliseconds. */
  readonly ttl?: number;
  /** Gives up on one request after this time. @default {60000} */
  readonly timeoutMs?: number;
}

/** A connected client with a session of its own. */
export class LegacyClient {
  readonly #client: Client;
  readonly #transport: StreamableHTTPClientTransport | StdioClientTransport;

  private constructor(client: Client, transport: StreamableHTTPClientTransport | StdioClientTransport) {
    this.#client = client;
    this.#transport = transport;
  }

  /** Performs the handshake with the server at a URL, or with one that is started by a command. */
  static async connect(
    server: string | URL | StdioServerParameters,
    options: LegacyClientOptions = {},
  ): Promise<LegacyClient> {
    const { headers, authProvider, onElicit } = options;
    const client = new Client({ name: "interop-legacy", version: "1.0.0" }, {
      capabilities: onElicit === undefined ? {} : { elicitation: { form: {} } },
    });
    if (onElicit !== undefined) {
      client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({ ...await onElicit(params) }));
    }
    const transport = typeof server === "string" || server instanceof URL
      ? new StreamableHTTPClientTransport(new URL(server), {
        requestInit: headers === undefined ? {} : { headers: { ...headers } },
        authProvider,
      })
      : new StdioClientTransport(server);
    await client.connect(transport);
    return new LegacyClient(client, transport);
  }

  /** Version agreed on in the handshake. */
  get protocolVersion(): string | undefined {
    return this.#transport instanceof StdioClientTransport ? undefined : this.#transport.protocolVersion;
  }

  /** Session the server opened, if it did. */
  get sessionId(): string | undefined {
    return this.#transport instanceof StdioClientTransport ? undefined : this.#transport.sessionId;
  }

  /** What the server declared about tasks. */
  get taskCapabilities(): unknown {
    return this.#client.getServerCapabilities()?.tasks;
  }

  /** Names of all tools, by how they support tasks. */
  async listTools(): Promise<Record<string, "forbidden" | "optional" | "required">> {
    const { tools } = await this.#client.listTools();
    return Object.fromEntries(
      tools.map((tool) => [tool.name, tool.execution?.taskSupport ?? "forbidden"]),
    );
  }

  /** Calls `listener` for each `notifications/tasks/status`. */
  onTaskStatus(listener: (task: Task) => void): void {
    this.#client.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => listener(params));
  }

  /** Calls a tool without a task and waits for its result. */
  async callTool(name: string, args: object, options: LegacyCallOptions = {}): Promise<CallToolResult> {
    const result = await this.#client.callTool({ name, arguments: { ...args } }, CallToolResultSchema, {
      ...toRequestOptions(options),
    });
    return CallToolResultSchema.parse(result);
  }

  /** Calls a tool as a task and returns the task as created. */
  async createTask(name: string, args: object, options: LegacyCallOptions = {}): Promise<Task> {
    const { task } = await this.#client.request(
      { method: "tools/call", params: { name, arguments: { ...args } } },
      CreateTaskResultSchema,
      { ...toRequestOptions(options), task: options.ttl === undefined ? {} : { ttl: options.ttl } },
    );
    return task;
  }

  /**
   * Calls a tool as a task and drives it to its end the way the official client does: it polls, opens
   * `tasks/result` when input is required, and fetches the result of a completed task only.
   *
   * @throws {McpError} If the task failed, was cancelled, or its result is an error.
   */
  async runTask(
    name: string,
    args: object,
    options: LegacyCallOptions & { readonly onTask?: (task: Task) => void } = {},
  ): Promise<CallToolResult> {
    const stream = this.#client.experimental.tasks.callToolStream(
      { name, arguments: { ...args } },
      CallToolResultSchema,
      { ...toRequestOptions(options), task: options.ttl === undefined ? {} : { ttl: options.ttl } },
    );
    for await (const message of stream) {
      if (message.type === "result") return message.result;
      if (message.type === "error") throw message.error;
      options.onTask?.(message.task);
    }
    throw new Error(`Cannot run "${name}" as a task: the stream ended without a result`);
  }

  /** Asks for the state of a task. */
  getTask(taskId: string): Promise<Task> {
    return this.#client.experimental.tasks.getTask(taskId);
  }

  /** Waits for the result of a task, blocked in `tasks/result`. */
  getTaskResult(taskId: string): Promise<CallToolResult> {
    return this.#client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
  }

  /** Cancels a task. */
  cancelTask(taskId: string): Promise<Task> {
    return this.#client.experimental.tasks.cancelTask(taskId);
  }

  /** One page of the caller's tasks. */
  listTasks(cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    return this.#client.experimental.tasks.listTasks(cursor);
  }

  /** Polls, as often as the server suggests, until `isDone` likes what it sees. */
  async waitForTask(
    taskId: string,
    isDone: (task: Task) => boolean = isTerminal,
    onTask: (task: Task) => void = () => {},
  ): Promise<Task> {
    for (;;) {
      const task = await this.getTask(taskId);
      onTask(task);
      if (isDone(task)) return task;
      await new Promise((resolve) => setTimeout(resolve, task.pollInterval ?? 1000));
    }
  }

  /** Process of the server, if this client started it. */
  get pid(): number | undefined {
    return this.#transport instanceof StdioClientTransport ? this.#transport.pid ?? undefined : undefined;
  }

  /** Ends the session at the server, then the connection. */
  async endSession(): Promise<void> {
    if (this.#transport instanceof StreamableHTTPClientTransport) await this.#transport.terminateSession();
    await this.close();
  }

  /** Leaves without a word; the session stays. */
  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Whether a task has reached its end. */
export function isTerminal(task: { readonly status: string }): boolean {
  return task.status === "completed" || task.status === "failed" || task.status === "cancelled";
}

function toRequestOptions(
  { onProgress, timeoutMs }: LegacyCallOptions,
): { onprogress?: (progress: Progress) => void; timeout?: number } {
  return {
    ...(onProgress === undefined ? {} : { onprogress: onProgress }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  };
}
