import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { runTask } from "./run_task.ts";

await runTask(denoKv(":memory:"));
