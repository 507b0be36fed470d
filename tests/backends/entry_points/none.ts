import { memory } from "@perdure/mcp-tasks/memory";
import { runTask } from "./run_task.ts";

await runTask(memory());
