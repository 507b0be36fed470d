import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

function withEcho(): TestServer & { readonly seen: unknown[] } {
  const parts = createTestServer();
  const seen: unknown[] = [];
  const inputSchema = z.object({ a: z.string().optional() }).catchall(z.json());
  parts.server.registerTool("echo", { inputSchema, task: { support: "optional" } }, (args) => {
    seen.push(args);
    return JSON.stringify(args);
  });
  return { ...parts, seen };
}

Deno.test("a ttl that is none is -32602 by name, and nothing is stored", async () => {
  const { legacy, unchanged } = withEcho();
  const client = await legacy(user("ada"));
  for (const ttl of [-1, -0.5, 0.5, 1e308, -1e308, 2 ** 53, "1000", "", null, true, [], {}, [1000]]) {
    const { status, error } = await unchanged(() => client.call("echo", {}, { task: { ttl } }));
    assertEquals([status, error.code], [200, -32602], JSON.stringify(ttl));
    assertMatch(error.message, /ttl/);
  }
});

Deno.test("every member of a call is refused by name where its type is wrong", async () => {
  const { legacy, modern, unchanged } = withEcho();
  const client = await legacy(user("ada"));
  const bad: [Json, RegExp][] = [
    [{ name: "" }, /name/],
    [{ name: "x".repeat(129) }, /name/],
    [{ name: "\ud800" }, /name/],
    [{ name: null }, /name/],
    [{ name: "echo", arguments: [] }, /arguments/],
    [{ name: "echo", arguments: "x" }, /arguments/],
    [{ name: "echo", arguments: null }, /arguments/],
    [{ name: "echo", _meta: { progressToken: {} } }, /progressToken/],
    [{ name: "echo", _meta: { progressToken: 0.5 } }, /progressToken/],
    [{ name: "echo", _meta: { progressToken: "x".repeat(257) } }, /progressToken/],
    [{ name: "echo", _meta: { "io.perdure/idempotencyKey": "" } }, /idempotencyKey/],
    [{ name: "echo", _meta: { "io.perdure/idempotencyKey": "\ud800" } }, /idempotencyKey/],
    [{ name: "echo", _meta: [] }, /_meta/],
  ];
  for (const [params, field] of bad) {
    const { error } = await unchanged(() => client.request("tools/call", params));
    assertEquals(error.code, -32602, JSON.stringify(params));
    assertMatch(error.message, field);
  }
  for (const params of [{ requestState: 7 }, { requestState: "x".repeat(70_000) }, { inputResponses: 7 }]) {
    const { error } = await unchanged(() => modern(user("ada")).call("echo", {}, { params }));
    assertEquals(error.code, -32602);
    assertMatch(error.message, new RegExp(Object.keys(params)[0]!));
  }
});

verifies(["T25-208", "T26-240"], "keys that name what every object has change no object", async () => {
  const { legacy, modern, seen } = withEcho();
  const args = JSON.parse(
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x","a":"y"}',
  );
  const client = await legacy(user("ada"));
  await client.call("echo", args);
  const taskId = await client.createTask("echo", args);
  await modern(user("ada")).call("echo", args);
  for (const value of seen) {
    assertEquals((value as Json).polluted, undefined);
    assertEquals((value as Json).a, "y");
  }
  assertEquals(seen.length, 3);
  assertEquals(({} as Json).polluted, undefined);
  assertEquals((await client.request("tasks/get", { taskId })).result.status, "completed");
});

verifies(
  "T26-121",
  "of several faults a 2026-07-28 call is told the first in the order of checks",
  async () => {
    const { modern, unchanged } = withEcho();
    const client = modern(user("ada"));
    const version = "io.modelcontextprotocol/protocolVersion";
    const capabilities = "io.modelcontextprotocol/clientCapabilities";
    const worst = { taskId: "nobody" };
    const none = { capabilities: {} };
    type Options = Parameters<typeof client.request>[2] & object;
    const inOrder: [string, Json, Options, number, number][] = [
      [
        "nobody/knows",
        worst,
        { ...none, meta: { [version]: 7, [capabilities]: {} }, headers: { "mcp-method": "x" } },
        400,
        -32602,
      ],
      [
        "nobody/knows",
        worst,
        { ...none, headers: { "mcp-protocol-version": "2026-07-29", "mcp-method": "x" } },
        400,
        -32020,
      ],
      [
        "nobody/knows",
        worst,
        {
          ...none,
          meta: { [version]: "2026-07-29" },
          headers: { "mcp-protocol-version": "2026-07-29", "mcp-method": "x" },
        },
        400,
        -32022,
      ],
      ["nobody/knows", worst, { ...none, headers: { "mcp-method": "x" } }, 404, -32601],
      ["tasks/get", worst, { ...none, headers: { "mcp-method": "x", "mcp-name": "y" } }, 400, -32020],
      ["tasks/get", worst, { ...none, headers: { "mcp-name": "y" } }, 400, -32020],
      ["tasks/update", { ...worst, inputResponses: 7 }, none, 400, -32021],
      ["tasks/update", { ...worst, inputResponses: 7 }, {}, 200, -32602],
      ["tasks/get", worst, {}, 200, -32602],
    ];
    for (const [method, params, options, status, code] of inOrder) {
      const answer = await unchanged(() => client.request(method, params, options));
      assertEquals([answer.status, answer.error.code], [status, code], JSON.stringify([method, options]));
    }
  },
);
