import { assert, assertEquals } from "@std/assert";
import { createTable } from "../../backends/dynamodb.ts";
import { connectDynamo } from "../contract/fixtures/dynamodb.ts";
import { startRedis } from "../contract/fixtures/redis_server.ts";
import { type Missing, missingProgram, testIfThere } from "../support/not_run.ts";
import type { StoreAddress } from "../kill/settings.ts";
import { Pair, pause } from "./pair.ts";

interface Store {
  readonly name: string;
  readonly missing?: Missing;
  readonly open: () => Promise<{ readonly address: StoreAddress; readonly close: () => Promise<void> }>;
  /** Lease of the two servers: heartbeats come every third of it. */
  readonly leaseMs: number;
  /** When a cancel is to reach the tool, in milliseconds: a second where hints pass, else after the next heartbeat. */
  readonly cancelMs: number;
}

const stores: readonly Store[] = [
  {
    name: "a Deno KV file",
    leaseMs: 3000,
    cancelMs: 1500,
    async open() {
      const folder = await Deno.makeTempDir({ prefix: "fleet-" });
      return {
        address: { kind: "kv", path: `${folder}/tasks.kv` },
        close: () => Deno.remove(folder, { recursive: true }),
      };
    },
  },
  {
    name: "Redis",
    missing: await missingProgram("redis-server", "apt install redis-server"),
    leaseMs: 60_000,
    cancelMs: 1000,
    async open() {
      const server = await startRedis();
      return {
        address: { kind: "redis", url: `redis://127.0.0.1:${server.port}`, prefix: "fleet:" },
        close: () => kept(server.kill()),
      };
    },
  },
  {
    name: "DynamoDB",
    leaseMs: 3000,
    cancelMs: 1500,
    async open() {
      const client = await connectDynamo();
      const table = `fleet-${crypto.randomUUID()}`;
      await createTable(client, table);
      const { protocol, hostname, port } = await client.config.endpoint!();
      const endpoint = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`;
      return {
        address: { kind: "dynamodb", endpoint, table },
        close: () => Promise.resolve(client.destroy()),
      };
    },
  },
];

const TRIES = 3;

/** Waits for the end of a process that does not keep this one alive by itself. */
async function kept(work: Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, 1000);
  await work.finally(() => clearInterval(timer));
}

for (const { name, missing, open, leaseMs, cancelMs } of stores) {
  const testPair = (what: string, body: (pair: Pair) => Promise<void>) =>
    testIfThere(missing, `Two servers on ${name}: ${what}`, async () => {
      const { address, close } = await open();
      try {
        await using pair = await Pair.start(address, leaseMs);
        await body(pair);
      } finally {
        await close();
      }
    });

  testPair("a task made by one is followed, and its result fetched, on either", async (pair) => {
    const taskId = await pair.create("steps", "polled", 0);
    const done = await pair.until(taskId, ["completed", "failed"], 1);
    const [tool, label] = done.result.content[0].text.split(" ");
    assertEquals([done.status, tool, label], ["completed", "steps", "polled"]);
    assertEquals(await pair.result("tasks/get", { taskId }, 0), done);

    const session = await pair.openSession(0);
    const call = { name: "once", arguments: { label: "awaited" }, task: {} };
    const { task } = await pair.result2025(session, "tools/call", call, 0);
    const result = await pair.result2025(session, "tasks/result", { taskId: task.taskId }, 1);
    assertEquals(result.content, [{ type: "text", text: "once awaited" }]);
  });

  testPair("a cancel on one reaches the tool on the other in time", async (pair) => {
    const times: number[] = [];
    for (let i = 0; i < TRIES; i++) {
      const taskId = await pair.create("watching", `w${i}`, 0);
      await pair.untilDone("start", `w${i}`);
      const cancelledAt = Date.now();
      await pair.result("tasks/cancel", { taskId }, 1);
      const [, , reason, at] = await pair.untilDone("abort", `w${i}`);
      assertEquals(reason, "cancelled");
      times.push(Number(at) - cancelledAt);
      assertEquals((await pair.result("tasks/get", { taskId }, 0)).status, "cancelled");
    }
    // A busy machine may delay some of them, but not for as long as the next chance to learn of it would.
    const isInTime = Math.min(...times) <= cancelMs && Math.max(...times) <= 4 * cancelMs;
    assert(isInTime, `it took ${times.join(", ")} ms`);
  });

  testPair("a question asked by one is answered on the other", async (pair) => {
    const taskId = await pair.create("asking", "asked", 0);
    const { inputRequests } = await pair.until(taskId, ["input_required"], 1);
    assertEquals(Object.keys(inputRequests), ["q"]);
    const answer = { action: "accept", content: { text: "blue" } };
    await pair.result("tasks/update", { taskId, inputResponses: { q: answer } }, 1);
    const { result } = await pair.until(taskId, ["completed", "failed"], 1);
    assertEquals(result.content[0].text, "asking asked blue");
  });

  testPair("pages list every task once, also while tasks are being made", async (pair) => {
    const session = await pair.openSession(1);
    const created: string[] = [];
    const walk = async (node: number) => {
      const before = [...created];
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const params = cursor === undefined ? {} : { cursor };
        const page = await pair.result2025(session, "tasks/list", params, node);
        for (const { taskId } of page.tasks) seen.push(taskId);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      assertEquals(new Set(seen).size, seen.length, "no task is listed twice");
      assertEquals(before.filter((id) => !seen.includes(id)), [], "every task made before is listed");
    };
    let isDone = false;
    const creating = Promise.all([0, 1].map(async (node) => {
      for (let i = 0; i < 60; i++) created.push(await pair.create("quick", `q${node}-${i}`, node));
    })).finally(() => isDone = true);
    let walks = 0;
    while (!isDone || walks === 0) await walk(walks++ % 2);
    await creating;
    await walk(0);
    await walk(1);
    assertEquals(created.length, 120);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    testPair(
      `both are started again after ${signal}: sessions, waiting and repeatable tasks go on`,
      async (pair) => {
        const session = await pair.openSession(0);
        const parked = await pair.create("parking", "parked", 0);
        await pair.until(parked, ["input_required"]);
        const finished = await pair.create("quick", "finished", 1);
        const before = await pair.until(finished, ["completed"]);
        // Parked: nothing of it is in any process. The tool parks after 200 ms of waiting.
        await pause(600);
        const running = await pair.create("steps", "running", 1);
        await pair.untilDone("step", "running", "s1");
        await pair.restart(signal);

        assertEquals(await pair.result("tasks/get", { taskId: finished }, 0), before);
        const answer = { action: "accept", content: { text: "later" } };
        await pair.result("tasks/update", { taskId: parked, inputResponses: { q: answer } }, 1);
        const resumed = await pair.until(parked, ["completed", "failed"]);
        assertEquals(resumed.result.content[0].text.split(" ").slice(0, 3), ["parking", "parked", "later"]);
        if (signal === "SIGTERM" || leaseMs < 10_000) {
          const again = await pair.until(running, ["completed", "failed"]);
          assertEquals(again.result.content[0].text.split(" ").slice(0, 2), ["steps", "running"]);
        }
        const { tasks } = await pair.result2025(session, "tasks/list", {}, 1);
        assertEquals(tasks.length, 3);
      },
    );
  }
}
