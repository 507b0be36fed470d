/**
 * The official client of the 2026-07-28 era, `@modelcontextprotocol/client` with
 * `@modelcontextprotocol/ext-tasks`, cut down to what a host does with tasks.
 *
 * The same pair speaks 2025-11-25 too; `era` says which is asked for.
 *
 * @module
 */
import {
  Client,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
  type Transport,
  withOAuth,
} from "@modelcontextprotocol/client";
import type { StdioServerParameters } from "@modelcontextprotocol/client/stdio";
import {
  type ApplicationElicitResult,
  type ApplicationInputRequest,
  createApplicationInputHandler,
  createTaskSessionFromClient,
  type RawClientDispatch,
  type SerializedTaskReference,
  type TaskController,
  type TaskEnabledSession,
  type TaskOptions,
  type TaskOutcome,
  type TaskView,
  type ToolExecution,
} from "@modelcontextprotocol/ext-tasks/client";
import { createRawDispatch } from "./raw_dispatch.ts";
import { TappedTransport } from "./stdio_dispatch.ts";

type Capabilities = Record<string, Record<string, Record<string, never>>>;

export type { ApplicationElicitResult, SerializedTaskReference, TaskView };

/** What a finished tool call of either era carries. */
export interface ToolResult {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
}

/** How far a call has come. */
export interface ProgressParams {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** Options for {@linkcode ModernClient.connect}. */
export interface ModernClientOptions {
  /** Protocol revision to speak. @default {"2026-07-28"} */
  readonly era?: "2025-11-25" | "2026-07-28";
  /** Headers of every request, for example `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Gets tokens, if the server asks for one. */
  readonly authProvider?: OAuthClientProvider;
  /** Answers form elicitations. Without it the client does not declare the capability. */
  readonly onElicit?: (
    params: Readonly<Record<string, unknown>>,
  ) => ApplicationElicitResult | Promise<ApplicationElicitResult>;
  /** Called with each progress notification, whatever call it belongs to. */
  readonly onProgress?: (progress: ProgressParams) => void;
}

/** Options for {@linkcode ModernClient.run}. */
export interface RunOptions extends TaskOptions {
  /** Called with each state of the task that the client sees. */
  readonly onTask?: (task: TaskView) => void;
  /** Asks for progress notifications. */
  readonly progressToken?: string;
}

/** A connected client with a task session. */
export class ModernClient {
  readonly #client: Client;
  readonly #session: TaskEnabledSession;

  private constructor(client: Client, session: TaskEnabledSession) {
    this.#client = client;
    this.#session = session;
  }

  /** Discovers the server at a URL, or one that is started by a command, or performs the handshake with it. */
  static async connect(
    server: string | URL | StdioServerParameters,
    options: ModernClientOptions = {},
  ): Promise<ModernClient> {
    const { era = "2026-07-28", onElicit } = options;
    const clientInfo = { name: "interop-modern", version: "1.0.0" };
    const capabilities: Capabilities = onElicit === undefined ? {} : { elicitation: { form: {} } };
    const client = new Client(clientInfo, {
      capabilities,
      versionNegotiation: { mode: era === "2026-07-28" ? { pin: era } : "legacy" },
    });
    const { endpointId, transport, rawDispatch } = reach(server, options);
    await client.connect(transport);
    const session = createTaskSessionFromClient(client, {
      endpointId,
      onInputRequest: createApplicationInputHandler({
        elicitation: ({ params }) => onElicit?.(params) ?? { action: "decline" },
        sampling: refuseInput,
        roots: refuseInput,
      }),
      onError: (error) => console.error("ext-tasks:", error),
      // Used in a 2026-07-28 session only.
      rawDispatch,
      v2RequestFraming: { protocolVersion: "2026-07-28", clientInfo, clientCapabilities: capabilities },
    });
    return new ModernClient(client, session);
  }

  /** Version in use. */
  get protocolVersion(): string | undefined {
    return this.#client.getNegotiatedProtocolVersion();
  }

  /** What the server can do with tasks, as the client understands it. */
  get taskCapabilities(): TaskEnabledSession["capabilities"] {
    return this.#session.capabilities;
  }

  /** Starts a tool call; the server decides whether it becomes a task. */
  start(name: string, args: object, options: RunOptions = {}): Promise<ToolExecution<unknown>> {
    const { progressToken, onTask: _, ...task } = options;
    return this.#session.callTool<unknown>(name, JSON.parse(JSON.stringify(args)), {
      task: { preference: "prefer", ...task },
      ...(progressToken === undefined ? {} : { metadata: { progressToken } }),
    });
  }

  /** Calls a tool and drives it to its outcome, polling and answering as ext-tasks does. */
  async run(name: string, args: object, options: RunOptions = {}): Promise<TaskOutcome<ToolResult>> {
    return await settle(await this.start(name, args, options), options.onTask);
  }

  /** Calls a tool as a client that knows no tasks. */
  async callPlain(name: string, args: object): Promise<ToolResult> {
    return await this.#client.callTool({ name, arguments: { ...args } }) as ToolResult;
  }

  /** Takes up a task from an earlier session and drives it to its outcome. */
  async resume(
    reference: SerializedTaskReference,
    onTask?: (task: TaskView) => void,
  ): Promise<TaskOutcome<ToolResult>> {
    return await settle(await this.#session.resumeTask<unknown>(reference), onTask);
  }

  /** Direct access to one task. */
  task(taskId: string): TaskController {
    return this.#session.task(taskId as never);
  }

  /** Drops the connection without a word; the task session is not closed. */
  leave(): Promise<void> {
    return this.#client.close();
  }

  /** Ends the session; ext-tasks then cancels the tasks it still drives. */
  async close(): Promise<void> {
    await this.#session.close();
    await this.#client.close();
  }
}

function reach(
  server: string | URL | StdioServerParameters,
  { headers = {}, authProvider, onProgress }: ModernClientOptions,
): { readonly endpointId: string; readonly transport: Transport; readonly rawDispatch: RawClientDispatch } {
  const onNotification = ({ method, params }: { readonly method?: unknown; readonly params?: unknown }) => {
    if (method === "notifications/progress") onProgress?.(params as ProgressParams);
  };
  if (typeof server === "string" || server instanceof URL) {
    return {
      endpointId: String(server),
      transport: new StreamableHTTPClientTransport(new URL(server), {
        requestInit: { headers: { ...headers } },
        authProvider,
      }),
      rawDispatch: createRawDispatch(server, {
        headers,
        fetch: authProvider && withOAuth(authProvider, server)(fetch),
        onNotification,
      }),
    };
  }
  const transport = new TappedTransport(server, onNotification);
  return {
    endpointId: [server.command, ...server.args ?? []].join(" "),
    transport,
    rawDispatch: transport.dispatch,
  };
}

async function settle(
  execution: ToolExecution<unknown>,
  onTask: (task: TaskView) => void = () => {},
): Promise<TaskOutcome<ToolResult>> {
  const { outcome } = await execution.settle({
    onEvent: (event) => {
      if (event.type === "task") onTask(event.task);
    },
  });
  return outcome as TaskOutcome<ToolResult>;
}

function refuseInput({ kind }: ApplicationInputRequest): never {
  throw new Error(`Cannot answer a request of kind "${kind}": no handler`);
}
