/**
 * The servers of a fuzzed world: tools, prompts and resources that reach every part of the library.
 *
 * @module
 */
import { z } from "zod";
import {
  argument,
  elicit,
  fromJsonSchema,
  McpServer,
  output,
  type PerdureEvent,
  type Principal,
  ProtocolError,
  roots,
  sample,
  type TaskContext,
  type ToolConfig,
  ToolError,
  type ToolHandler,
  workflow,
} from "../../mod.ts";
import { ownerOfPrincipal, toOwnerKey } from "../../src/store/owner.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { FuzzStore } from "./fuzz_store.ts";
import type { WorldPlan } from "./plan.ts";
import type { CallerName } from "./pools.ts";

/** Begins everything that no answer may hold. */
export const SECRET = "SECRET-";
/** Origin of pages that some worlds serve. */
export const PAGE_ORIGIN = "https://app.example";
/** Longest body the servers take. */
export const MAX_BODY_BYTES = 48 * 1024;
/** Largest result they give. */
export const MAX_RESULT_BYTES = 64 * 1024;

const SIGNING = [`${SECRET}signing-key-of-the-servers-0123456789`];
const PRINCIPALS: Readonly<Record<Exclude<CallerName, "anon">, Principal>> = {
  ada: {
    subject: "ada",
    issuer: "https://id.example",
    scopes: ["guarded"],
    claims: { note: `${SECRET}claim` },
  },
  bob: { subject: "bob", issuer: "https://id.example" },
  // The same name in another name space.
  eve: { clientId: "ada", issuer: "https://id.example" },
};

/** A run of a tool that goes on when the plan says so. */
export interface GateRun {
  readonly end: (how: "return" | "throw" | "refuse") => void;
}

/** What a server of the world is made with. */
export interface ServedOptions {
  readonly world: WorldPlan;
  readonly runtime: Runtime;
  readonly store: FuzzStore;
  readonly runs: GateRun[];
  readonly onEvent: (event: PerdureEvent) => void;
  /** Told of every run of a tool. */
  readonly onRun?: (ctx: TaskContext) => void;
}

/** Value of `Authorization` of a caller; empty for none. */
export function tokenOf(caller: CallerName): string {
  return caller === "anon" ? "" : `Bearer ${SECRET}token-${caller}`;
}

/** Whom a value of `Authorization` stands for. */
export function callerOf(authorization: string | null): CallerName {
  for (const caller of ["ada", "bob", "eve"] as const) if (authorization === tokenOf(caller)) return caller;
  return "anon";
}

/** Hashes the callers' names ahead, so that the first play of a process is like all others. */
export async function warmUp(): Promise<void> {
  for (const principal of Object.values(PRINCIPALS)) await toOwnerKey(ownerOfPrincipal(principal));
}

/** Tells of the runs of its tools. */
class ObservedServer extends McpServer {
  readonly #onRun: ServedOptions["onRun"];

  constructor(onRun: ServedOptions["onRun"], ...args: ConstructorParameters<typeof McpServer>) {
    super(...args);
    this.#onRun = onRun;
  }

  override registerTool<Args>(name: string, config: ToolConfig<Args>, handler?: ToolHandler<Args>): void {
    super.registerTool(
      name,
      config,
      handler && ((args, ctx) => {
        this.#onRun?.(ctx);
        return handler(args, ctx);
      }),
    );
  }
}

/** A server with everything registered. */
export function createServed({ world, runtime, store, runs, onEvent, onRun }: ServedOptions): McpServer {
  const server = new ObservedServer(onRun, { name: "fuzzed", version: "1.0.0" }, {
    backend: store,
    runtime,
    onEvent,
    authenticate: (request) => {
      const caller = callerOf(request.headers.get("authorization"));
      return caller === "anon" ? undefined : PRINCIPALS[caller];
    },
    allowAnonymous: world.anonymous,
    allowedHosts: ["mcp.example"],
    ...(world.pages && { allowedOrigins: [PAGE_ORIGIN], cors: {} }),
    secrets: SIGNING,
    maxBodyBytes: MAX_BODY_BYTES,
    maxResultBytes: MAX_RESULT_BYTES,
    maxQueueBytes: 32 * 1024,
    pageSize: 3,
    parkAfterMs: 3000,
    resultWaitMs: 60_000,
    ttlMs: 600_000,
    maxTtlMs: 600_000,
    sessionTtlMs: 4 * 3_600_000,
    limits: world.tight
      ? {
        activeTasks: 3,
        retainedTasks: 6,
        retainedBytes: 100_000,
        anonymousRetained: 6,
        anonymousRetainedBytes: 100_000,
        anonymousActive: 3,
        createsPerMinute: 5,
        sessionsPerMinute: 2,
        anonymousSessionsPerMinute: 2,
        completionsPerMinute: 3,
        streams: 2,
        anonymousStreams: 2,
      }
      : { sessionsPerMinute: 10_000, anonymousSessionsPerMinute: 10_000, createsPerMinute: 10_000 },
  });
  registerPlain(server);
  registerWaiting(server, runs);
  registerAsking(server);
  registerFailing(server);
  registerOthers(server);
  registerWorkflows(server);
  return server;
}

