import { redis } from "@perdure/mcp-tasks/redis";
import { runTask } from "./run_task.ts";

await runTask(redis(Deno.args[0]!));
Deno.exit();
