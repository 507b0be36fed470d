/**
 * A server that only takes tokens of its authorization server, and the official clients of both protocol eras on their
 * way to one: refused, sent to the authorization server, logged in, and asked for more once a tool needs more.
 *
 * Run: `deno run -A examples/authorized.ts`. It starts a small authorization server of its own, and ends with
 * `Both clients: reports:read first, reports:read reports:write when needed; 4 tasks are Ada's`.
 *
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/client/auth"
import {
  auth as auth2025,
  UnauthorizedError as Unauthorized2025,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { auth as auth2026, UnauthorizedError as Unauthorized2026 } from "@modelcontextprotocol/client";
import { McpServer } from "@perdure/mcp-tasks";
import { jwtBearer } from "@perdure/mcp-tasks/auth";
import { memory } from "@perdure/mcp-tasks/memory";
import { z } from "zod";
import { startAuthorizationServer } from "./authorized/authorization_server.ts";
import { Host } from "./authorized/host.ts";
import { LegacyClient } from "../tests/interop/legacy_client.ts";
import { ModernClient } from "../tests/interop/modern_client.ts";

await using authority = await startAuthorizationServer();
const listener: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: () => {},
}, (request, info) => {
  return server.fetch(request, info);
});
const url = `http://127.0.0.1:${listener.addr.port}/mcp`;
authority.protect(url, ["reports:read", "reports:write"]);

const server = new McpServer({ name: "reports", version: "1.0.0" }, {
  backend: memory(),
  authenticate: jwtBearer({ issuer: authority.issuer, audience: url, keys: authority.keys }),
  protectedResource: { resource: url, authorizationServers: [authority.issuer], name: "Reports" },
  requiredScopes: ["reports:read"],
  impliedScopes: { "reports:write": ["reports:read"] },
});

const TASK = { support: "optional", inlineMs: 10, pollIntervalMs: 20 } as const;
const YEAR = z.object({ year: z.number().int() });

server.registerTool("build", { inputSchema: YEAR, task: TASK }, async ({ year }, ctx) => {
  await ctx.sleep("figures", 50);
  return `Report on ${year}, for ${ctx.auth?.subject}`;
});

server.registerTool(
  "publish",
  { inputSchema: YEAR, task: TASK, scopes: ["reports:write"] },
  async ({ year }, ctx) => {
    await ctx.sleep("press", 50);
    return `Report on ${year} is published, says ${ctx.auth?.subject}`;
  },
);

/** Does something, and once more after its user has logged in. */
async function loggingIn<T>(work: () => Promise<T>, finish: () => Promise<unknown>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unauthorized2025 || error instanceof Unauthorized2026)) throw error;
    await finish();
    return await work();
  }
}

function assert(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) throw new Error(message);
}

/** The official client of 2025-11-25: the answer to a task of each tool. */
async function in2025(host: Host): Promise<LegacyClient> {
  const finish = () =>
    auth2025(host, { serverUrl: url, authorizationCode: host.takeCallback().get("code") ?? "" });
  const client = await loggingIn(() => LegacyClient.connect(url, { authProvider: host }), finish);
  console.log(`2025-11-25: logged in with ${host.tokens()?.scope}`);
  for (const tool of ["build", "publish"]) {
    const { taskId } = await loggingIn(() => client.createTask(tool, { year: 2025 }), finish);
    const { content } = await client.getTaskResult(taskId);
    console.log(`2025-11-25: ${tool} with ${host.tokens()?.scope}: ${JSON.stringify(content)}`);
  }
  return client;
}

/** The official client of 2026-07-28, the same. Of its two ways to call, only the one without tasks asks for more scopes. */
async function in2026(host: Host): Promise<void> {
  const finish = () => {
    const callback = host.takeCallback();
    const [authorizationCode, iss] = [callback.get("code") ?? "", callback.get("iss") ?? undefined];
    return auth2026(host, { serverUrl: url, authorizationCode, iss });
  };
  const client = await loggingIn(() => ModernClient.connect(url, { authProvider: host }), finish);
  console.log(`2026-07-28: logged in with ${host.tokens()?.scope}`);
  const built = await client.run("build", { year: 2026 });
  assert(built.status === "completed", `not built: ${JSON.stringify(built)}`);
  console.log(`2026-07-28: build with ${host.tokens()?.scope}: ${JSON.stringify(built.result.content)}`);
  const { content } = await loggingIn(() => client.callPlain("publish", { year: 2026 }), finish);
  console.log(`2026-07-28: publish with ${host.tokens()?.scope}: ${JSON.stringify(content)}`);
  const published = await client.run("publish", { year: 2027 });
  assert(published.status === "completed", `not published: ${JSON.stringify(published)}`);
  await client.close();
}

try {
  const [legacyHost, modernHost, eve] = [new Host("ada"), new Host("ada"), new Host("eve")];
  const ada = await in2025(legacyHost);
  await in2026(modernHost);
  const asked = [legacyHost, modernHost].map((host) => host.asked.join(" first, "));
  assert(asked[0] === asked[1], `the clients asked for other scopes: ${asked.join("; ")}`);

  // Tasks belong to Ada, whichever of her clients made them, and to nobody else.
  const { tasks } = await ada.listTasks();
  const stranger = await in2025(eve);
  const hers = await stranger.getTask(tasks[0]!.taskId).then(() => "seen", () => "not found");
  assert(hers === "not found", "Eve sees a task of Ada's");
  assert((await fetch(url, { method: "POST" })).status === 401, "a request without a token was served");
  await stranger.endSession();
  await ada.endSession();
  console.log(`Both clients: ${asked[0]} when needed; ${tasks.length} tasks are Ada's`);
} finally {
  await server.close();
  await listener.shutdown();
}
