/**
 * The official clients start servers as hosts do, and speak to them over standard input and output.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { missingProgram } from "../support/not_run.ts";
import { verifies } from "../support/requirements.ts";
import { LegacyClient, type Task } from "./legacy_client.ts";
import { ModernClient } from "./modern_client.ts";

const ROOT = Deno.realPathSync(`${import.meta.dirname}/../..`);
const NODE = await missingProgram("node", "apt install nodejs");

interface Command {
  readonly command: string;
  readonly args: string[];
  readonly stderr: "ignore" | "pipe";
  readonly env?: Record<string, string>;
}

function denoServer(program: string, env: Record<string, string> = {}): Command {
  const cache = Deno.env.get("DENO_DIR");
  return {
    command: Deno.execPath(),
    args: ["run", "-A", "--quiet", `${ROOT}/${program}`],
    env: { ...env, ...(cache === undefined ? {} : { DENO_DIR: cache }) },
    stderr: "ignore",
  };
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "stdio-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The server as one file that Node runs. */
async function bundleServer(folder: string): Promise<string> {
  const file = `${folder}/server.mjs`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--output", file, `${ROOT}/tests/interop/stdio_server.ts`],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return file;
}

verifies(
  ["T25-190", "T25-193", "T25-194"],
  "2025 client uses the example over stdio, and finds its task in the next process",
  () =>
    withFolder(async (folder) => {
      const server = denoServer("examples/stdio.ts", { TASKS_KV: `${folder}/tasks.kv` });
      const asked: string[] = [];
      const first = await LegacyClient.connect(server, {
        onElicit: (
          { message },
        ) => (asked.push(message), { action: "accept", content: { strength: "strong" } }),
      });
      assertEquals(await first.listTools(), { brew_tea: "optional" });
      const { content } = await first.callTool("brew_tea", { cups: 1 });
      assertEquals(content, [{ type: "text", text: "1 cups of strong tea" }]);
      const statuses: string[] = [];
      const task = await first.runTask("brew_tea", { cups: 1 }, {
        onTask: ({ status }) => statuses.push(status),
      });
      assertEquals(task.content, [{ type: "text", text: "1 cups of strong tea" }]);
      assert(statuses.includes("input_required"), String(statuses));
      // A question goes out again on a result stream that opens before its answer has arrived.
      assert(asked.length >= 2);
      assertEquals(new Set(asked).size, 1);
      const unwanted = await first.createTask("brew_tea", { cups: 100, strength: "light" });
      assertEquals((await first.cancelTask(unwanted.taskId)).status, "cancelled");
      const unfinished = await first.createTask("brew_tea", { cups: 3, strength: "strong" });
      await first.waitForTask(unfinished.taskId, ({ statusMessage }) => statusMessage !== undefined);
      await first.close();

      const second = await LegacyClient.connect(server);
      const { tasks } = await second.listTasks();
      assertEquals(tasks.length, 3);
      assertEquals(tasks.map(({ taskId }) => taskId).slice(0, 2), [unfinished.taskId, unwanted.taskId]);
      const seen: Task[] = [];
      const ended = await second.waitForTask(unfinished.taskId, undefined, (state) => seen.push(state));
      assertEquals(ended.status, "completed");
      const result = await second.getTaskResult(unfinished.taskId);
      assertEquals(result.content, [{ type: "text", text: "3 cups of strong tea" }]);
      await second.close();
    }),
);