const ANYTHING = fromJsonSchema<Record<string, unknown>>({ type: "object" });
const OPTIONAL = { support: "optional", pollIntervalMs: 500 } as const;

function registerPlain(server: McpServer): void {
  server.registerTool(
    "echo",
    { inputSchema: ANYTHING, task: OPTIONAL },
    (args) => JSON.stringify(args).slice(0, 4096).toWellFormed(),
  );
  server.registerTool("plain", {
    inputSchema: z.object({ number: z.int(), text: z.string().max(1000).optional() }),
  }, ({ number }) => String(number));
  server.registerTool("structured", {
    inputSchema: fromJsonSchema<{ region: string; limit?: number }>({
      type: "object",
      properties: {
        region: { type: "string", "x-mcp-header": "Region" },
        limit: { type: "integer", "x-mcp-header": "Limit" },
      },
      required: ["region"],
    }),
    outputSchema: z.object({ region: z.string(), count: z.number() }),
    task: OPTIONAL,
  }, ({ region }) => ({ region: region.toWellFormed(), count: region.length }));
  server.registerTool("guarded", { scopes: ["guarded"], task: OPTIONAL }, () => "guarded");
  server.registerTool("list", { outputSchema: z.array(z.number()) }, () => [1, 2, 3]);
  server.registerTool("big", { task: OPTIONAL }, () => "b".repeat(40_000));
  server.registerTool("noisy", { task: OPTIONAL }, async (_, ctx) => {
    for (let i = 1; i <= 3; i++) {
      await ctx.progress(i, 3, `part ${i}`);
      ctx.log(i === 2 ? "warning" : "debug", { part: i });
    }
    return "noisy";
  });
  server.registerTool("variables", {
    inputSchema: ANYTHING,
    task: { support: "required", publicVariables: ["shown", "io.modelcontextprotocol/related-task"] },
  }, async (args, ctx) => {
    await ctx.variables.set("shown", JSON.stringify(args).slice(0, 100).toWellFormed());
    await ctx.variables.set("hidden", `${SECRET}variable`);
    await ctx.variables.set("io.modelcontextprotocol/related-task", "spoofed");
    return String((await ctx.variables.get("shown")) ?? "");
  });
}

function registerWaiting(server: McpServer, runs: GateRun[]): void {
  const wait = (_: unknown, ctx: TaskContext) =>
    new Promise<string>((resolve, reject) => {
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason), { once: true });
      runs.push({
        end: (how) => {
          if (how === "return") resolve("ended");
          else if (how === "refuse") reject(new ToolError("refused"));
          else reject(new Error(`${SECRET}thrown`));
        },
      });
    });
  server.registerTool("gate", { inputSchema: ANYTHING, task: OPTIONAL }, wait);
  server.registerTool("must", { inputSchema: ANYTHING, task: { support: "required" } }, wait);
  server.registerTool("slow", { task: { ...OPTIONAL, repeatable: true } }, async (_, ctx) => {
    await ctx.sleep("nap", 2500);
    return "slept";
  });
  server.registerTool("steps", { task: { support: "required", repeatable: true } }, async (_, ctx) => {
    const first = await ctx.step("first", () => "one");
    await ctx.sleep("between", 5000);
    const second = await ctx.step("second", () => "two".repeat(700));
    return first + second.length;
  });
  server.registerTool("closing", { inputSchema: ANYTHING, task: OPTIONAL }, async (_, ctx) => {
    await ctx.closeStream();
    await ctx.sleep("behind", 3000);
    return "closed";
  });
  server.registerTool("outside", { task: { support: "required", dispatch: () => {} } });
  server.registerTool("queued", { task: { support: "optional" } });
}

const NAME_FORM = { message: "Your name?", schema: z.object({ name: z.string() }) };

