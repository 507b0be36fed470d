/**
 * A server for interoperability tests: each tool shows one thing a client has to cope with.
 *
 * @module
 */
import {
  McpServer,
  type McpServerOptions,
  ProtocolError,
  type TaskContext,
  ToolError,
} from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { z } from "zod";

/** A server that listens on loopback until disposed. */
export interface Fixture extends AsyncDisposable {
  readonly url: string;
  /** Lets the running calls of tool `gated` with this key go on, and those yet to come. */
  open(key: string): void;
  /** Resolves with the abort reason once a call of `gated` with this key was aborted. */
  aborted(key: string): Promise<unknown>;
}

/** Size of the text that tool `big` returns: 10 MiB. */
export const BIG_LENGTH = 10 * 1024 * 1024;

const TASK = { support: "optional", repeatable: true, pollIntervalMs: 20, inlineMs: 10 } as const;
const REQUIRED = { ...TASK, support: "required" } as const;

/** Starts the server. Callers authenticate with `Authorization: Bearer <subject>`. */
export function startFixture(options: McpServerOptions = {}): Fixture {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const aborts = new Map<string, PromiseWithResolvers<unknown>>();
  const server = new McpServer({ name: "interop", version: "1.0.0" }, {
    backend: memory(),
    authenticate: (request) => {
      const subject = /^Bearer (\w+)$/.exec(request.headers.get("Authorization") ?? "")?.[1];
      return subject === undefined ? undefined : { subject };
    },
    ...options,
  });

  registerWorking(server, gates, aborts);
  registerAsking(server);
  registerFailing(server);
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch);
  return {
    url: `http://127.0.0.1:${listener.addr.port}/mcp`,
    open: (key) => get(gates, key).resolve(),
    aborted: (key) => get(aborts, key).promise,
    async [Symbol.asyncDispose]() {
      await server.close();
      await listener.shutdown();
    },
  };
}

/** Headers that authenticate as `subject`. */
export function as(subject: string): { readonly headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer ${subject}` } };
}

function registerWorking(
  server: McpServer,
  gates: Map<string, PromiseWithResolvers<void>>,
  aborts: Map<string, PromiseWithResolvers<unknown>>,
): void {
  server.registerTool("double", {
    description: "Doubles a number.",
    inputSchema: z.object({ number: z.number() }),
    task: REQUIRED,
  }, ({ number }) => String(number * 2));

  const gated = async ({ key }: { key: string }, ctx: TaskContext) => {
    await ctx.progress(1, 2, "at the gate");
    ctx.signal.addEventListener("abort", () => get(aborts, key).resolve(ctx.signal.reason.reason), {
      once: true,
    });
    await get(gates, key).promise;
    await ctx.progress(2, 2, "through the gate");
    return `through ${key}`;
  };
  const description = "Works until the test lets it finish, and reports how far it is.";
  const inputSchema = z.object({ key: z.string() });
  server.registerTool("gated", { description, inputSchema, task: TASK }, gated);
  server.registerTool("gated_task", { description, inputSchema, task: REQUIRED }, gated);

  server.registerTool("big", {
    description: "Returns ten mebibytes of text.",
    task: REQUIRED,
  }, () => "x".repeat(BIG_LENGTH));
}

function registerAsking(server: McpServer): void {
  const askName = async (_args: unknown, ctx: TaskContext) => {
    const answer = await ctx.elicit("name", {
      message: "Your name?",
      schema: z.object({ name: z.string() }),
    });
    return answer.action === "accept" ? `Hello, ${answer.content.name}!` : answer.action;
  };
  server.registerTool("ask", { description: "Asks for a name, in a task.", task: REQUIRED }, askName);
  server.registerTool("ask_now", { description: "Asks for a name, within the call." }, askName);
}

function registerFailing(server: McpServer): void {
  server.registerTool("tool_error", { description: "Fails and says why.", task: REQUIRED }, () => {
    throw new ToolError("No paper in the printer");
  });
  server.registerTool(
    "protocol_error",
    { description: "Fails with a JSON-RPC error.", task: REQUIRED },
    () => {
      throw new ProtocolError(-32602, "Not these parameters");
    },
  );
  server.registerTool("crash", { description: "Throws what it should not show.", task: REQUIRED }, () => {
    throw new Error("password is hunter2");
  });
}

function get<Value>(
  map: Map<string, PromiseWithResolvers<Value>>,
  key: string,
): PromiseWithResolvers<Value> {
  const known = map.get(key) ?? Promise.withResolvers<Value>();
  map.set(key, known);
  return known;
}
