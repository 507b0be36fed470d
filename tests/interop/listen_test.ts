import { assertEquals } from "@std/assert";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { createRawDispatch } from "./raw_dispatch.ts";

const EXTENSION = "io.modelcontextprotocol/tasks";
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "interop-listen", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": { extensions: { [EXTENSION]: {} } },
};

Deno.test("2026 client listens for a task, a list and a resource until the server closes", async () => {
  const gate = Promise.withResolvers<void>();
  const server = new McpServer({ name: "interop", version: "1.0.0" }, {
    backend: memory(),
    allowAnonymous: true,
  });
  server.registerTool("gated", { task: { support: "required" } }, async () => {
    await gate.promise;
    return "through";
  });
  server.registerResource("a", "test://a", {}, () => "");
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch);
  const url = `http://127.0.0.1:${listener.addr.port}/mcp`;

  const dispatch = createRawDispatch(url);
  const params = { name: "gated", arguments: {}, _meta: META };
  const created = await dispatch({ method: "tools/call", params } as never);
  const { taskId } = (created as unknown as { result: { taskId: string } }).result;

  const client = new Client({ name: "interop-listen", version: "1.0.0" }, {
    capabilities: { extensions: { [EXTENSION]: {} } },
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  const heard: string[] = [];
  const waits = new Map<string, PromiseWithResolvers<void>>();
  const wait = (what: string) => {
    if (!waits.has(what)) waits.set(what, Promise.withResolvers());
    return waits.get(what)!;
  };
  client.fallbackNotificationHandler = ({ method, params }) => {
    const { status, uri } = (params ?? {}) as { status?: string; uri?: string };
    const what = [method, status ?? uri].filter(Boolean).join(" ");
    heard.push(what);
    wait(what).resolve();
    return Promise.resolve();
  };
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const filter = {
    toolsListChanged: true,
    resourceSubscriptions: ["test://a", "test://b"],
    taskIds: [taskId],
  };
  const subscription = await client.listen(filter);
  // Version 2.4.0 keeps only what the core revision knows of the filter.
  const { taskIds: _, ...known } = { ...subscription.honoredFilter, taskIds: undefined };
  assertEquals(known, { toolsListChanged: true, resourceSubscriptions: ["test://a"] });

  await wait("notifications/tasks working").promise;
  server.sendResourceUpdated("test://a");
  await wait("notifications/resources/updated test://a").promise;
  server.sendListChanged("tools");
  await wait("notifications/tools/list_changed").promise;
  gate.resolve();
  await wait("notifications/tasks completed").promise;
  await server.close();
  // Version 2.4.0 goes by the cancellation, which comes first, not by the result behind it.
  assertEquals(await subscription.closed, "remote");
  assertEquals(heard, [
    "notifications/tasks working",
    "notifications/resources/updated test://a",
    "notifications/tools/list_changed",
    "notifications/tasks completed",
  ]);
  await client.close();
  await listener.shutdown();
});
