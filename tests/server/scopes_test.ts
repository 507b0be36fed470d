/**
 * Scopes of tools, prompts, resources and of the server itself, in both revisions.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import type { Principal } from "../../mod.ts";
import { ScopeRules } from "../../src/server/mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";
import { SessionWire } from "./session_wire.ts";

const METADATA = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';

/** A server where everything but one tool asks for a scope. */
function createScopedServer(options: TestServerOptions = {}): TestServer {
  const here = createTestServer({
    protectedResource: { resource: "https://mcp.example/mcp", authorizationServers: ["https://id.example"] },
    impliedScopes: { admin: ["reports:write"], "reports:write": ["reports:read"] },
    ...options,
  });
  const { server } = here;
  const task = { support: "optional", inlineMs: 0 } as const;
  server.registerTool("plain", { task }, () => "done");
  server.registerTool(
    "read",
    { scopes: ["reports:read"], task },
    (_args, ctx) => `read by ${ctx.auth?.subject}`,
  );
  server.registerTool("write", { scopes: ["reports:read", "reports:write"], task }, () => "written");
  server.registerTool("ask", { scopes: ["reports:write"], task }, async (_args, ctx) => {
    const { action } = await ctx.elicit("sure", {
      message: "Sure?",
      schema: z.object({ sure: z.boolean() }),
    });
    return action;
  });
  server.registerPrompt("brief", {
    scopes: ["reports:read"],
    argsSchema: z.object({ year: z.string() }),
    complete: { year: () => ["2026"] },
  }, () => "Brief me.");
  server.registerResource("report", "report://all", { scopes: ["reports:read"] }, () => "all");
  server.registerResource("one", "report://of/{year}", {
    scopes: ["reports:read"],
    complete: { year: () => ["2026"] },
  }, () => "one");
  return here;
}

function ada(...scopes: string[]): Principal {
  return { subject: "ada", clientId: "app", issuer: "https://id.example", scopes };
}

/** Everything that asks for `reports:read`. */
const READS = [
  ["tools/call", { name: "read" }],
  ["prompts/get", { name: "brief", arguments: { year: "2026" } }],
  ["resources/read", { uri: "report://all" }],
  ["resources/read", { uri: "report://of/2026" }],
  ["completion/complete", {
    ref: { type: "ref/prompt", name: "brief" },
    argument: { name: "year", value: "" },
  }],
  ["completion/complete", {
    ref: { type: "ref/resource", uri: "report://of/{year}" },
    argument: { name: "year", value: "" },
  }],
] as const;

verifies(
  ["T25-289", "T25-290", "T26-292", "T26-293"],
  "a missing scope is a 403 that names all scopes to ask for, ahead of any work",
  async () => {
    const here = createScopedServer({ requiredScopes: ["mcp"] });
    const poor = ada("mcp", "foreign", "reports:other");
    const modern = here.modern(poor);
    const legacy = new SessionWire(here, (await here.legacy(poor)).sessionId, poor);
    const challenge = (what: string) =>
      `Bearer error="insufficient_scope", error_description="${what} needs the scopes 'mcp reports:read'", ` +
      `scope="mcp reports:read", ${METADATA}`;
    for (const [method, params] of READS) {
      const responses = [
        await modern.send("m", method, params),
        await legacy.post({ id: "l", method, params }),
      ];
      for (const [index, response] of responses.entries()) {
        const { id, error } = await response.json();
        const header = response.headers.get("www-authenticate");
        assertEquals([response.status, id, error.code], [403, index === 0 ? "m" : "l", -32600], method);
        assertEquals(error.data, { reason: "insufficient_scope", scopes: ["mcp", "reports:read"] });
        const what = header?.match(/description="(.*?) needs/)?.[1] ?? "";
        assertEquals(header, challenge(what));
      }
    }
    assertEquals(here.backend.dump().includes('"read"'), false, "no task was made");
    const subscribe = await legacy.post({
      id: 1,
      method: "resources/subscribe",
      params: { uri: "report://all" },
    });
    assertEquals(subscribe.status, 403);
    assertEquals((await legacy.post({ id: 2, method: "tools/list" })).status, 200);
    await here.server.close();
  },
);

verifies("T26-294", "a broader scope serves for a narrower one, directly or by way of others", async () => {
  const here = createScopedServer();
  for (const scope of ["reports:read", "reports:write", "admin"]) {
    const rich = ada(scope);
    const legacy = await here.legacy(rich);
    for (const [method, params] of READS) {
      assertEquals((await here.modern(rich).request(method, params)).status, 200, `${scope}: ${method}`);
      assertEquals((await legacy.request(method, params)).status, 200, `${scope}: ${method}`);
    }
  }
  // It is no name that begins alike, and a narrower one does not serve for a broader.
  for (
    const scope of [
      "reports",
      "reports:reader",
      "reports:read:all",
      "Reports:Read",
      "reports:read,reports:write",
    ]
  ) {
    assertEquals((await here.modern(ada(scope)).call("read")).status, 403, scope);
  }
  assertEquals((await here.modern(ada("reports:read")).call("write")).status, 403);
  assertEquals((await here.modern(ada("admin")).call("write")).status, 200);
  await here.server.close();
});

Deno.test("McpServer keeps in its challenge what the caller has of what matters, for clients that replace one by the other", async () => {
  const here = createScopedServer({ requiredScopes: ["mcp"] });
  const response = await here.modern(ada("email", "mcp", "reports:read")).send("m", "tools/call", {
    name: "ask",
  });
  const scope = /scope="([^"]*)"/.exec(
    response.headers.get("www-authenticate")?.replace(/error="[^"]*"/, "") ?? "",
  );
  assertEquals(scope?.[1], "mcp reports:write reports:read");
  await response.body?.cancel();
  await here.server.close();
});

