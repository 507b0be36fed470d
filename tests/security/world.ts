/**
 * A server with something of everything in it, for inputs that have to bounce off.
 *
 * @module
 */
import { z } from "zod";
import { fromJsonSchema, type Principal } from "../../mod.ts";
import { createGate } from "../support/gate_tool.ts";
import { URL_HERE } from "../support/http_client.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

/** What the rows refer to. */
export interface World extends TestServer {
  /** Ids by what they are of. */
  readonly ids: Readonly<
    Record<
      | "working"
      | "asking"
      | "completed"
      | "cancelled"
      | "failed"
      | "expired"
      | "foreign"
      | "unknown"
      | "session"
      | "foreignSession"
      | "endedSession"
      | "toolsCursor"
      | "tasksCursor"
      | "foreignCursor"
      | "state"
      | "foreignState"
      | "event"
      | "foreignEvent",
      string
    >
  >;
}

/** Longest body that the server takes, in bytes. */
export const MAX_BODY_BYTES = 512 * 1024;
const FORM = { message: "Name?", schema: z.object({ name: z.string() }) };

/** Value of `Authorization` for a caller. */
export function tokenOf(caller: Principal): string {
  return encodeURIComponent(JSON.stringify(caller));
}

/** Sets the world up. */
export async function createWorld(): Promise<World> {
  const parts = createTestServer({
    secrets: ["s".repeat(32)],
    maxBodyBytes: MAX_BODY_BYTES,
    pageSize: 1,
    limits: { streams: 1000 },
    // A caller who is nobody is served on this header alone.
    authenticate: (request) => {
      const token = request.headers.get("authorization");
      return token === null || token === "nobody" ? undefined : JSON.parse(decodeURIComponent(token));
    },
  });
  const { server, legacy, modern, runtime } = parts;
  const gate = createGate();
  server.registerTool("work", { task: { support: "required" } }, gate.handler);
  server.registerTool(
    "plain",
    { inputSchema: z.object({ number: z.int() }) },
    ({ number }) => String(number),
  );
  server.registerTool("checked", {
    inputSchema: z.object({ number: z.int() }),
    task: { support: "optional" },
  }, ({ number }) => String(number));
  server.registerTool("keyed", {
    inputSchema: fromJsonSchema<{ text?: string }>({ type: "object" }),
    task: { support: "required" },
  }, () => "done");
  server.registerTool("mirrored", {
    inputSchema: fromJsonSchema({
      type: "object",
      properties: { region: { type: "string", "x-mcp-header": "Region" } },
    }),
  }, () => "done");
  server.registerTool("ask", { inputSchema: fromJsonSchema({ type: "object" }) }, async (_, ctx) => {
    return (await ctx.elicit("name", FORM)).action;
  });
  server.registerTool("other", { inputSchema: fromJsonSchema({ type: "object" }) }, async (_, ctx) => {
    return (await ctx.elicit("name", FORM)).action;
  });
  server.registerTool("ask_task", { task: { support: "required" } }, async (_, ctx) => {
    return (await ctx.elicit("name", FORM)).action;
  });
  server.registerTool("guarded", { scopes: ["admin"] }, () => "done");
  server.registerPrompt("greet", {
    argsSchema: z.object({ who: z.string() }),
    complete: { who: () => ["ada"] },
  }, () => "");
  server.registerResource("a", "test://a", {}, () => "a");
  server.registerResource("row", "test://rows/{id}", { complete: { id: () => ["1"] } }, () => "row");

  const [ada, eve] = [user("ada"), user("eve")];
  const capabilities = {
    elicitation: {},
    extensions: { "io.modelcontextprotocol/tasks": {} },
  };
  const endedSession = await legacy(ada);
  await endedSession.bare("DELETE");
  const expired = await (await legacy(ada)).createTask("work", undefined, { task: { ttl: 1000 } });
  runtime.jumpWallClock(1000);
  const [mine, hers] = [await legacy(ada, { capabilities: { elicitation: {} } }), await legacy(eve)];
  const completed = await mine.createTask("work");
  await gate.runs[1]!.finish("done");
  const failed = await mine.createTask("work");
  await gate.runs[2]!.fail(new Error("bad"));
  const cancelled = await mine.createTask("work");
  await mine.request("tasks/cancel", { taskId: cancelled });
  const working = await mine.createTask("work");
  const asking = await modern(ada).createTask("ask_task", undefined, { capabilities });
  const foreign = await hers.createTask("work");
  await hers.createTask("work");
  await modern(ada).call("keyed", {}, { meta: { "io.perdure/idempotencyKey": "taken" } });
  const stateOf = async (caller: Principal) =>
    String((await modern(caller).call("ask", { a: 1 }, { capabilities })).result.requestState);
  const cursorOf = async (client: typeof mine, method: string) =>
    String((await client.request(method)).result.nextCursor);
  const eventOf = async (client: typeof mine, taskId: string) => {
    const response = await server.fetch(
      new Request(URL_HERE, {
        method: "POST",
        headers: {
          "host": "127.0.0.1:8000",
          "content-type": "application/json",
          "accept": "text/event-stream",
          "authorization": tokenOf(client === mine ? ada : eve),
          "mcp-session-id": client.sessionId,
          "mcp-protocol-version": "2025-11-25",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: "waits", method: "tasks/result", params: { taskId } }),
      }),
    );
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return /id: (\S+)/.exec(new TextDecoder().decode(value))![1]!;
  };
  return {
    ...parts,
    ids: {
      working,
      asking,
      completed,
      cancelled,
      failed,
      expired,
      foreign,
      unknown: working.slice(0, -1) + (working.endsWith("0") ? "1" : "0"),
      session: mine.sessionId,
      foreignSession: hers.sessionId,
      endedSession: endedSession.sessionId,
      toolsCursor: await cursorOf(mine, "tools/list"),
      tasksCursor: await cursorOf(mine, "tasks/list"),
      foreignCursor: await cursorOf(hers, "tasks/list"),
      state: await stateOf(ada),
      foreignState: await stateOf(eve),
      event: await eventOf(mine, working),
      foreignEvent: await eventOf(hers, foreign),
    },
  };
}
