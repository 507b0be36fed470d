/**
 * Runs every program under `examples/`. A program without an entry here fails the first test.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { redisMissing } from "./contract/fixtures/redis_server.ts";
import { verifies } from "./support/requirements.ts";
import { type Missing, testIfThere } from "./support/not_run.ts";
import { startServer } from "../examples/support/server_process.ts";
import { LegacyClient } from "./interop/legacy_client.ts";
import { ModernClient } from "./interop/modern_client.ts";

const EXAMPLES = `${Deno.realPathSync(`${import.meta.dirname}/../examples`)}/`;

/** Programs that check themselves, with the last thing they say. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "authorized.ts":
    "Both clients: reports:read first, reports:read reports:write when needed; 4 tasks are Ada's",
  "durable_approval.ts": "task is completed: INV-1 is paid, approved by Ada",
  "dynamodb.ts": "indexed, the last shards by B",
  "lambda.ts": "client: the task is completed",
  "outside_engine.ts": "task is completed: A-17 is on its way",
  "redis_fleet.ts": "went on: Two processes wrote this in attempt 2",
  "release_notes_workflow.ts": "task is completed: 0.2.0.md is published",
  "task_workflow_lifecycle.ts": "the workflow was completed when its last step was",
  "worker_queue.ts": "task is completed: 3 pages, attempt 2",
};

/** Requirements that a program shows. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  "task_workflow_lifecycle.ts": ["INTG-03"],
};

const MISSING: Readonly<Record<string, Missing | undefined>> = {
  "redis_fleet.ts": redisMissing === undefined
    ? undefined
    : { reason: redisMissing, command: "apt install redis-server" },
};

const RUNS: Readonly<Record<string, () => Promise<void>>> = {
  ...Object.fromEntries(
    Object.entries(PROGRAMS).map(([program, last]) => [program, () => runs(program, last)]),
  ),

  "conformance_server.ts": () =>
    withServer(["run", "-A", `${EXAMPLES}conformance_server.ts`, "--port", "0"], async (url) => {
      const client = await LegacyClient.connect(url);
      const { content } = await client.callTool("test_simple_text", {});
      assertEquals(content, [{ type: "text", text: "This is a simple text response for testing." }]);
      await client.endSession();
    }),

  "demo.ts": () =>
    withDirectory(async (directory) => {
      for (let i = 0; i < 12; i++) {
        await Deno.mkdir(`${directory}/${i}`);
        await Deno.writeTextFile(`${directory}/${i}/one.ts`, "export const one = 1;\n");
      }
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", `${EXAMPLES}demo.ts`, directory],
        env: { NO_COLOR: "1" },
      }).output();
      const output = new TextDecoder().decode(stdout);
      assertEquals(code, 0, output + new TextDecoder().decode(stderr));
      const told = [
        "kill -9",
        "TypeScript     12     12    264",
        "Both clients got this table",
        "no such directory",
      ];
      for (const expected of told) assertStringIncludes(output, expected);
      for (const era of ["2025-11-25", "2026-07-28"]) {
        assertMatch(output, new RegExp(`${era}  13 directories, counted 1[34] times: [1-9]`));
      }
    }),

  "stdio.ts": async () => {
    const args = ["run", "-A", "--quiet", `${EXAMPLES}stdio.ts`];
    const env = { ...Deno.env.toObject(), TASKS_KV: ":memory:" };
    const client = await LegacyClient.connect({ command: Deno.execPath(), args, env, stderr: "ignore" });
    const { content } = await client.runTask("brew_tea", { cups: 2, strength: "light" });
    assertEquals(content, [{ type: "text", text: "2 cups of light tea" }]);
    await client.close();
  },

  "tasks_basic.ts": () =>
    withDirectory((directory) => {
      const args = ["serve", "-A", "--host", "127.0.0.1", "--port", "0", `${EXAMPLES}tasks_basic.ts`];
      return withServer(args, async (url) => {
        const client = await ModernClient.connect(url);
        const outcome = await client.run("census", { directory: `${EXAMPLES}demo` });
        assertEquals(outcome.status, "completed");
        assertStringIncludes(JSON.stringify(outcome), "eras.ts");
        await client.close();
      }, { TASKS_KV: `${directory}/tasks.kv` });
    }),
};

Deno.test("examples: every program is run by a test", async () => {
  const programs: string[] = [];
  for await (const entry of Deno.readDir(EXAMPLES)) {
    if (entry.isFile && entry.name.endsWith(".ts")) programs.push(entry.name);
  }
  assertEquals(programs.sort(), Object.keys(RUNS).sort());
});

for (const [program, run] of Object.entries(RUNS)) {
  const [name, missing] = [`examples: ${program} runs`, MISSING[program]];
  const ids = SHOWN[program];
  if (ids === undefined) testIfThere(missing, name, run);
  else verifies(ids, name, run, { missing });
}

Deno.test("examples: an interrupted demo ends with 130 and leaves nothing behind", () =>
  withDirectory(async (directory) => {
    const demo = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${EXAMPLES}demo.ts`, directory],
      env: { NO_COLOR: "1", TMPDIR: directory },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = demo.stdout.pipeThrough(new TextDecoderStream()).getReader();
    for (let seen = ""; !seen.includes("working");) seen += (await output.read()).value ?? fail(seen);
    demo.kill("SIGINT");
    while (!(await output.read()).done);
    assertEquals((await demo.status).code, 130);
    assertEquals(Array.from(Deno.readDirSync(directory)), []);
  }));

async function runs(program: string, last: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${EXAMPLES}${program}`],
    env: { NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertEquals(code, 0, output + new TextDecoder().decode(stderr));
  assertStringIncludes(output, last);
}

function fail(seen: string): never {
  throw new Error(`Cannot interrupt the demo: it ended first, after "${seen}"`);
}

async function withServer(
  args: readonly string[],
  body: (url: string) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const server = await startServer(args, { env });
  try {
    await body(`${server.url}/mcp`);
  } finally {
    await server.stop();
  }
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "examples-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
