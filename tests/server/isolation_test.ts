import { assertEquals, assertMatch } from "@std/assert";
import type { Principal } from "../../mod.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import type { Answer } from "../support/http_client.ts";
import type { ModernClient } from "../support/modern_client.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "required" } }, gate.handler);
  return { ...parts, ...gate };
}

/** All of an answer but the id of its request. */
function bytesOf({ status, text }: Answer): string {
  return `${status} ${text.replace(/"id":("[^"]*"|\d+)/, '"id":0')}`;
}

verifies(
  ["T25-103", "T25-108", "T25-109", "T26-102", "T26-103", "lib-I9"],
  "foreign, unknown and expired tasks are answered byte for byte alike",
  async () => {
    const { legacy, modern, runs, runtime, unchanged } = withGate();
    const ada = await legacy(user("ada"));
    const own = await legacy(user("eve"));
    const expired = await own.createTask("work", undefined, { task: { ttl: 1000 } });
    runtime.jumpWallClock(1000);
    const working = await ada.createTask("work");
    const ended = await ada.createTask("work");
    await runs[2]!.finish("secret");
    const cancelled = await modern(user("ada")).createTask("work");
    await ada.request("tasks/cancel", { taskId: cancelled });
    const unknown = working.slice(0, -1) + (working.endsWith("0") ? "1" : "0");
    const ids = [unknown, expired, working, ended, cancelled];
    await unchanged(async () => {
      for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
        const seen = new Set<string>();
        for (const taskId of ids) seen.add(bytesOf(await own.request(method, { taskId })));
        assertEquals(seen.size, 1, `${method} of 2025-11-25: ${[...seen].join("\n")}`);
      }
      for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
        const seen = new Set<string>();
        for (const taskId of ids) {
          const params = { taskId, inputResponses: { x: { action: "accept" } } };
          seen.add(bytesOf(await modern(user("eve")).request(method, params)));
        }
        assertEquals(seen.size, 1, `${method} of 2026-07-28: ${[...seen].join("\n")}`);
        for (const id of ids) assertEquals([...seen].join().includes(id), false);
      }
      assertEquals((await own.request("tasks/list")).result.tasks, []);
    });
    assertEquals(runs[1]!.ctx.signal.aborted, false);
  },
);

verifies("T25-109", "headers and status of a refusal tell no more than its body", async () => {
  const { legacy, modern } = withGate();
  const taskId = await (await legacy(user("ada"))).createTask("work");
  const seen = new Set<string>();
  for (const id of [taskId, "nobody"]) {
    const response = await modern(user("eve")).send("1", "tasks/get", { taskId: id });
    seen.add(JSON.stringify([response.status, [...response.headers]]));
    await response.body?.cancel();
  }
  assertEquals(seen.size, 1);
});

const PRINCIPALS: readonly Principal[] = [
  { subject: "ada" },
  { clientId: "ada" },
  { subject: "ada", issuer: "https://a" },
  { subject: "ada", issuer: "https://b" },
  { clientId: "ada", issuer: "https://a" },
  { subject: "Ada" },
  { subject: " ada" },
  { subject: "a:b", issuer: "c" },
  { subject: "a", issuer: "b:c" },
  { subject: "a/b", issuer: "c" },
  { subject: "a", issuer: "b/c" },
  { subject: "sub" },
  { subject: "client" },
  { subject: "../ada" },
  { subject: "*" },
  { subject: "ada\0" },
  { subject: "\u00e9" },
  { subject: "e\u0301" },
  { subject: "__proto__" },
  { subject: "constructor" },
  { subject: "x".repeat(1000) },
  { subject: "x".repeat(999) },
];

verifies(
  ["T25-075", "T25-108", "T26-102"],
  "no two principals share anything, however their names look",
  async () => {
    const { legacy, modern } = withGate();
    const owned: { readonly caller: ModernClient; readonly taskId: string; readonly listed: unknown }[] = [];
    for (const principal of PRINCIPALS) {
      const caller = modern(principal);
      const taskId = await caller.createTask("work");
      const { result } = await (await legacy(principal)).request("tasks/list");
      owned.push({ caller, taskId, listed: (result.tasks as Json[]).map((task) => task.taskId) });
    }
    for (const { caller, taskId, listed } of owned) {
      assertEquals(listed, [taskId]);
      for (const other of owned) {
        const { error } = await caller.request("tasks/get", { taskId: other.taskId });
        assertEquals(error === undefined, other.taskId === taskId);
      }
    }
  },
);