function registerAsking(server: McpServer): void {
  const ask = async (_: unknown, ctx: TaskContext) => {
    const answer = await ctx.elicit("name", NAME_FORM);
    return answer.action === "accept" ? `Hello, ${answer.content.name}`.toWellFormed() : answer.action;
  };
  server.registerTool("ask", { inputSchema: ANYTHING, task: OPTIONAL }, ask);
  server.registerTool(
    "ask_task",
    { inputSchema: ANYTHING, task: { support: "required", repeatable: true } },
    ask,
  );
  server.registerTool("ask_plain", { inputSchema: ANYTHING }, ask);
  server.registerTool("ask_late", { task: OPTIONAL }, async (_, ctx) => {
    await ctx.step("before", () => 1);
    await ctx.elicit("page", { message: "Look", url: "https://id.example/consent" });
    return "looked";
  });
  server.registerTool("ask_all", { task: { ...OPTIONAL, repeatable: true } }, async (_, ctx) => {
    const answers = await ctx.ask({
      form: elicit(NAME_FORM, { timeoutMs: 20_000, fallback: { action: "cancel" } }),
      model: sample({
        messages: [{ role: "user", content: { type: "text", text: "Hi" } }],
        maxTokens: 10,
      }),
      roots: roots(),
    });
    return Object.keys(answers).join();
  });
  server.registerTool("prepared", {
    inputSchema: ANYTHING,
    task: {
      support: "required",
      prepare: async (_, ctx) => (await ctx.elicit("who", NAME_FORM)).action,
    },
  }, (_, ctx) => String(ctx.prepared));
}

function registerFailing(server: McpServer): void {
  server.registerTool("crash", { task: OPTIONAL }, () => {
    throw new Error(`${SECRET}password at file:///srv/tool.ts:1:1`);
  });
  server.registerTool("tool_error", { task: OPTIONAL }, () => {
    throw new ToolError("no paper");
  });
  server.registerTool("rpc_error", { task: OPTIONAL }, () => {
    throw new ProtocolError(-32000, "not today", { day: 1 });
  });
  server.registerTool("ill_formed", { task: OPTIONAL }, () => "\ud800");
  server.registerTool("unwritable", { task: OPTIONAL }, () => ({ content: 1n }));
  server.registerTool("too_large", { task: OPTIONAL }, () => "x".repeat(MAX_RESULT_BYTES + 1));
  server.registerTool("wrong_shape", { outputSchema: z.object({ a: z.string() }) }, () => ({ a: 1 }));
}

function registerOthers(server: McpServer): void {
  server.registerPrompt("greet", {
    argsSchema: z.object({ who: z.string(), tone: z.string().optional() }),
    complete: { who: (typed) => ["ada", "bob"].filter((name) => name.startsWith(typed)) },
  }, ({ who }) => `Greet ${who}`);
  server.registerPrompt("asking", {}, async (_, ctx) => {
    const answer = await ctx.elicit("name", NAME_FORM);
    return `It is ${answer.action}`;
  });
  server.registerPrompt("broken", {}, () => {
    throw new Error(`${SECRET}prompt`);
  });
  server.registerResource("fixed", "test://fixed", { mimeType: "text/plain" }, () => "fixed");
  server.registerResource("row", "test://rows/{id}", {
    complete: { id: (typed) => Array.from({ length: 120 }, (_, i) => `${typed}${i}`.toWellFormed()) },
  }, (_, { id }) => String(id).slice(0, 100).toWellFormed());
  server.registerResource("file", "test://files/{+path}", {}, (_, { path }) => {
    return path === "missing" ? undefined : new Uint8Array([1, 2, 3]);
  });
  server.registerResource("secret", "test://secret", {}, () => {
    throw new Error(`${SECRET}resource`);
  });
  for (let i = 0; i < 4; i++) server.registerResource(`more${i}`, `test://more/${i}`, {}, () => "more");
}

function registerWorkflows(server: McpServer): void {
  server.registerWorkflow(
    workflow("pipeline", "copy rows").task().argument("source", "Where from", { complete: () => ["a", "b"] })
      .step("fetch", "echo").arg("text", argument("source")).bind("raw").retryable()
      .step("count", "noisy")
      .step("ask", "ask").arg("mark", argument("source")).bind("name")
      .step("number", "plain").arg("text", output("name")).guidance("Choose a number for {source}."),
  );
  server.registerWorkflow(
    workflow("news", "tell news").argument("source", "Where from", { required: false })
      .step("read").resource("test://fixed")
      .step("fail", "tool_error")
      .step("never", "echo"),
  );
}