Deno.test("McpServer asks every request for the required scopes, before it reads the body", async () => {
  const here = createScopedServer({ requiredScopes: ["mcp"] });
  for (const scopes of [[], ["reports:read"]]) {
    const response = await here.modern(ada(...scopes)).send("m", "server/discover", {});
    assertEquals(response.status, 403);
    assertEquals(
      response.headers.get("www-authenticate"),
      `Bearer error="insufficient_scope", error_description="this server needs the scopes 'mcp'", ` +
        `scope="${["mcp", ...scopes].join(" ")}", ${METADATA}`,
    );
    await response.body?.cancel();
  }
  const listening = await new SessionWire(here, "any", ada()).get(undefined);
  assertEquals(listening.status, 403);
  await here.server.close();
});

Deno.test("McpServer asks an anonymous caller of a scoped tool for a token, and serves the rest", async () => {
  const here = createScopedServer({ allowAnonymous: true });
  const response = await here.modern(undefined).send("m", "tools/call", { name: "read" });
  assertEquals(response.status, 401);
  assertEquals(response.headers.get("www-authenticate"), `Bearer scope="reports:read", ${METADATA}`);
  assertEquals((await response.json()).error.data.reason, "unauthenticated");
  assertEquals((await here.modern(undefined).call("plain")).status, 200);
  await here.server.close();
});

verifies(
  ["T26-102", "T25-108"],
  "a task of a scoped tool is for those of its owner's clients that may call the tool",
  async () => {
    const here = createScopedServer();
    const [rich, poor] = [ada("reports:write"), ada("reports:read")];
    const modern = here.modern(rich);
    const taskId = await modern.createTask("ask", {}, { capabilities: ELICITING });
    const own = await (await here.legacy(rich)).createTask("plain");
    const legacy = new SessionWire(here, (await here.legacy(poor)).sessionId, poor);
    await here.unchanged(async () => {
      const inputResponses = { sure: { action: "accept", content: { sure: true } } };
      for (
        const response of [
          await here.modern(poor).send("1", "tasks/get", { taskId }),
          await here.modern(poor).send("2", "tasks/cancel", { taskId }),
          await here.modern(poor).send("3", "tasks/update", { taskId, inputResponses }),
          await legacy.post({ id: 4, method: "tasks/get", params: { taskId } }),
          await legacy.post({ id: 5, method: "tasks/cancel", params: { taskId } }),
          await legacy.post({ id: 6, method: "tasks/result", params: { taskId } }),
          // The answer to a question that was never put to this client.
          await legacy.post({ id: `${taskId}/c3VyZQ/nonce`, result: inputResponses.sure }),
        ]
      ) {
        assertEquals(response.status, 403);
        assertEquals(
          response.headers.get("www-authenticate")?.replace(/error_description="[^"]*", /, ""),
          `Bearer error="insufficient_scope", scope="reports:write reports:read", ${METADATA}`,
        );
        await response.body?.cancel();
      }
    });
    const listed = await legacy.post({ id: 7, method: "tasks/list", params: {} });
    assertEquals((await listed.json()).result.tasks.map((task: { taskId: string }) => task.taskId), [own]);
    const stranger = await here.modern(user("eve")).request("tasks/get", { taskId });
    const unknown = await here.modern(user("eve")).request("tasks/get", { taskId: "nobody" });
    assertEquals([stranger.status, stranger.error], [unknown.status, unknown.error]);
    assertEquals((await modern.request("tasks/get", { taskId })).result.status, "input_required");
    await here.runtime.drive(here.server.close());
  },
);

