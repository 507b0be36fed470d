import { assertEquals, assertStringIncludes } from "@std/assert";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";
import type { Json } from "../support/wire_judge.ts";

const PAGES = { elicitation: { url: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };
const MODEL = { sampling: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };

function withPage(): TestServer {
  const parts = createTestServer();
  parts.server.registerTool("pay", { task: { support: "required" } }, async (_args, ctx) => {
    const url = "https://example.com/pay?order=7";
    const { action } = await ctx.elicit("page", { message: "Pay for order 7", url });
    // What the page compares its own user with.
    return `${action} of ${ctx.auth?.subject}`;
  });
  return parts;
}

verifies(
  ["T25-263", "T26-275"],
  "a page is asked of one user: nobody else can answer, and the tool knows whose login the page has to see",
  async () => {
    const { modern, legacy, unchanged, runtime } = withPage();
    const [ada, bob] = [modern(user("ada")), modern(user("bob"))];
    const taskId = await ada.createTask("pay", {}, { capabilities: PAGES });
    await settle();
    const inputResponses = { page: { action: "accept" } };
    const theft = await unchanged(() => bob.request("tasks/update", { taskId, inputResponses }));
    assertEquals(theft.error.code, -32602);
    const seen = await unchanged(() => bob.request("tasks/get", { taskId }));
    assertEquals(seen.error.code, -32602);
    await ada.request("tasks/update", { taskId, inputResponses });
    await runtime.advance(1000);
    const { result } = await ada.request("tasks/get", { taskId });
    assertStringIncludes(JSON.stringify(result.result), "accept of ada");

    let asked: Json = {};
    const session = await legacy(user("ada"), {
      capabilities: { elicitation: { url: {} } },
      onRequest: (request) => (asked = request, { result: { action: "decline" } }),
    });
    const other = await legacy(user("bob"), { capabilities: { elicitation: { url: {} } } });
    const second = await session.createTask("pay");
    assertEquals((await other.request("tasks/get", { taskId: second })).sent, []);
    const declined = await runtime.drive(session.request("tasks/result", { taskId: second }));
    assertStringIncludes(JSON.stringify(declined.result), "decline of ada");
    assertEquals(typeof (asked.params as Json).elicitationId, "string");
  },
);

verifies(
  ["T25-267", "T26-278"],
  "the token that a client sends reaches no tool, no question, no record and no event",
  async () => {
    const token = JSON.stringify({ subject: "ada", credential: "hunter2-hunter2" });
    const { server, backend, events } = createTestServer();
    const handed: unknown[] = [];
    server.registerTool("look", { task: { support: "required" } }, (_args, ctx) => {
      handed.push(ctx.auth, ...Object.values(ctx));
      throw new Error("to be reported");
    });
    const response = await server.fetch(
      new Request("http://127.0.0.1:8000/mcp", {
        method: "POST",
        headers: {
          "host": "127.0.0.1:8000",
          "content-type": "application/json",
          "accept": "application/json, text/event-stream",
          "authorization": encodeURIComponent(token),
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": "look",
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: {
            name: "look",
            _meta: {
              "io.modelcontextprotocol/protocolVersion": "2026-07-28",
              "io.modelcontextprotocol/clientCapabilities": PAGES,
            },
          },
        }),
      }),
    );
    await settle();
    assertEquals(handed[0], { subject: "ada" });
    const everything = JSON.stringify([
      handed,
      events.map((event) => [event, String(event.error)]),
      await response.json(),
    ]);
    assertEquals(everything.includes("hunter2"), false);
    assertStringIncludes(backend.dump(), "ada");
    assertEquals(backend.dump().includes("hunter2"), false);
  },
);

verifies(
  "T25-274",
  "what a model is asked and says is between the tool and its caller, and gone with the task",
  async () => {
    const { server, modern, runtime, backend, events } = createTestServer();
    server.registerTool("think", { task: { support: "required", ttlMs: 60_000 } }, async (_args, ctx) => {
      const messages = [{ role: "user", content: { type: "text", text: "my diagnosis" } }] as const;
      const { content } = await ctx.sample("idea", { messages, maxTokens: 10 });
      await ctx.status("thought");
      throw new Error(JSON.stringify(content).length > 0 ? "unexpected" : "");
    });
    const [ada, bob] = [modern(user("ada")), modern(user("bob"))];
    const taskId = await ada.createTask("think", {}, { capabilities: MODEL });
    await settle();
    assertStringIncludes(JSON.stringify((await ada.request("tasks/get", { taskId })).result), "my diagnosis");
    const idea = { role: "assistant", content: { type: "text", text: "my remedy" }, model: "m" };
    await ada.request("tasks/update", { taskId, inputResponses: { idea } });
    await runtime.advance(2000);
    const told = [
      events.map((event) => [event, String(event.error)]),
      (await bob.request("tasks/get", { taskId })).error,
      (await ada.request("tasks/get", { taskId })).result,
    ];
    assertEquals(/diagnosis|remedy/.test(JSON.stringify(told)), false, JSON.stringify(told));
    await runtime.advance(120_000);
    assertEquals(/diagnosis|remedy/.test(backend.dump()), false);
  },
);
