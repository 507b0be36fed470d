/**
 * Signed tokens at a whole server: whose a task is, what lapses with a token, and that none of it goes anywhere.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { jwtBearer, type JwtBearerOptions } from "../../src/auth/mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { LegacyClient } from "../support/legacy_client.ts";
import { ModernClient } from "../support/modern_client.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer } from "../support/test_server.ts";
import { SessionWire } from "../server/session_wire.ts";
import { AUDIENCE, createKey, ISSUER, KEY, type Members, NOW, tokenOf } from "./issuer.ts";

const OTHER_ISSUER = "https://other.example";
const OTHER_KEY = await createKey("key-1");
const METADATA = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';
const ELICITING = { elicitation: { url: {}, form: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };

interface Protected extends TestServer {
  readonly gate: Gate;
  /** A client of 2026-07-28 that brings a token. */
  with(token: string): ModernClient;
}

/** A server that trusts two issuers. */
function createProtected(options: Partial<JwtBearerOptions> = {}): Protected {
  const runtime = new FakeRuntime();
  const issuer = { issuer: ISSUER, audience: AUDIENCE, keys: { keys: [KEY.jwk] }, runtime, ...options };
  const other = { ...issuer, issuer: OTHER_ISSUER, keys: { keys: [OTHER_KEY.jwk] } };
  const here = createTestServer({
    runtime,
    authenticate: jwtBearer(issuer, other),
    protectedResource: { resource: AUDIENCE, authorizationServers: [ISSUER, OTHER_ISSUER] },
  });
  const gate = createGate();
  here.server.registerTool("work", { task: { support: "required" } }, gate.handler);
  return {
    ...here,
    runtime,
    gate,
    with: (token) => new ModernClient(here.server.fetch, bearer(token), () => runtime.advance(0)),
  };
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** A token as the other issuer gives it. */
function foreignToken(payload: Members = {}): Promise<string> {
  return tokenOf({ iss: OTHER_ISSUER, ...payload }, {}, OTHER_KEY.sign);
}

verifies(
  ["T25-075", "T25-108", "T26-102", "T26-103"],
  "a task belongs to the subject within its issuer, whichever of its clients and tokens come for it",
  async () => {
    const here = createProtected();
    const taskId = await here.with(await tokenOf()).createTask("work");
    const same = [
      await tokenOf(),
      await tokenOf({ jti: "another", exp: NOW + 60 }),
      await tokenOf({ client_id: "another-app", scope: "" }),
      await tokenOf({ client_id: undefined }),
    ];
    for (const token of same) {
      const { result } = await here.with(token).request("tasks/get", { taskId });
      assertEquals(result.status, "working");
    }
    const others = [
      await tokenOf({ sub: "eve" }),
      await tokenOf({ sub: "Ada" }),
      await tokenOf({ sub: "ada " }),
      await foreignToken(),
      // The same client on its own behalf, and a client that is called like the user.
      await tokenOf({ sub: "app" }),
      await tokenOf({ sub: undefined }),
      await tokenOf({ sub: "ada", client_id: "ada" }),
      await tokenOf({ sub: undefined, client_id: "ada" }),
    ];
    const unknown = await here.with(others[0]!).request("tasks/get", { taskId: "nobody" });
    for (const [index, token] of others.entries()) {
      const { error } = await here.with(token).request("tasks/get", { taskId });
      assertEquals(error, unknown.error, `token ${index}`);
      const legacy = await LegacyClient.connect(here.server.fetch, bearer(token));
      assertEquals((await legacy.request("tasks/list")).result.tasks, []);
    }
    await here.runtime.drive(here.server.close());
  },
);

Deno.test("jwtBearer() gives a client that acts for itself tasks of its own", async () => {
  const here = createProtected();
  const taskId = await here.with(await tokenOf({ sub: "app" })).createTask("work");
  for (const token of [await tokenOf({ sub: "app", jti: "2" }), await tokenOf({ sub: undefined })]) {
    assertEquals((await here.with(token).request("tasks/get", { taskId })).result.status, "working");
  }
  const foreign = await here.with(await foreignToken({ sub: "app" })).request("tasks/get", { taskId });
  assertEquals(foreign.error.code, -32602);
  await here.runtime.drive(here.server.close());
});

Deno.test("jwtBearer() binds a session to the subject, not to a token", async () => {
  const here = createProtected();
  const { sessionId } = await LegacyClient.connect(here.server.fetch, bearer(await tokenOf()));
  const list = async (token: string) => {
    const headers = { ...bearer(token), "mcp-session-id": sessionId };
    const response = await new SessionWire(here, sessionId).post({ id: 1, method: "tools/list" }, headers);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await list(await tokenOf({ jti: "next" })), 200);
  for (const token of [await tokenOf({ sub: "eve" }), await foreignToken(), await tokenOf({ sub: "app" })]) {
    assertEquals(await list(token), 404);
  }
  assertEquals(await list("no.good.token"), 401);
  await here.server.close();
});

verifies(
  ["T25-282", "T25-285", "T25-286", "T25-287", "T26-286", "T26-288", "T26-289", "T26-291"],
  "what is wrong with a token is said in the challenge, and nothing is done",
  async () => {
    const here = createProtected();
    const cases: readonly [string, string | undefined][] = [
      [await tokenOf({ exp: NOW - 31 }), "the access token has expired"],
      [await tokenOf({ aud: "https://files.example" }), "the access token is meant for another resource"],
      [await tokenOf({}, {}, OTHER_KEY.sign), "the signature of the access token is wrong"],
      [await tokenOf({ iss: "https://evil.example" }), "the access token is of another issuer"],
      ["opaque", "the access token is malformed"],
    ];
    await here.unchanged(async () => {
      for (const [token, description] of cases) {
        const modern = await here.with(token).send("m", "tools/call", { name: "work" });
        const legacy = await new SessionWire(here, "any").post(
          { id: 1, method: "tools/list" },
          bearer(token),
        );
        for (const response of [modern, legacy]) {
          assertEquals(response.status, 401);
          assertEquals(
            response.headers.get("www-authenticate"),
            `Bearer error="invalid_token", error_description="${description}", ${METADATA}`,
          );
          assertEquals((await response.json()).error.data, { reason: "invalid_token" });
        }
      }
    });
    assertEquals(here.gate.runs.length, 0);
    await here.server.close();
  },
);

Deno.test("jwtBearer() answers with 503 and a time if the issuer is away, not with 401", async () => {
  const here = createProtected({
    keys: "https://id.example/jwks",
    fetch: () => Promise.reject(new Error("away")),
  });
  const response = await here.with(await tokenOf()).send("m", "tools/call", { name: "work" });
  assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
  assertEquals(response.headers.get("www-authenticate"), null);
  const { error } = await response.json();
  assertEquals(error.code, -32603);
  assertEquals(
    error.message,
    "Service unavailable: the keys of the authorization server cannot be fetched: try again",
  );
  await here.server.close();
});

Deno.test("jwtBearer() lets a task outlive its token, for the next one of the same subject", async () => {
  const here = createProtected();
  const token = await tokenOf();
  const taskId = await here.with(token).createTask("work");
  await here.runtime.advance(631_000);
  const expired = await here.with(token).send("m", "tasks/get", { taskId });
  assertEquals(expired.status, 401);
  await expired.body?.cancel();
  await here.gate.runs[0]!.finish("done");
  const next = await tokenOf({ exp: NOW + 1200 });
  assertEquals((await here.with(next).request("tasks/get", { taskId })).result.status, "completed");
  await here.server.close();
});

verifies(
  ["T25-267", "T25-288", "T26-278", "T26-290"],
  "a token reaches no tool, no store, no event and no client; nor does what somebody sends along with a page's answer",
  async () => {
    const here = createProtected({ claims: ["email"] });
    const token = await tokenOf({ email: "ada@example.com" });
    const seen: unknown[] = [];
    const task = { support: "required", repeatable: true, parkAfterMs: 1 } as const;
    here.server.registerTool("pay", { task }, async (_args, ctx) => {
      seen.push(ctx.auth);
      const page = await ctx.elicit("page", { message: "Log in there", url: "https://bank.example/login" });
      seen.push(page);
      const form = await ctx.elicit("form", { message: "Sure?", schema: z.object({ sure: z.boolean() }) });
      seen.push(form);
      throw new Error("unexpected");
    });
    const client = here.with(token);
    const taskId = await client.createTask("pay", {}, { capabilities: ELICITING });
    await here.runtime.advance(1000);
    const third = { action: "accept", content: { password: "third-party-secret" } };
    const texts = [(await client.request("tasks/get", { taskId })).text];
    await client.request("tasks/update", { taskId, inputResponses: { page: third } });
    await here.runtime.advance(1000);
    texts.push((await client.request("tasks/get", { taskId })).text, here.backend.dump());
    const sure = { action: "accept", content: { sure: true } };
    await client.request("tasks/update", { taskId, inputResponses: { form: sure } });
    await here.runtime.advance(1000);
    texts.push((await client.request("tasks/get", { taskId })).text, here.backend.dump());
    texts.push(Deno.inspect([here.events, seen], { depth: 100 }));
    const ada = { subject: "ada", clientId: "app", issuer: ISSUER, scopes: ["reports:read", "tasks"] };
    assertEquals(seen.at(0), { ...ada, claims: { email: "ada@example.com" } });
    assert(seen.some((item) => JSON.stringify(item) === '{"action":"accept"}'));
    for (const text of texts) {
      assert(!text.includes("third-party-secret"), text);
      for (const part of token.split(".")) assert(!text.includes(part), text);
    }
    await here.runtime.drive(here.server.close());
  },
);