const ELICITING = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };

Deno.test("McpServer lets a subscription hear of nothing that its caller may not read", async () => {
  const here = createScopedServer();
  const taskId = await here.modern(ada("reports:write")).createTask("write");
  const own = await here.modern(ada()).createTask("plain");
  const notifications = {
    taskIds: [taskId, own],
    resourcesListChanged: true,
    resourceSubscriptions: ["report://all", "report://of/2026"],
  };
  const agreed = async (caller: Principal) => {
    const response = await here.modern(caller).send("s", "subscriptions/listen", { notifications });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("acknowledged")) text += (await reader.read()).value ?? "";
    await reader.cancel();
    return JSON.parse(/data: (.*acknowledged.*)/.exec(text)![1]!).params.notifications;
  };
  assertEquals(await agreed(ada()), {
    taskIds: [own],
    resourcesListChanged: true,
    resourceSubscriptions: [],
  });
  assertEquals(await agreed(ada("admin")), notifications);
  await here.server.close();
});

verifies(
  ["T25-288", "T26-290"],
  "a later attempt of a task sees the principal that made it, and no attempt sees a token",
  async () => {
    const secrets = { token: "the-token", expiresAt: 2_000_000_000_000, access_token: "the-token" };
    let caller = ada("reports:write");
    const here = createScopedServer({ authenticate: () => ({ ...caller, ...secrets }) });
    const seen: unknown[] = [];
    const task = { support: "required", repeatable: true, parkAfterMs: 1 } as const;
    here.server.registerTool("later", { scopes: ["reports:write"], task }, async (_args, ctx) => {
      seen.push(ctx.auth, Object.values(ctx).filter((value) => value === "the-token"));
      await ctx.elicit("sure", { message: "Sure?", schema: z.object({ sure: z.boolean() }) });
      return "done";
    });
    const client = here.modern(undefined);
    const taskId = await client.createTask("later", {}, { capabilities: ELICITING });
    await here.runtime.advance(1000);
    assertEquals(here.backend.dump().includes("the-token"), false);
    assertEquals(here.backend.dump().includes('expiresAt":2000000000000'), false);
    caller = { ...ada("reports:write", "admin"), clientId: "another-app" };
    const inputResponses = { sure: { action: "accept", content: { sure: true } } };
    await client.request("tasks/update", { taskId, inputResponses });
    await here.runtime.advance(1000);
    assertEquals((await client.request("tasks/get", { taskId })).result.status, "completed");
    assertEquals(seen, [ada("reports:write"), [], ada("reports:write"), []]);
    await here.server.close();
  },
);

Deno.test("ScopeRules refuses what is no scope, wherever it is named", () => {
  const { server } = createTestServer();
  for (const scope of ["", "a b", 'a"b', "a\\b", "ä", "a\n", 7 as unknown as string]) {
    const scopes = [scope];
    assertThrows(() => new ScopeRules({ requiredScopes: scopes }), TypeError, "is not a scope");
    assertThrows(() => new ScopeRules({ impliedScopes: { a: scopes } }), TypeError, "is not a scope");
    assertThrows(() => server.registerTool("tool", { scopes }, () => ""), TypeError, 'of tool "tool"');
    assertThrows(
      () => server.registerPrompt("prompt", { scopes }, () => ""),
      TypeError,
      'of prompt "prompt"',
    );
    assertThrows(
      () => server.registerResource("file", "file:///a", { scopes }, () => ""),
      TypeError,
      '"file"',
    );
  }
  assertThrows(() => new ScopeRules({ impliedScopes: { "a b": [] } }), TypeError, "is not a scope");
  const text = "admin" as unknown as string[];
  assertThrows(() => new ScopeRules({ requiredScopes: text }), TypeError, "not a list");
});

Deno.test("ScopeRules ends where scopes imply each other", () => {
  const rules = new ScopeRules({ impliedScopes: { a: ["b"], b: ["c", "a"] } });
  assertEquals(["a", "b", "c"].map((scope) => rules.allows(ada("b"), [scope])), [true, true, true]);
  assertEquals(rules.allows(ada("c"), ["a"]), false);
  // Names of what every object has mean nothing.
  assertEquals(rules.allows(ada("constructor"), ["a"]), false);
});
