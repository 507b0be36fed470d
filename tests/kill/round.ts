/**
 * One round: four processes on one store, fifty tasks, blows, and the reckoning.
 *
 * @module
 */
import { McpServer } from "../../mod.ts";
import { systemRuntime } from "../../src/runtime.ts";
import { Callers } from "./caller.ts";
import {
  checkAccount,
  checkAfterExpiry,
  checkAtRest,
  checkEffects,
  checkWrites,
  restless,
} from "./checks.ts";
import { delay, Fleet } from "./fleet.ts";
import type { Account } from "./ledger.ts";
import { type NodeEvent, type NodeWrite, readEffects, readEvents, readWrites } from "./logs.ts";
import { type Flavour, planRound, seeded } from "./plan.ts";
import type { RoundStore } from "./settings.ts";
import { dumpStore, openStore } from "./stores.ts";
import { recoveryTimes } from "./recovery_times.ts";

/** What came of a round. */
export interface RoundReport {
  readonly seed: number;
  readonly store: RoundStore["kind"];
  readonly flavour: Flavour;
  /** Broken promises. */
  readonly faults: readonly string[];
  readonly figures: RoundFigures;
  /** From the death of a task's process to the first write of another process, in milliseconds. */
  readonly afterDeathMs: readonly number[];
  /** The same from the moment at which the process was stopped. */
  readonly afterStopMs: readonly number[];
}

/** What was counted in a round. */
export interface RoundFigures {
  /** Tasks whose creation was acknowledged. */
  readonly acknowledged: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly workerLost: number;
  readonly exhausted: number;
  /** Processes killed from outside, by their own crash point or by a tool, stopped, and drained. */
  readonly killed: number;
  readonly died: number;
  readonly stopped: number;
  readonly drained: number;
  /** Requests that nobody answered. */
  readonly silences: number;
  /** Requests that were answered with the words that the store is away. */
  readonly storeFaults: number;
  /** Writes of heads that the store took, and that it refused. */
  readonly writes: number;
  readonly refused: number;
  /** Outcomes that came too late and were dropped. */
  readonly dropped: number;
  /** Runs of steps whose first run was cut off by a crash. */
  readonly repeatedSteps: number;
  /** Once-tasks given up although their process was neither killed, stopped nor blocked. */
  readonly lostWithoutCause: number;
  /** Tools that a process left alone because it had seen their process lost three times. */
  readonly paused: number;
  /** 1 if processes were replaced at the end, because tasks had not ended. */
  readonly rolled: number;
}

/** When every task must have ended, in milliseconds since all nodes stand: backoff of lost attempts included. */
const ROUND_MS = 60_000;
/** When a round that has no end is given up, in milliseconds. */
const GIVE_UP_MS = 180_000;
const MAX_SCANS = 20;
const MAX_LOOKS = 50;
/** When processes are replaced because tasks have not ended, in milliseconds from the last blow. */
const ROLL_MS = 8000;
/** Far enough ahead for everything to have expired, sessions and left-over payloads included. */
const LATER_MS = 7 * 86_400_000;

/** Options of {@linkcode runRound}. */
export interface RoundOptions {
  /** Does something to the store meanwhile; callers may then be told that it is away. */
  readonly disturb?: () => Promise<void>;
}

