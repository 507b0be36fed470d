/**
 * The handler in front of the real server: bad input of every kind, and a store that must not notice.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { McpServer } from "../../mod.ts";
import { memory } from "../../backends/memory.ts";
import type { StorageBackend } from "../../src/store/backend.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { readSse } from "../support/sse.ts";
import { type Body, legacy, modern, modernMeta, post } from "./requests.ts";

const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
const UNKNOWN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV0123456789";

/** A backend that counts what is written to it. */
function createCounting(
  runtime: FakeRuntime,
): { readonly backend: StorageBackend; readonly writes: () => number } {
  const backend = memory({ runtime });
  let writes = 0;
  const counted: StorageBackend = {
    traits: backend.traits,
    get: (keys) => backend.get(keys),
    put: (write, condition) => {
      writes++;
      return backend.put(write, condition);
    },
    delete: (keys) => {
      writes++;
      return backend.delete(keys);
    },
    list: (query) => backend.list(query),
    due: (query) => backend.due(query),
    watch: (key, signal) => backend.watch(key, signal),
    close: () => backend.close(),
  };
  return { backend: counted, writes: () => writes };
}

/** A server with one slow and one quick tool, for a known caller. */
function createServer() {
  const runtime = new FakeRuntime();
  const { backend, writes } = createCounting(runtime);
  const server = new McpServer({ name: "test", version: "1" }, {
    backend,
    runtime,
    secrets: ["a secret of at least 32 characters"],
    authenticate: () => ({ subject: "ann" }),
  });
  server.registerTool("work", { description: "Works.", task: { support: "optional" } }, () => "done");
  return { server, runtime, writes };
}

/** Opens a session and gives the headers that belong to it. */
async function openSession({ fetch }: McpServer): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(post({
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
  }));
  assertEquals(response.status, 200);
  await response.body?.cancel();
  const headers = {
    "mcp-protocol-version": "2025-11-25",
    "mcp-session-id": response.headers.get("mcp-session-id") ?? "",
  };
  const initialized = await fetch(post({ jsonrpc: "2.0", method: "notifications/initialized" }, headers));
  assertEquals(initialized.status, 202);
  return headers;
}

/** Method, params without `_meta`, and what the message must name. */
type BadCall = readonly [method: string, params: Body, names: string];

const BAD_IN_BOTH: readonly BadCall[] = [
  ["tools/call", {}, "name"],
  ["tools/call", { name: 7 }, "name"],
  ["tools/call", { name: ["work"] }, "name"],
  ["tools/call", { name: "work", arguments: [] }, "arguments"],
  ["tools/call", { name: "work", arguments: "x" }, "arguments"],
  ["tools/call", { name: "no-such-tool" }, "tool"],
  ["tools/call", { name: "__proto__" }, "tool"],
  ["tools/call", { name: "constructor" }, "tool"],
  ["tools/list", { cursor: 7 }, "cursor"],
  ["tools/list", { cursor: "forged" }, "cursor"],
  ["tools/list", { cursor: "c".repeat(10_240) }, "cursor"],
  ...["tasks/get", "tasks/cancel"].flatMap((method): BadCall[] => [
    [method, {}, "taskId"],
    [method, { taskId: null }, "taskId"],
    [method, { taskId: 7 }, "taskId"],
    [method, { taskId: "" }, "taskId"],
    [method, { taskId: "t".repeat(10_240) }, "taskId"],
    [method, { taskId: UNKNOWN_ID }, "task"],
    [method, { taskId: "__proto__" }, "task"],
    [method, { taskId: "a:b/c" }, "task"],
  ]),
];

