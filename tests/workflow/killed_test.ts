/**
 * A real process that is killed in the middle of workflows, and another one on the same file that goes on with them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Client } from "@modelcontextprotocol/sdk/client";
// The package's exports lead type checkers to files that do not exist when a path ends in ".js".
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { ListTasksResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { startServer } from "../../examples/support/server_process.ts";
import { verifies } from "../support/requirements.ts";

const LIMIT_MS = 60_000;
/** What hangs in the first process: a step that may be repeated, and one that may not. */
const HANGING = ["redo rows-a+", "once rows-b++"];

interface Prompt {
  readonly messages: readonly unknown[];
  readonly _meta: {
    readonly task_id: string;
    readonly pause_reason: Record<string, unknown>;
    readonly steps: readonly { readonly name: string; readonly status: string }[];
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ name: "killed-client", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  return client;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const giveUp = AbortSignal.timeout(LIMIT_MS);
  while (!await condition()) {
    giveUp.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

verifies(
  ["EXEC-01", "INTG-04"],
  "workflows whose process is killed go on in another one: what was finished is not run again",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "killed-" });
    const program = new URL("killed_server.ts", import.meta.url).pathname;
    const files = [`${folder}/tasks.kv`, `${folder}/ledger`];
    const start = (...hanging: string[]) =>
      startServer(["run", "-A", "--no-check", program, ...files, ...hanging], {
        signal: AbortSignal.timeout(LIMIT_MS),
      });
    const ledger = async () => (await Deno.readTextFile(files[1]!).catch(() => "")).trim().split("\n");
    try {
      const first = await start(...HANGING);
      const before = await connect(first.url);
      for (const source of ["rows-a", "rows-b"]) {
        before.getPrompt({ name: "pipeline", arguments: { source } }).catch(() => {});
      }
      await until(async () => {
        const lines = await ledger();
        return HANGING.every((line) => lines.includes(line));
      });
      await first.kill();

      const second = await start();
      const client = await connect(second.url);
      const whole = await client.getPrompt({
        name: "pipeline",
        arguments: { source: "rows-c" },
      }) as unknown as Prompt;
      const { tasks } = await client.request({ method: "tasks/list" }, ListTasksResultSchema);
      const answers: Record<string, Prompt> = {};
      for (const { taskId } of tasks.filter(({ taskId }) => taskId !== whole._meta.task_id)) {
        const _meta = { "io.perdure/taskId": taskId };
        const answer = await client.getPrompt({ name: "pipeline", _meta }) as unknown as Prompt;
        answers[answer._meta.steps[1]!.status + answer._meta.steps[2]!.status] = answer;
      }
      // The repeatable step was run again, and the hand-off is as if nothing had happened.
      const repeated = answers["completedcompleted"]!;
      const expected = JSON.stringify(whole.messages).replaceAll("rows-c", "rows-a");
      assertEquals(repeated.messages, JSON.parse(expected));
      assertEquals(repeated._meta.pause_reason, whole._meta.pause_reason);
      // The other one is not, and says so.
      const { reason, failedStep } = answers["completedfailed"]!._meta.pause_reason;
      assertEquals([reason, failedStep], ["worker_lost", "third"]);
      const lines = (await ledger()).filter((line) => !line.includes("rows-c"));
      assertEquals(lines.toSorted(), [
        "once rows-a",
        "once rows-a++",
        "once rows-b",
        "once rows-b++",
        "redo rows-a+",
        "redo rows-a+",
        "redo rows-b+",
      ]);
      await client.close();
      await before.close().catch(() => {});
      await second.stop();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