/** Runs a round in an empty store. */
export async function runRound(
  seed: number,
  flavour: Flavour,
  store: RoundStore,
  { disturb }: RoundOptions = {},
): Promise<RoundReport> {
  // Logs are kept in memory where that can be: a busy disk must not stop a process in the middle of a step.
  const folder = await Deno.makeTempDir({ prefix: "kill-", dir: "/dev/shm" })
    .catch(() => Deno.makeTempDir({ prefix: "kill-" }));
  const plan = planRound(seed, flavour);
  const faults: string[] = [];
  const fleet = new Fleet(plan, store, folder);
  const callers = new Callers(fleet, seeded(seed ^ 0x5bd1e995), faults, disturb !== undefined);
  try {
    await fleet.start();
    await callers.open();
    const begun = performance.now();
    const until = () => Math.min(Math.max(begun, fleet.stoodSince) + ROUND_MS, begun + GIVE_UP_MS);
    const following = Promise.all(plan.tasks.map((task) => callers.follow(task, until)));
    await Promise.all([fleet.dealBlows(), disturb?.()]);
    const isRolled = !await hasEnded(following, ROLL_MS);
    // Processes that saw a tool's process lost three times leave that tool alone for minutes: these ones may all have.
    if (isRolled) await fleet.roll();
    const accounts = await following;
    await lookAgain(callers, accounts);
    while (restless(await dumpStore(store), accounts).length > 0 && performance.now() < until()) {
      await delay(200);
    }
    await fleet.end();
    const effects = await readEffects(folder);
    const writes = await readWrites(folder);
    const events = await readEvents(folder);
    const atRest = await dumpStore(store);
    const heads = new Map(atRest.heads.map((head) => [head.id, head]));
    for (const account of accounts) checkAccount(account, effects, heads.get(account.id ?? ""));
    faults.push(
      ...checkEffects(effects),
      ...checkWrites(writes),
      ...checkAtRest(atRest, accounts),
      ...faultsOfEvents(events),
    );
    await expireAll(store);
    faults.push(...checkAfterExpiry(await dumpStore(store)));

    const acknowledged = accounts.filter(({ id }) => id !== undefined);
    const ended = (status: string, reason?: string) =>
      acknowledged.filter(({ ending }) => ending?.status === status && ending.reason === reason).length;
    const lost = (type: string) => fleet.losses.filter((loss) => loss.type === type).length;
    const steps = [...effects.steps.values()].flatMap((runs) => [...runs.values()]);
    return {
      seed,
      store: store.kind,
      flavour,
      faults,
      afterDeathMs: recoveryTimes(
        writes,
        fleet.losses.filter(({ type }) => type === "killed" || type === "died"),
      ),
      afterStopMs: recoveryTimes(writes, fleet.losses.filter(({ type }) => type === "stopped")),
      figures: {
        acknowledged: acknowledged.length,
        completed: ended("completed"),
        cancelled: ended("cancelled"),
        workerLost: ended("failed", "worker_lost"),
        exhausted: ended("failed", "attempts_exhausted"),
        killed: lost("killed"),
        died: lost("died"),
        stopped: lost("stopped"),
        drained: lost("drained"),
        silences: callers.silences,
        storeFaults: callers.storeFaults,
        writes: writes.filter(({ outcome }) => outcome === "stored").length,
        refused: writes.filter(({ outcome }) => outcome === "refused").length,
        dropped: events.filter(({ type }) => type === "outcome_dropped").length,
        repeatedSteps: steps.reduce((sum, nonces) => sum + nonces.length - 1, 0),
        paused: events.filter(({ type }) => type === "claims_paused").length,
        rolled: Number(isRolled),
        lostWithoutCause: countLostWithoutCause(writes, events, fleet),
      },
    };
  } finally {
    await fleet.end().catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asks once more, on any node, when all who were stopped are back: endings stay what they were. */
async function lookAgain(callers: Callers, accounts: readonly Account[]): Promise<void> {
  for (const account of accounts) {
    if (account.ending === undefined) continue;
    let tries = 0;
    // A process may still be dying at its crash point.
    while (!await callers.look(account)) {
      if (++tries === MAX_LOOKS) return account.fault("nobody could be asked for it any more");
      await delay(100);
    }
  }
}

async function hasEnded(work: Promise<unknown>, withinMs: number): Promise<boolean> {
  return await Promise.race([work.then(() => true), delay(withinMs).then(() => false)]);
}

/** Events that no crash excuses. */
function faultsOfEvents(events: readonly NodeEvent[]): string[] {
  const unexcused = new Set([
    "defect",
    "record_undecodable",
    "recovery_failed",
    "resume_failed",
    "tool_threw",
  ]);
  return events.filter(({ type, error }) => unexcused.has(type) && !/TaskAbortError/.test(error))
    .map(({ node, type, message, error }) => `${node} told of ${type}: ${message} (${error})`);
}

/** Tasks that were taken from a process which nothing had happened to: it was merely slow. */
function countLostWithoutCause(
  writes: readonly NodeWrite[],
  events: readonly NodeEvent[],
  fleet: Fleet,
): number {
  const creators = new Map(
    writes.filter(({ point }) => point === "create").map(({ id, node }) => [id, node]),
  );
  const excused = new Set(fleet.losses.map(({ node }) => node));
  for (const { name, taskId } of events) {
    if (name === "blocking" && taskId !== undefined) excused.add(creators.get(taskId) ?? "");
  }
  return events.filter(({ type, taskId }) =>
    type === "worker_lost" && creators.has(taskId ?? "") && !excused.has(creators.get(taskId!)!)
  ).length;
}

/** Lets a process whose clock is far ahead remove everything. */
async function expireAll(store: RoundStore): Promise<void> {
  const server = new McpServer({ name: "late", version: "1.0.0" }, {
    allowAnonymous: true,
    backend: await openStore(store),
    runtime: { ...systemRuntime, now: () => Date.now() + LATER_MS },
  });
  try {
    // What a scan deletes, such as a head, may leave something for the next one, but not without end.
    for (let scan = 0; scan < MAX_SCANS && (await server.recover()).deleted > 0; scan++);
  } finally {
    await server.close();
  }
}
