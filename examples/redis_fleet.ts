/**
 * Two instances of one server behind no particular load balancer, with their tasks in one Redis.
 *
 * Any instance answers for every task: one is started on the first instance and cancelled on the second, where the
 * tool on the first sees it; another one is started on the first instance, which is then killed with -9, and is
 * finished by the second.
 *
 * Run: `deno run -A examples/redis_fleet.ts`, with `redis-server` on the PATH or `REDIS_URL` set. It starts what it
 * needs on loopback ports, prints what happens, and ends with 1 if something is not as it should be, and with 2 if
 * there is no Redis.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { McpServer } from "@perdure/mcp-tasks";
import { redis } from "@perdure/mcp-tasks/redis";
import { redisMissing, startRedis } from "../tests/contract/fixtures/redis_server.ts";
import { callTool, cancelTask, hasEnded, untilTask } from "./support/mcp_call.ts";
import { withTemporary } from "./support/own_process.ts";
import { type ServerProcess, startServer } from "./support/server_process.ts";

/** A lost instance shows after a second instead of half a minute, so that this program is quick. */
const LEASE_MS = 1000;

/** One instance. Every example run has a namespace of its own, so that it can use any Redis. */
function serve(redisUrl: string, name: string, log: string): void {
  const note = (text: string) => Deno.writeTextFile(log, `${text}\n`, { append: true });
  const server = new McpServer({ name, version: "1.0.0" }, {
    allowAnonymous: true,
    backend: redis(redisUrl, { warn: () => {} }),
    leaseMs: LEASE_MS,
  });
  server.registerTool("watch", {
    description: "Watches until it is told to stop.",
    task: { support: "required" },
  }, async (_, ctx) => {
    await note("watching");
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    await note(`stopped: ${ctx.signal.reason.reason}`);
    return "stopped";
  });
  server.registerTool("report", {
    description: "Writes a report in two steps.",
    task: { support: "required", repeatable: true },
  }, async (_, ctx) => {
    const from = await ctx.step("first", async () => {
      await note("first half");
      return Deno.pid;
    });
    await ctx.status("one half is written");
    await ctx.sleep("between", 1500);
    return `${from === Deno.pid ? "One process" : "Two processes"} wrote this in attempt ${ctx.attempt}`;
  });
  Deno.serve({ hostname: "127.0.0.1", port: 0 }, server.fetch);
}

async function main(folder: string): Promise<void> {
  const redisUrl = Deno.env.get("REDIS_URL") ?? `redis://127.0.0.1:${(await startRedis()).port}`;
  const log = `${folder}/log`;
  const name = `fleet-${crypto.randomUUID()}`;
  const until = async (server: string, taskId: string, line: string) => {
    await untilTask(server, taskId, async () => (await Deno.readTextFile(log)).includes(`${line}\n`));
  };
  await Deno.writeTextFile(log, "");
  const start = (): Promise<ServerProcess> =>
    startServer(["run", "-A", new URL(import.meta.url).pathname, "serve", redisUrl, name, log]);
  const [first, second] = await Promise.all([start(), start()]);
  console.log(`two instances: process ${first.pid} and process ${second.pid}`);
  try {
    const watching = await callTool(first.url, "watch", {});
    await until(second.url, watching.taskId, "watching");
    await cancelTask(second.url, watching.taskId);
    await until(second.url, watching.taskId, "stopped: cancelled");
    console.log(`cancelled on ${second.pid}: the tool on ${first.pid} has stopped`);

    const report = await callTool(first.url, "report", {});
    await untilTask(second.url, report.taskId, (task) => task.statusMessage === "one half is written");
    await first.kill();
    const task = await untilTask(second.url, report.taskId, hasEnded);
    console.log(`kill -9 ${first.pid}: ${second.pid} went on: ${task.result?.content[0]?.text}`);
    assertEquals(task.result?.content[0]?.text, "Two processes wrote this in attempt 2");
    assertEquals(await Deno.readTextFile(log), "watching\nstopped: cancelled\nfirst half\n");
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
}

if (import.meta.main) {
  const [role, redisUrl, name, log] = Deno.args;
  if (role === "serve" && redisUrl !== undefined && name !== undefined && log !== undefined) {
    serve(redisUrl, name, log);
  } else if (redisMissing !== undefined) {
    console.error(`not run: ${redisMissing}`);
    Deno.exit(2);
  } else {
    await withTemporary(main);
    Deno.exit(0); // ends the Redis that was started here
  }
}