verifies(
  ["T26-174", "T26-176", "T26-179", "T26-180"],
  "2026 clients use the example over stdio: a call, a cancel, and a task that asks",
  async () => {
    const server = denoServer("examples/stdio.ts", { TASKS_KV: ":memory:" });
    const client = new Client({ name: "plain", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(new StdioClientTransport(server));
    assertEquals(client.getNegotiatedProtocolVersion(), "2026-07-28");
    const brew = (cups: number, signal?: AbortSignal) =>
      client.callTool({ name: "brew_tea", arguments: { cups, strength: "light" } }, { signal });
    assertEquals((await brew(1)).content, [{ type: "text", text: "1 cups of light tea" }]);
    const impatience = new AbortController();
    const cancelled = assertRejects(() => brew(100, impatience.signal));
    impatience.abort();
    await cancelled;
    assertEquals((await brew(2)).content, [{ type: "text", text: "2 cups of light tea" }]);
    await client.close();

    const taskClient = await ModernClient.connect(server, {
      onElicit: () => ({ action: "accept", content: { strength: "strong" } }),
    });
    const outcome = await taskClient.run("brew_tea", { cups: 12 });
    assertEquals(outcome.status, "completed");
    assertStringIncludes(JSON.stringify(outcome), "12 cups of strong tea");
    await taskClient.close();
  },
);

verifies(
  ["T25-191", "T26-175", "T25-193", "T26-181"],
  "on Node the server speaks to both clients, keeps the console off the pipe, and ends when they are done",
  () =>
    withFolder(async (folder) => {
      const server: Command = { command: "node", args: [await bundleServer(folder)], stderr: "ignore" };
      const legacy = await LegacyClient.connect(server, {
        onElicit: () => ({ action: "accept", content: { name: "Ada" } }),
      });
      assertEquals((await legacy.callTool("noisy", {})).content, [{ type: "text", text: "quiet" }]);
      assertEquals((await legacy.runTask("ask", {})).content, [{ type: "text", text: "Hello, Ada!" }]);
      const { taskId } = await legacy.createTask("endless", {});
      assertEquals((await legacy.cancelTask(taskId)).status, "cancelled");
      await legacy.close();

      const modern = await ModernClient.connect(server, {
        onElicit: () => ({ action: "accept", content: { name: "Grace" } }),
      });
      const outcome = await modern.run("ask", {});
      assertStringIncludes(JSON.stringify(outcome), "Hello, Grace!");
      await modern.close();

      await judgeProcess("node", server.args);
    }),
  { missing: NODE },
);

verifies(
  ["T25-191", "T26-175", "T25-193", "T26-181"],
  "on Deno nothing but messages is on the pipe, whatever is said, and the process ends with it",
  () => judgeProcess(Deno.execPath(), ["run", "-A", "--quiet", `${ROOT}/tests/interop/stdio_server.ts`]),
);

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1.0.0" } },
};

function call(id: number, name: string, args: object = {}): object {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** Speaks to the process by hand: all at once, then the end of the input, then with nobody who reads. */
async function judgeProcess(command: string, args: readonly string[]): Promise<void> {
  const start = () =>
    new Deno.Command(command, {
      args: [...args],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const write = async (child: Deno.ChildProcess, things: readonly (object | string)[]) => {
    const writer = child.stdin.getWriter();
    const lines = things.map((thing) => typeof thing === "string" ? thing : JSON.stringify(thing));
    await writer.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
    await writer.close();
  };

  const polite = start();
  const big = "é".repeat(500_000);
  const [{ stdout, stderr, code }] = await Promise.all([
    polite.output(),
    write(polite, [
      INITIALIZE,
      "nonsense",
      call(2, "noisy"),
      call(3, "echo", { text: big }),
      call(4, "endless"),
    ]),
  ]);
  const said = new TextDecoder().decode(stderr);
  const answers = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  assertEquals([answers.length, byId.size], [5, 5]);
  assertEquals(byId.get(undefined).error.code, -32700);
  assertEquals(byId.get(3).result.content[0].text, big);
  assertEquals(byId.get(4).error.data.reason, "closing");
  for (const word of ["log", "debug", "dir", "table", "group", "count", "time"]) {
    assertStringIncludes(said, word);
  }
  assertMatch(said, /served\n$/);
  assertEquals(code, 0, said);

  const rude = start();
  await rude.stdout.cancel();
  await write(rude, [
    INITIALIZE,
    ...Array.from({ length: 50 }, (_, i) => call(i + 2, "echo", { text: "x" })),
  ]);
  const ended = await Array.fromAsync(rude.stderr.pipeThrough(new TextDecoderStream()));
  assertEquals((await rude.status).code, 0, ended.join(""));
  assertMatch(ended.join(""), /^served\n$/);
}
