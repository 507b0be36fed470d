import { dynamodb } from "@perdure/mcp-tasks/dynamodb";
import { redis } from "@perdure/mcp-tasks/redis";
import { runTask } from "./run_task.ts";

const [url, table, endpoint] = Deno.args as [string, string, string];
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
await runTask(redis(url));
await runTask(dynamodb(table, { connection: { endpoint, region: "eu-central-1", credentials } }));
Deno.exit();
