import { assertEquals, assertMatch } from "@std/assert";
import { postMessage } from "../support/http_client.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, user } from "../support/test_server.ts";

function withTools() {
  const parts = createTestServer({ allowAnonymous: true, instructions: "Be kind." });
  parts.server.registerTool("plain", {}, () => "done");
  parts.server.registerTool("slow", { task: { support: "optional" } }, () => "done");
  return parts;
}

verifies(["T25-134", "T25-138", "T25-001"], "initialize answers the version asked for", async () => {
  const { initialized } = await withTools().legacy(user("ada"));
  assertEquals(initialized, {
    protocolVersion: "2025-11-25",
    capabilities: {
      tools: { listChanged: true },
      logging: {},
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    },
    serverInfo: { name: "test", version: "1.0.0" },
    instructions: "Be kind.",
  });
});

verifies("T25-139", "initialize offers 2025-11-25 for a version nobody serves", async () => {
  for (const protocolVersion of ["2031-01-01", "2026-07-28", "1.0.0", "2024-11-05"]) {
    const { initialized } = await withTools().legacy(user("ada"), { protocolVersion });
    assertEquals(initialized.protocolVersion, "2025-11-25", protocolVersion);
  }
});

verifies(["T25-138", "T25-143"], "an earlier version is served without tasks", async () => {
  for (const protocolVersion of ["2025-06-18", "2025-03-26"]) {
    const client = await withTools().legacy(user("ada"), { protocolVersion });
    assertEquals(client.initialized.protocolVersion, protocolVersion);
    assertEquals(client.initialized.capabilities, { tools: { listChanged: true }, logging: {} });
    for (const method of ["tasks/get", "tasks/result", "tasks/list", "tasks/cancel"]) {
      const { error } = await client.request(method, { taskId: "x" });
      assertEquals(error.code, -32601, method);
    }
    const { result } = await client.request("tools/list");
    assertEquals(JSON.stringify(result).includes("execution"), false);
  }
});

verifies("T25-008", "an earlier version has task metadata ignored", async () => {
  const client = await withTools().legacy(user("ada"), { protocolVersion: "2025-06-18" });
  const { result } = await client.call("slow", undefined, { task: { ttl: 1000 } });
  assertEquals(result, { content: [{ type: "text", text: "done" }] });
});

verifies("T25-001", "a server without slow tools declares no tasks and serves none", async () => {
  const { server, legacy } = createTestServer();
  server.registerTool("plain", {}, () => "done");
  const client = await legacy(user("ada"));
  assertEquals(client.initialized.capabilities, { tools: { listChanged: true }, logging: {} });
  assertEquals((await client.request("tasks/list")).error.code, -32601);
});

verifies("T25-196", "a server without tools declares none and serves none", async () => {
  const client = await createTestServer().legacy(user("ada"));
  assertEquals(client.initialized.capabilities, { logging: {} });
  assertEquals((await client.request("tools/list")).error.code, -32601);
  assertEquals((await client.call("plain")).error.code, -32601);
});

verifies("T25-250", "ping is answered with an empty result", async () => {
  const client = await withTools().legacy(user("ada"));
  assertEquals((await client.request("ping")).result, {});
});

verifies("T25-125", "notifications have no answer, not even unknown or broken ones", async () => {
  const client = await withTools().legacy(user("ada"));
  for (
    const method of ["notifications/initialized", "notifications/cancelled", "notifications/nobody-knows"]
  ) {
    assertEquals(await client.notify(method), 202);
  }
});

verifies("T25-180", "session ids are visible ASCII and never the same", async () => {
  const { legacy } = withTools();
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => (await legacy(user("ada"))).sessionId),
  );
  for (const id of ids) assertMatch(id, /^[\x21-\x7e]{16,}$/);
  assertEquals(new Set(ids).size, ids.length);
});

verifies("T25-186", "a session belongs to who opened it, and is no credential", async () => {
  const { server, legacy } = withTools();
  const ada = await legacy(user("ada"));
  for (const caller of [user("eve"), { clientId: "ada" }, { subject: "ada", issuer: "https://b" }]) {
    const eve = ada.stolenBy({ authorization: encodeURIComponent(JSON.stringify(caller)) });
    assertEquals((await eve.request("ping")).status, 404);
    assertEquals(await eve.notify("notifications/initialized"), 404);
    assertEquals((await eve.bare("GET")).status, 404);
    assertEquals((await eve.bare("DELETE")).status, 404);
  }
  assertEquals((await ada.stolenBy({}).request("ping")).status, 404);
  assertEquals((await ada.request("ping")).status, 200);
  const unauthenticated = await postMessage(server.fetch, { jsonrpc: "2.0", id: 1, method: "tools/list" }, {
    "mcp-session-id": "0123456789abcdef0123",
    "mcp-protocol-version": "2025-11-25",
  });
  assertEquals(unauthenticated.status, 404);
});

Deno.test("a session that ended is gone for its owner", async () => {
  const client = await withTools().legacy(user("ada"));
  assertEquals((await client.bare("DELETE")).status, 204);
  assertEquals((await client.request("ping")).status, 404);
  assertEquals((await client.bare("DELETE")).status, 404);
});

Deno.test("a session that nobody used for its time is gone", async () => {
  const { legacy, runtime } = withTools();
  const client = await legacy(user("ada"));
  runtime.jumpWallClock(86_400_000);
  assertEquals((await client.request("ping")).status, 404);
});

Deno.test("a session that is used lives on", async () => {
  const { legacy, runtime } = withTools();
  const client = await legacy(user("ada"));
  for (let day = 0; day < 2; day++) {
    runtime.jumpWallClock(80_000_000);
    assertEquals((await client.request("ping")).status, 200, `after ${day + 1} waits`);
  }
});

Deno.test("initialize names the field at fault and opens no session", async () => {
  const { server, backend } = withTools();
  const clientInfo = { name: "c", version: "1" };
  const bad: [Record<string, unknown>, string][] = [
    [{ capabilities: {}, clientInfo }, "protocolVersion"],
    [{ protocolVersion: 7, capabilities: {}, clientInfo }, "protocolVersion"],
    [{ protocolVersion: "2025-11-25", capabilities: [], clientInfo }, "capabilities"],
    [{ protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c" } }, "version"],
    [{ protocolVersion: "2025-11-25", capabilities: {} }, "clientInfo"],
  ];
  for (const [params, field] of bad) {
    const response = await postMessage(
      server.fetch,
      { jsonrpc: "2.0", id: 1, method: "initialize", params },
      {
        authorization: encodeURIComponent(JSON.stringify(user("ada"))),
      },
    );
    const { error } = await response.json();
    assertEquals([error.code, error.message.includes(field)], [-32602, true], error.message);
    assertEquals(response.headers.has("mcp-session-id"), false);
  }
  assertEquals(backend.dump(), "");
});
