import { assertEquals } from "@std/assert";
import { McpServer } from "../../mod.ts";
import type { StorageFixture } from "../../src/testing/mod.ts";
import { systemRuntime } from "../../src/runtime.ts";
import { openDynamo } from "../contract/fixtures/dynamodb.ts";
import { openRedis, redisMissing } from "../contract/fixtures/redis.ts";
import { ModernClient } from "../support/modern_client.ts";

const BYTES = 10 * 1024 * 1024;
const LINE_BYTES = 16;
const PATIENCE_MS = 60_000;

const ENGINES: Readonly<Record<string, () => Promise<StorageFixture>>> = {
  Redis: () => openRedis({ runtime: systemRuntime, timeoutMs: 30_000 }),
  DynamoDB: () => openDynamo({ runtime: systemRuntime, timeoutMs: 30_000 }),
};

/** Text of which no two parts are alike, with a character of two bytes in each line. */
function largeText(): string {
  const lines = Array.from(
    { length: BYTES / LINE_BYTES },
    (_, i) => `${i} `.padEnd(LINE_BYTES - 2, ".") + "ä",
  );
  return lines.join("");
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function resultOf(client: ModernClient, taskId: string): Promise<string> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    const { result } = await client.request("tasks/get", { taskId });
    if (result?.status === "completed") {
      return (result.result as { content: [{ text: string }] }).content[0].text;
    }
    if (result?.status !== "working") throw new Error(`Cannot read the result: ${JSON.stringify(result)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("Cannot read the result: the task has not ended");
}

for (const [name, open] of Object.entries(ENGINES)) {
  const missing = name === "Redis" ? redisMissing : undefined;
  const claim = `A result of 10 MiB reaches a client of another server on ${name} unchanged`;
  Deno.test({
    name: missing === undefined ? claim : `${claim} [not run: ${missing}]`,
    ignore: missing !== undefined,
    // Redis and the server in this process outlive the test that started them.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const { backend, another, close } = await open();
      const text = largeText();
      const servers = [backend, await another!()].map((backend) => {
        const server = new McpServer({ name: "large", version: "1.0.0" }, {
          backend,
          authenticate: () => ({ subject: "reader" }),
        });
        server.registerTool(
          "large",
          { description: "A large text", task: { support: "required" } },
          () => text,
        );
        return server;
      });
      const [client, other] = servers.map(({ fetch }) =>
        new ModernClient(fetch, {}, () => Promise.resolve())
      );
      const taskId = await client!.createTask("large");
      assertEquals(await sha256(await resultOf(other!, taskId)), await sha256(text));
      for (const server of servers) await server.close();
      await close();
    },
  });
}
