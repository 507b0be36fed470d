/**
 * The official 2025-11-25 client in front of two servers over one store: what it posts goes to one, what it comes back
 * for is on the other.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { McpServer } from "../../mod.ts";
import { memory } from "../../backends/memory.ts";
import { LegacyClient } from "../interop/legacy_client.ts";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { until } from "../support/settle.ts";

interface Fleet extends Gate {
  readonly client: LegacyClient;
  /** Events that the client came back with. */
  readonly resumed: string[];
  /** Breaks the connections on which calls are answered. */
  cut(): void;
}

/** Serves for the time of one test. */
async function withFleet(test: (fleet: Fleet) => Promise<void>): Promise<void> {
  const backend = memory();
  const gate = createGate();
  const servers = [1, 2].map(() =>
    new McpServer({ name: "fleet", version: "1.0.0" }, {
      allowAnonymous: true,
      backend,
      resultWaitMs: 20,
      keepAliveMs: 50,
    })
  );
  for (const server of servers) {
    server.registerTool("work", { task: { support: "optional" } }, gate.handler);
  }
  const resumed: string[] = [];
  const cuts = new Set<() => void>();
  const listening = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    if (request.method !== "GET") return cuttable(await servers[0]!.fetch(request), cuts);
    const lastEventId = request.headers.get("last-event-id");
    if (lastEventId?.startsWith("get-") === false) resumed.push(lastEventId);
    return await servers[1]!.fetch(request);
  });
  const client = await LegacyClient.connect(`http://127.0.0.1:${listening.addr.port}/mcp`);
  try {
    await test({
      ...gate,
      client,
      resumed,
      cut() {
        for (const cutOff of cuts) cutOff();
      },
    });
  } finally {
    await client.close();
    for (const server of servers) await server.close();
    await listening.shutdown();
  }
}

/** The response, with a body that can be cut off on its way. */
function cuttable(response: Response, cuts: Set<() => void>): Response {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const reader = response.body!.getReader();
  let isCut = false;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      cuts.add(() => {
        if (isCut) return;
        isCut = true;
        reader.cancel();
        controller.close();
      });
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (value !== undefined) controller.enqueue(value);
      if (done && !isCut) controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(readable, response);
}

verifies(
  ["T25-157", "T25-158", "T25-176", "T25-170"],
  "the official client comes back for a tasks/result again and again, on another server",
  async () => {
    await withFleet(async ({ client, runs, resumed }) => {
      const { taskId } = await client.createTask("work", {});
      const result = client.getTaskResult(taskId);
      await until(() => resumed.length === 2, { what: "the second return of the client" });
      await runs[0]!.finish("at last");
      assertEquals((await result).content, [{ type: "text", text: "at last" }]);
    });
  },
);

verifies(
  ["T25-157", "T25-176"],
  "the official client comes back for a call that closed its stream",
  async () => {
    await withFleet(async ({ client, runs, resumed }) => {
      const called = client.callTool("work", {});
      await until(() => runs.length === 1);
      await runs[0]!.ctx.closeStream();
      await until(() => resumed.length === 1, { what: "the return of the client" });
      await runs[0]!.finish("fine");
      assertEquals((await called).content, [{ type: "text", text: "fine" }]);
    });
  },
);

verifies(
  ["T25-165", "T25-176"],
  "the official client gets the result of a call whose connection broke",
  async () => {
    await withFleet(async ({ client, runs, resumed, cut }) => {
      const progress: number[] = [];
      const called = client.callTool("work", {}, { onProgress: (seen) => void progress.push(seen.progress) });
      await until(() => runs.length === 1);
      await runs[0]!.ctx.progress(1, 2);
      await until(() => progress.length === 1);
      cut();
      await until(() => resumed.length === 1, { what: "the return of the client" });
      await runs[0]!.finish("fine");
      assertEquals((await called).content, [{ type: "text", text: "fine" }]);
      assertEquals([progress, runs.length], [[1], 1]);
    });
  },
);
