import { assert, assertEquals } from "@std/assert";
import { type CutProxy, startProxy } from "../backends/support/cut_proxy.ts";
import { type RedisServer, startRedis } from "../contract/fixtures/redis_server.ts";
import { Pair, pause } from "../fleet/pair.ts";
import { runRound } from "../kill/round.ts";
import { LEASE_MS, type RoundStore } from "../kill/settings.ts";
import { missingProgram, testIfThere } from "../support/not_run.ts";

const missing = await missingProgram("redis-server", "apt install redis-server");

/** How long the store is away, in milliseconds: leases end meanwhile, and operations run out of their time. */
const AWAY_MS = LEASE_MS * 3.5;
/** Longest time of one operation on the store, in milliseconds. */
const TIMEOUT_MS = 1000;

async function withRedis(
  body: (server: RedisServer, proxy: CutProxy, address: RoundStore) => Promise<void>,
): Promise<void> {
  // The server's process does not keep this one alive by itself while its end is waited for.
  const alive = setInterval(() => {}, 1000);
  // With any other setting a busy disk makes the server answer before it has handed a write to the system.
  const server = await startRedis({ appendonly: "yes", appendfsync: "always" });
  const proxy = await startProxy(server.port);
  try {
    const url = `redis://127.0.0.1:${proxy.port}`;
    await body(server, proxy, { kind: "redis", url, prefix: "faults:", timeoutMs: TIMEOUT_MS });
  } finally {
    proxy.close();
    await server.kill();
    clearInterval(alive);
  }
}

testIfThere(
  missing,
  "A server whose Redis is away says so in time, stops what it cannot hold, and recovers by itself",
  () =>
    withRedis(async (_server, proxy, address) => {
      await using pair = await Pair.start(address, LEASE_MS);
      const parked = await pair.create("parking", "parked", 0);
      await pair.until(parked, ["input_required"]);
      const watching = await pair.create("watching", "held", 0);
      await pair.untilDone("start", "held");
      const sleeping = await pair.create("sleeping", "sleeping", 1);

      proxy.cut();
      const mended = pause(AWAY_MS).then(() => proxy.mend());
      const [, , reason] = await pair.untilDone("abort", "held");
      assertEquals(reason, "lease_lost");
      const askedAt = performance.now();
      const replies = await Promise.all([
        pair.ask("tasks/get", { taskId: parked }, 0),
        pair.ask("tools/call", { name: "quick", arguments: { label: "x" } }, 1),
        pair.ask("tasks/cancel", { taskId: sleeping }, 1),
      ]);
      const answeredIn = performance.now() - askedAt;
      for (const reply of replies) {
        assert(reply.type === "error", `a store that is away was answered with ${JSON.stringify(reply)}`);
        assertEquals([reply.code, reply.data?.reason], [-32603, "store_unavailable"]);
        assertEquals(reply.message, "The task store did not answer: try again");
      }
      assert(answeredIn < AWAY_MS * 2, `it took ${answeredIn} ms to say so`);
      await mended;

      // The very same processes go on.
      let reply = await pair.ask("tasks/get", { taskId: parked }, 0);
      for (let i = 0; i < 100 && reply.type === "error"; i++) {
        await pause(100);
        reply = await pair.ask("tasks/get", { taskId: parked }, i % 2);
      }
      const answer = { action: "accept", content: { text: "back" } };
      await pair.result("tasks/update", { taskId: parked, inputResponses: { q: answer } }, 1);
      const done = await pair.until(parked, ["completed", "failed"]);
      assertEquals(done.result.content[0].text.split(" ").slice(0, 3), ["parking", "parked", "back"]);
      const slept = await pair.until(sleeping, ["completed", "failed"]);
      assertEquals(slept.result.content[0].text.split(" ").slice(0, 2), ["sleeping", "sleeping"]);
      await pair.until(watching, ["completed", "failed"]);
      const fresh = await pair.create("quick", "fresh", 0);
      assertEquals((await pair.until(fresh, ["completed"], 1)).result.content[0].text, "quick fresh");
    }),
);

testIfThere(
  missing,
  "A Redis that is cut off again and again under load loses and doubles nothing",
  () =>
    withRedis(async (_server, proxy, address) => {
      const report = await runRound(1, "calm", address, {
        async disturb() {
          for (const ms of [300, LEASE_MS, LEASE_MS * 2]) {
            await pause(400);
            proxy.cut();
            await pause(ms);
            proxy.mend();
          }
          // The answer to what is under way gets lost; what was asked is done.
          await pause(400);
          proxy.dropAnswers();
          await pause(300);
          proxy.cut();
          proxy.mend();
        },
      });
      assert(report.figures.storeFaults > 0, "nobody noticed");
      assertEquals([report.faults, report.figures.acknowledged], [[], 50]);
    }),
);

testIfThere(
  missing,
  "A Redis that is killed and started again under load loses and doubles nothing",
  () =>
    withRedis(async (server, _proxy, behindProxy) => {
      const address = { ...behindProxy, url: `redis://127.0.0.1:${server.port}` } as const;
      const report = await runRound(2, "calm", address, {
        async disturb() {
          for (const ms of [100, 500, LEASE_MS]) {
            await pause(500);
            await server.kill();
            await pause(ms);
            await server.restart();
          }
        },
      });
      assertEquals([report.faults, report.figures.acknowledged], [[], 50]);
    }),
);
