/**
 * Two instances of one server with their tasks in one DynamoDB table; the first one is shut down in the middle.
 *
 * `close()` hands a repeatable task back once its handler has settled, so that the next instance need not wait until
 * a lease has run out.
 *
 * Run: `deno run -A examples/dynamodb.ts`. The table is on an in-memory stand-in for the service (`npm:dynalite`) in
 * this process; set `DYNAMODB_ENDPOINT` and the `AWS_` variables for another endpoint. It prints what happens and ends with 1 if something is
 * not as it should be.
 *
 * @module
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { assertEquals } from "@std/assert";
import { McpServer } from "@perdure/mcp-tasks";
import { createTable, dynamodb } from "@perdure/mcp-tasks/dynamodb";
import dynalite from "dynalite";
import { pause } from "./support/pause.ts";
import { callTool, hasEnded, untilTask } from "./support/mcp_call.ts";

const TABLE = `example-${crypto.randomUUID()}`;

function createServer(client: DynamoDBClient, instance: string, steps: string[]): McpServer {
  const server = new McpServer({ name: "indexer", version: "1.0.0" }, {
    allowAnonymous: true,
    backend: dynamodb(TABLE, { client }),
    leaseMs: 3000,
  });
  server.registerTool("index", {
    description: "Builds an index, shard by shard.",
    task: { support: "required", repeatable: true },
  }, async (_, ctx) => {
    for (let shard = 0; shard < 6; shard++) {
      await ctx.step("shard", async () => {
        // The first instance is held up by its third shard, until it is closed.
        await pause(instance === "A" && shard === 2 ? 60_000 : 50, ctx.signal);
        steps.push(`${instance}${shard}`);
      });
      await ctx.status(`${shard + 1} of 6 shards`);
    }
    return `indexed, the last shards by ${instance}`;
  });
  return server;
}

async function main(client: DynamoDBClient): Promise<void> {
  await createTable(client, TABLE);
  const steps: string[] = [];
  const first = createServer(client, "A", steps);
  const second = createServer(client, "B", steps);
  const { taskId } = await callTool(first, "index", {});
  await untilTask(second, taskId, (task) => task.statusMessage === "2 of 6 shards");
  await first.close();
  console.log(`A is closed after ${steps.length} shards`);
  const task = await untilTask(second, taskId, hasEnded);
  console.log(`B finished: ${task.result?.content[0]?.text}; shards ${steps.join(" ")}`);
  assertEquals(task.result?.content[0]?.text, "indexed, the last shards by B");
  assertEquals(steps, ["A0", "A1", "B2", "B3", "B4", "B5"], "each shard once");
  await second.close();
}

/** A client of the endpoint that the environment names, with its credentials, or of the stand-in on a port. */
function connect(port: number): DynamoDBClient {
  const endpoint = Deno.env.get("DYNAMODB_ENDPOINT");
  if (endpoint !== undefined) return new DynamoDBClient({ endpoint });
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "example", secretAccessKey: "example" },
  });
}

if (import.meta.main) {
  const standIn = dynalite({ createTableMs: 1 });
  await new Promise<void>((resolve) => standIn.listen(0, "127.0.0.1", resolve));
  const client = connect((standIn.address() as { port: number }).port);
  await main(client);
  client.destroy();
  standIn.close();
}
