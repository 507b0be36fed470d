import { dynamodb } from "@perdure/mcp-tasks/dynamodb";
import { runTask } from "./run_task.ts";

const [table, endpoint] = Deno.args as [string, string];
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
await runTask(dynamodb(table, { connection: { endpoint, region: "eu-central-1", credentials } }));
