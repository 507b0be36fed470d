/**
 * One store that is away for a while, under two servers with the settings they have by default.
 *
 * @module
 */
import { startRedis } from "../contract/fixtures/redis_server.ts";
import { startProxy } from "../backends/support/cut_proxy.ts";
import { Pair, pause } from "../fleet/pair.ts";
import type { Reply } from "../kill/wire.ts";

/** Lease of the servers in milliseconds, as by default. */
export const AWAY_LEASE_MS = 30_000;

/** What was seen. */
export interface AwayReport {
  /** Requests answered while the store was away with the error that says so. */
  readonly readableErrors: number;
  /** Longest wait for such an error, in milliseconds. */
  readonly slowestErrorMs: number;
  /** Requests sent meanwhile that were answered well once the store was back. */
  readonly answeredLate: number;
  /** From the cut until the holder of a lease was told that it is lost, in milliseconds. */
  readonly abortedAfterMs: number;
  /** From the mend until both servers answered well again, in milliseconds. */
  readonly recoveredAfterMs: number;
  /** From the mend until every task had ended, in milliseconds. */
  readonly settledAfterMs: number;
  /** What was not as promised, in words. */
  readonly faults: readonly string[];
}

/** Callers that go on asking while the store is away. */
const CALLERS = 8;

/**
 * Cuts two servers off from their Redis for `awayMs`, asks them all the while, and lets them go on.
 *
 * @param heldMs How long a tool has held its lease when the cut comes: less than the third of it after which a
 * heartbeat would come, and long enough for the watchdog to act before the store is back.
 */
export async function runAway(awayMs: number, heldMs: number): Promise<AwayReport> {
  const faults: string[] = [];
  const server = await startRedis({ appendonly: "yes", appendfsync: "always" });
  const proxy = await startProxy(server.port);
  const url = `redis://127.0.0.1:${proxy.port}`;
  const pair = await Pair.start({ kind: "redis", url, prefix: "away:" }, AWAY_LEASE_MS);
  try {
    const parked = await pair.create("parking", "parked", 0);
    await pair.until(parked, ["input_required"]);
    const held = await pair.create("watching", "held", 0);
    await pair.untilDone("start", "held");
    await pause(heldMs);

    proxy.cut();
    const cutAt = Date.now();
    let isAway = true;
    const errors: number[] = [];
    let answeredLate = 0;
    const calling = Promise.all(Array.from({ length: CALLERS }, async (_, caller) => {
      while (isAway) {
        const askedAt = performance.now();
        const reply = await (caller % 4 < 2
          ? pair.ask("tasks/get", { taskId: parked }, caller % 2)
          : pair.ask("tools/call", { name: "quick", arguments: { label: `c${caller}` } }, caller % 2));
        if (reply.type === "result") {
          answeredLate++;
        } else if (isReadable(reply)) {
          errors.push(performance.now() - askedAt);
        } else faults.push(`while the store was away: ${JSON.stringify(reply)}`);
      }
    }));
    await pause(awayMs);
    isAway = false;
    proxy.mend();
    const mendedAt = Date.now();
    await Promise.all([0, 1].map(async (node) => {
      for (;;) {
        const reply = await pair.ask("tasks/get", { taskId: parked }, node);
        if (reply.type === "result") return;
        if (!isReadable(reply)) faults.push(`once the store was back: ${JSON.stringify(reply)}`);
        await pause(50);
      }
    }));
    const recoveredAfterMs = Date.now() - mendedAt;
    await calling;

    const [, , reason, abortedAt] = await pair.untilDone("abort", "held");
    if (reason !== "lease_lost") faults.push(`the holder was told "${reason}"`);
    if (Number(abortedAt) >= mendedAt) faults.push("the holder was told only once the store was back");
    const answer = { action: "accept", content: { text: "back" } };
    await pair.result("tasks/update", { taskId: parked, inputResponses: { q: answer } }, 1);
    for (const taskId of [parked, await pair.create("quick", "fresh", 0)]) {
      const { status } = await pair.until(taskId, ["completed", "failed"]);
      if (status !== "completed") faults.push(`a task ended ${status}`);
    }
    // Nobody had taken its task over by then, so the outcome it came to after all may count.
    const ended = await pair.until(held, ["completed", "failed"]);
    if (ended.status === "failed" && ended.error?.data?.reason !== "worker_lost") {
      faults.push(`the tool that lost its lease ended with ${JSON.stringify(ended.error)}`);
    }
    return {
      readableErrors: errors.length,
      slowestErrorMs: Math.round(Math.max(0, ...errors)),
      answeredLate,
      abortedAfterMs: Number(abortedAt) - cutAt,
      recoveredAfterMs,
      settledAfterMs: Date.now() - mendedAt,
      faults,
    };
  } finally {
    await pair[Symbol.asyncDispose]();
    proxy.close();
    await server.kill();
  }
}

function isReadable(reply: Reply): boolean {
  return reply.type === "error" && reply.code === -32603 && reply.data?.reason === "store_unavailable" &&
    reply.message === "The task store did not answer: try again";
}