verifies("T25-108", "a subject owns its tasks, whichever client application it uses", async () => {
  const { modern } = withGate();
  const taskId = await modern({ subject: "ada", clientId: "phone" }).createTask("work");
  const { result } = await modern({ subject: "ada", clientId: "desk" }).request("tasks/get", { taskId });
  assertEquals(result.taskId, taskId);
  const app = await modern({ clientId: "phone" }).request("tasks/get", { taskId });
  assertEquals(app.error.code, -32602);
});

Deno.test("a principal that can own nothing is refused, and the operator is told which field", async () => {
  const bad: [Principal, string][] = [
    [{ subject: "\ud800" }, "subject"],
    [{ subject: "x".repeat(10_240) }, "subject"],
    [{ clientId: "\udfff" }, "clientId"],
    [{ subject: "ada", issuer: "" }, "issuer"],
    [{ subject: "ada", issuer: "\ud800" }, "issuer"],
  ];
  for (const [principal, field] of bad) {
    const { modern, unchanged, events, server } = withGate();
    await unchanged(async () => {
      for (
        const [method, params] of [["tools/call", { name: "work" }], ["tasks/get", { taskId: "x" }]] as const
      ) {
        // Who calls is checked before the body is read: the answer cannot name the request.
        const response = await modern(principal).send("x", method, params);
        const { error, id } = await response.json();
        assertEquals([response.status, error.code, id], [500, -32603, undefined]);
        assertEquals(error.message.includes(field), false);
      }
      const response = await server.fetch(
        new Request("http://127.0.0.1:8000/mcp", {
          method: "POST",
          headers: {
            "host": "127.0.0.1:8000",
            "content-type": "application/json",
            "authorization": encodeURIComponent(JSON.stringify(principal)),
          },
          body: JSON.stringify({
            jsonrpc: "2.0",
            id: 1,
            method: "initialize",
            params: {
              protocolVersion: "2025-11-25",
              capabilities: {},
              clientInfo: { name: "c", version: "1" },
            },
          }),
        }),
      );
      assertEquals((await response.json()).error.code, -32603);
      assertEquals(response.headers.has("mcp-session-id"), false);
    });
    assertEquals(events.length > 0, true);
    for (const { error } of events) assertMatch(String(error), new RegExp(`"${field}"`));
  }
});

verifies("T26-221", "callers nobody knows are 401 in both revisions, and nothing is stored", async () => {
  const { modern, unchanged, server } = withGate();
  await unchanged(async () => {
    const headers = { "host": "127.0.0.1:8000", "content-type": "application/json" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} });
    const url = "http://127.0.0.1:8000/mcp";
    for (
      const response of [
        await modern(undefined).send("1", "server/discover", {}),
        await modern(undefined).send("1", "tools/list", {}),
        await server.fetch(new Request(url, { method: "POST", headers, body })),
        await server.fetch(new Request(url, { headers: { ...headers, accept: "text/event-stream" } })),
      ]
    ) {
      assertEquals([response.status, response.headers.get("www-authenticate")], [401, "Bearer"]);
      await response.body?.cancel();
    }
  });
});

verifies("T25-110", "an anonymous task is reached by its id alone, and never listed", async () => {
  const { legacy, modern } = withGate({ allowAnonymous: true });
  const first = await legacy(undefined);
  const tasks = (first.initialized.capabilities as { tasks: Json }).tasks;
  assertEquals(tasks, { cancel: {}, requests: { tools: { call: {} } } });
  const taskId = await first.createTask("work");
  const newer = await modern(undefined).createTask("work");
  assertEquals((await first.request("tasks/list")).error.code, -32601);
  const second = await legacy(undefined);
  for (const id of [taskId, newer]) {
    assertEquals((await second.request("tasks/get", { taskId: id })).result.taskId, id);
    assertEquals((await modern(undefined).request("tasks/get", { taskId: id })).result.taskId, id);
    assertEquals((await modern(user("ada")).request("tasks/get", { taskId: id })).error.code, -32602);
    const named = modern({ subject: id });
    assertEquals((await named.request("tasks/get", { taskId: id })).error.code, -32602);
  }
  const known = await legacy(user("ada"));
  assertEquals((known.initialized.capabilities as { tasks: Json }).tasks.list, {});
  const owned = await known.createTask("work");
  assertEquals((await second.request("tasks/get", { taskId: owned })).error.code, -32602);
  assertEquals((await known.request("tasks/list")).result.tasks instanceof Array, true);
});

Deno.test("an anonymous session is reached by its id alone", async () => {
  const { legacy } = withGate({ allowAnonymous: true });
  const client = await legacy(undefined);
  assertEquals((await client.stolenBy({}).request("ping")).status, 200);
  const ada = client.stolenBy({ authorization: encodeURIComponent(JSON.stringify(user("ada"))) });
  assertEquals((await ada.request("ping")).status, 404);
});