const BAD_2025: readonly BadCall[] = [
  ...["x", [], null, 7].map((task): BadCall => ["tools/call", { name: "work", task }, "task"]),
  ...[-1, 1.5, 1e308, "60000", {}].map((
    ttl,
  ): BadCall => ["tools/call", { name: "work", task: { ttl } }, "ttl"]),
  ["tasks/get", { taskId: "a\ud800" }, "taskId"],
  ["tasks/result", { taskId: UNKNOWN_ID }, "task"],
  ["tasks/list", { cursor: "forged" }, "cursor"],
  ["tasks/update", { taskId: UNKNOWN_ID, inputResponses: {} }, "_meta"],
  ["unknown/method", {}, "method"],
];

const BAD_2026: readonly BadCall[] = [
  ["tasks/update", { taskId: UNKNOWN_ID }, "inputResponses"],
  ["tasks/update", { taskId: UNKNOWN_ID, inputResponses: [] }, "inputResponses"],
  ["tasks/update", { taskId: UNKNOWN_ID, inputResponses: {} }, "task"],
  ["tools/call", { name: "work", inputResponses: [] }, "inputResponses"],
  ["tools/call", { name: "work", requestState: 7 }, "requestState"],
];

async function errorOf(response: Response): Promise<{ code: number; message: string }> {
  assertEquals(response.headers.get("content-type"), "application/json");
  const { error, id } = await response.json();
  assertEquals(id, 7);
  return error;
}

Deno.test("McpServer refuses bad 2026-07-28 calls by name and writes nothing", async () => {
  const { server, writes } = createServer();
  for (const [method, params, names] of [...BAD_IN_BOTH, ...BAD_2026]) {
    const _meta = modernMeta({ "io.modelcontextprotocol/clientCapabilities": TASKS });
    const response = await server.fetch(modern(method, { _meta, ...params }, nameHeader(params)));
    const { code, message } = await errorOf(response);
    const call = `${method} ${JSON.stringify(params).slice(0, 80)}: ${response.status} ${code} ${message}`;
    assert(response.status < 500 && [-32602, -32020].includes(code), call);
    assert(code === -32020 || message.toLowerCase().includes(names.toLowerCase()), call);
  }
  assertEquals(writes(), 0);
  await server.close();
});

Deno.test("McpServer refuses bad 2025-11-25 calls by name and writes nothing", async () => {
  const { server, writes } = createServer();
  const session = await openSession(server);
  const before = writes();
  for (const [method, params, names] of [...BAD_IN_BOTH, ...BAD_2025]) {
    const response = await server.fetch(legacy(method, params, session));
    const { code, message } = await errorOf(response);
    const call = `${method} ${JSON.stringify(params).slice(0, 80)}: ${response.status} ${code} ${message}`;
    assert(response.status < 500 && [-32602, -32601].includes(code), call);
    assert(message.toLowerCase().includes(names.toLowerCase()), call);
  }
  assertEquals(writes(), before);
  await server.close();
});

Deno.test("McpServer keeps a task whose reader left a blocked tasks/result", async () => {
  const { server, runtime } = createServer();
  const end = Promise.withResolvers<void>();
  server.registerTool("slow", { description: "Waits.", task: { support: "required" } }, async () => {
    await end.promise;
    return "slow and done";
  });
  const session = await openSession(server);
  const created = await server.fetch(legacy("tools/call", { name: "slow", task: {} }, session));
  const { taskId } = (await created.json()).result.task;
  const blocked = server.fetch(legacy("tasks/result", { taskId }, session));
  await runtime.advance(8000);
  const reader = readSse(await blocked);
  assertEquals((await reader.next()).value?.data, "");
  await reader.stop();
  end.resolve();
  const result = await runtime.drive(server.fetch(legacy("tasks/result", { taskId }, session)));
  assertEquals((await result.json()).result.content, [{ type: "text", text: "slow and done" }]);
  await server.close();
});

/** `Mcp-Name` as a client would send it for a value that a header cannot carry. */
function nameHeader({ name, taskId }: Body): { readonly "mcp-name"?: string } {
  const value = name ?? taskId;
  return typeof value === "string" && value.length > 0 ? { "mcp-name": value } : {};
}
