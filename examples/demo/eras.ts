/**
 * One tool call in each protocol era, through the official client of that era.
 *
 * @module
 */
import { LegacyClient } from "../../tests/interop/legacy_client.ts";
import { ModernClient } from "../../tests/interop/modern_client.ts";
import type { Progress } from "./progress_line.ts";

/** How a task ended, in words both eras share. */
export interface Ending {
  /** Status of the task as this era names it. */
  readonly status: string;
  /** Whether the tool reported an error. */
  readonly isError: boolean;
  /** Text of the result. */
  readonly text: string;
}

/** A protocol era, with a client for it. */
export interface Era {
  readonly name: string;
  readonly client: string;
  /** Calls a tool as a task and follows it to its end. */
  run(url: string, tool: string, args: object, onTask: (task: Progress) => void): Promise<Ending>;
}

/** Revision 2025-11-25: a session, tasks asked for by the client, results by `tasks/result`. */
export const ERA_2025: Era = {
  name: "2025-11-25",
  client: "@modelcontextprotocol/sdk",
  async run(url, tool, args, onTask) {
    const client = await LegacyClient.connect(url);
    try {
      const { taskId } = await client.createTask(tool, args);
      const { status } = await client.waitForTask(taskId, undefined, onTask);
      const result = await client.getTaskResult(taskId);
      return { status, isError: result.isError === true, text: toText(result.content) };
    } finally {
      await client.endSession();
    }
  },
};

/** Revision 2026-07-28: no session, tasks chosen by the server, results inlined in `tasks/get`. */
export const ERA_2026: Era = {
  name: "2026-07-28",
  client: "@modelcontextprotocol/client with @modelcontextprotocol/ext-tasks",
  async run(url, tool, args, onTask) {
    const client = await ModernClient.connect(url);
    try {
      const outcome = await client.run(tool, args, { onTask });
      if (outcome.status !== "completed") throw new Error(`Cannot run "${tool}": task ${outcome.status}`);
      const { result, task } = outcome;
      return {
        status: task === undefined ? "no task" : task.status,
        isError: result.isError === true,
        text: toText(result.content),
      };
    } finally {
      await client.close();
    }
  },
};

function toText(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((item) => item.text ?? "").join("\n");
}
