/**
 * A thousand calls at once against one server on a KV file, by plain `fetch`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { as, startFixture } from "./fixture.ts";

type Json = Record<string, unknown>;

const CALLS = 1000;
const LIMITS = { activeTasks: 2 * CALLS, createsPerMinute: 4 * CALLS, streams: 2 * CALLS };

Deno.test("a thousand concurrent tasks under 2025-11-25 all end with the right result", async () => {
  await withKvFile(async (file) => {
    await using server = startFixture({ backend: denoKv(file), limits: LIMITS });
    const client = await openLegacySession(server.url);
    const results = await Promise.all(Array.from({ length: CALLS }, async (_, number) => {
      const { task } = await client("tools/call", { name: "double", arguments: { number }, task: {} });
      const { taskId } = task as { taskId: string };
      await waitFor(async () => (await client("tasks/get", { taskId })).status === "completed");
      return (await client("tasks/result", { taskId })).content;
    }));
    assertEquals(results, Array.from({ length: CALLS }, (_, number) => doubled(number)));
  });
});

Deno.test("a thousand concurrent tasks under 2026-07-28 all end with the right result", async () => {
  await withKvFile(async (file) => {
    await using server = startFixture({ backend: denoKv(file), limits: LIMITS });
    const results = await Promise.all(Array.from({ length: CALLS }, async (_, number) => {
      const { taskId } = await callModern(server.url, "tools/call", {
        name: "double",
        arguments: { number },
      });
      let task: Json = {};
      await waitFor(async () => {
        task = await callModern(server.url, "tasks/get", { taskId });
        return task.status === "completed";
      });
      return (task.result as Json).content;
    }));
    assertEquals(results, Array.from({ length: CALLS }, (_, number) => doubled(number)));
  });
});

function doubled(number: number): Json[] {
  return [{ type: "text", text: String(2 * number) }];
}

async function withKvFile(body: (file: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "many-" });
  try {
    await body(`${directory}/tasks.kv`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Asks again, at a poller's pace, until the answer is yes. */
async function waitFor(isDone: () => Promise<boolean>): Promise<void> {
  while (!await isDone()) await new Promise((resolve) => setTimeout(resolve, 200));
}

async function openLegacySession(url: string): Promise<(method: string, params: Json) => Promise<Json>> {
  const { headers } = as("ada");
  const initialized = await post(url, headers, "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "many", version: "1.0.0" },
  });
  const session = {
    ...headers,
    "MCP-Protocol-Version": "2025-11-25",
    "Mcp-Session-Id": initialized.session ?? "",
  };
  const body = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
  await (await fetch(url, { method: "POST", headers: { ...JSON_HEADERS, ...session }, body })).body?.cancel();
  return async (method, params) => (await post(url, session, method, params)).result;
}

async function callModern(url: string, method: string, params: Json): Promise<Json> {
  const headers = {
    ...as("ada").headers,
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": method,
    "Mcp-Name": String(params.name ?? params.taskId),
  };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "many", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
  };
  return (await post(url, headers, method, { ...params, _meta })).result;
}

const JSON_HEADERS = {
  "Content-Type": "application/json",
  "Accept": "application/json, text/event-stream",
};

/** Sends one request, again when a server too busy for it says so, and gives back its result. */
async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  method: string,
  params: Json,
): Promise<{ result: Json; session: string | null }> {
  for (let attempt = 1;; attempt++) {
    const { result, error, session } = await send(url, headers, method, params);
    if (error === undefined) return { result, session };
    const retryAfterMs = error.data?.retryAfterMs;
    if (retryAfterMs === undefined || attempt === 20) {
      throw new Error(`Cannot call "${method}": ${JSON.stringify(error)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
  }
}

interface Answer {
  readonly result: Json;
  readonly error?: { readonly data?: { readonly retryAfterMs?: number } };
  readonly session: string | null;
}

/** Sends one request and reads its response, as JSON or as the last event of a stream. */
async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  method: string,
  params: Json,
): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const text = await response.text();
  const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
  const json = isStream ? text.slice(text.lastIndexOf("\ndata:") + "\ndata:".length) : text;
  const { result, error } = JSON.parse(json);
  return { result, error, session: response.headers.get("Mcp-Session-Id") };
}
