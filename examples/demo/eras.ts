/**
 * One task in each protocol era, through the official client of that era: started, followed, and taken up again by
 * a new client.
 *
 * @module
 */
import { LegacyClient } from "../../tests/interop/legacy_client.ts";
import { ModernClient, type SerializedTaskReference } from "../../tests/interop/modern_client.ts";
import type { Progress } from "./progress_board.ts";

/** How a task ended, in words both eras share. */
export interface Ending {
  /** Status of the task as this era names it. */
  readonly status: string;
  /** Whether the tool reported an error. */
  readonly isError: boolean;
  /** Text of the result. */
  readonly text: string;
}

/** A task, and a client that knows it. */
export interface ClientTask {
  /** Id of the task. */
  readonly taskId: string;
  /** Follows the task to its end. Rejects when the server cannot be reached. */
  follow(onTask: (task: Progress) => void): Promise<Ending>;
  /** The same task, known to a new client. */
  takeUp(): Promise<ClientTask>;
  /** Ends the client. */
  leave(): Promise<void>;
}

/** A protocol era, with a client for it. */
export interface Era {
  readonly name: string;
  readonly client: string;
  /** Calls a tool as a task. */
  start(url: string, tool: string, args: object): Promise<ClientTask>;
}

/** Revision 2025-11-25: a session, tasks asked for by the client, results by `tasks/result`. */
export const ERA_2025: Era = {
  name: "2025-11-25",
  client: "@modelcontextprotocol/sdk",
  async start(url, tool, args) {
    const client = await LegacyClient.connect(url);
    const { taskId } = await client.createTask(tool, args);
    return toLegacyTask(url, client, taskId);
  },
};

function toLegacyTask(url: string, client: LegacyClient, taskId: string): ClientTask {
  return {
    taskId,
    async follow(onTask) {
      const { status } = await client.waitForTask(taskId, undefined, onTask);
      const result = await client.getTaskResult(taskId);
      return { status, isError: result.isError === true, text: toText(result.content) };
    },
    takeUp: async () => toLegacyTask(url, await LegacyClient.connect(url), taskId),
    leave: () => client.close(),
  };
}

/** Revision 2026-07-28: no session, tasks chosen by the server, results inlined in `tasks/get`. */
export const ERA_2026: Era = {
  name: "2026-07-28",
  client: "@modelcontextprotocol/client with ext-tasks",
  async start(url, tool, args) {
    const client = await ModernClient.connect(url);
    const execution = await client.start(tool, args);
    if (execution.kind !== "task") throw new Error(`Cannot follow "${tool}": the server made no task of it`);
    const task = { url, taskId: execution.handle.taskId, reference: execution.serializeReference() };
    return toModernTask(task, client, async (onTask) => {
      const { outcome } = await execution.settle({
        onEvent: (event) => event.type === "task" ? onTask(event.task) : undefined,
      });
      return outcome as TaskOutcome;
    });
  },
};

type TaskOutcome = Awaited<ReturnType<ModernClient["resume"]>>;

interface KnownTask {
  readonly url: string;
  readonly taskId: string;
  readonly reference: SerializedTaskReference;
}

function toModernTask(
  task: KnownTask,
  client: ModernClient,
  drive: (onTask: (task: Progress) => void) => Promise<TaskOutcome>,
): ClientTask {
  const { url, taskId, reference } = task;
  return {
    taskId,
    async follow(onTask) {
      const outcome = await drive(onTask);
      if (outcome.status !== "completed") {
        throw new Error(`Cannot follow task ${taskId}: it is ${outcome.status}`);
      }
      const { result } = outcome;
      const status = outcome.task?.status ?? "no task";
      return { status, isError: result.isError === true, text: toText(result.content) };
    },
    async takeUp() {
      const fresh = await ModernClient.connect(url);
      return toModernTask(task, fresh, (onTask) => fresh.resume(reference, onTask));
    },
    leave: () => client.close(),
  };
}

function toText(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((item) => item.text ?? "").join("\n");
}
