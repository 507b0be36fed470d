/**
 * What happens in a round, drawn from its seed: who calls what, and which processes are killed or stopped when.
 *
 * @module
 */
import { type CrashPoint, LEASE_MS, POINTS } from "./settings.ts";

/** What is done to the processes of a round. */
export type Flavour = "kill" | "zombie";

/** One task of a round. */
export interface PlannedTask {
  /** Unique, and begins with the tool's name. */
  readonly label: string;
  readonly tool: string;
  readonly era: "2025" | "2026";
  /** When it is created, in milliseconds from the start. */
  readonly atMs: number;
  /** When it is cancelled, counted from its creation. */
  readonly cancelAfterMs?: number;
}

/** One blow. */
export interface PlannedBlow {
  readonly atMs: number;
  /** Number of the node. */
  readonly node: number;
  readonly type: "kill" | "stop" | "drain";
}

/** A round. */
export interface RoundPlan {
  readonly seed: number;
  readonly flavour: Flavour;
  readonly tasks: readonly PlannedTask[];
  readonly blows: readonly PlannedBlow[];
  /** Where the n-th process that is started dies by itself. */
  readonly crashes: readonly (CrashPoint | undefined)[];
}

/** Processes of a round. */
export const NODES = 4;
/** How long a stopped process stays stopped, in milliseconds. */
export const STOP_MS = LEASE_MS * 2;

const SPREAD_MS = 2000;

/** How many tasks of each tool a round of fifty has. */
const MIX: Readonly<Record<string, number>> = {
  once: 10,
  long: 6,
  steps: 9,
  parking: 8,
  asking: 5,
  sleeping: 6,
  huge: 3,
  blocking: 1,
  poison: 2,
};

/** Tools that ask nothing, and can so be used by a client that reads no stream. */
const SILENT = new Set(["once", "long", "steps", "sleeping", "huge"]);

/** Draws a round. The same seed gives the same round. */
export function planRound(seed: number, flavour: Flavour): RoundPlan {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const names = Object.entries(MIX).flatMap(([tool, count]) => Array.from({ length: count }, () => tool));
  // A zombie round is about processes that come back: none takes itself away in it.
  const tools = flavour === "zombie" ? names.map((tool) => tool === "poison" ? "once" : tool) : names;
  const tasks = tools.map((tool, i): PlannedTask => ({
    label: `${tool}-r${seed}t${i}`,
    tool,
    era: SILENT.has(tool) && random() < 0.4 ? "2025" : "2026",
    atMs: Math.floor(random() * SPREAD_MS),
    ...(random() < 0.1 && { cancelAfterMs: Math.floor(random() * 800) }),
  }));
  const blow = (type: PlannedBlow["type"], node: number): PlannedBlow => ({
    type,
    node,
    atMs: 200 + Math.floor(random() * (SPREAD_MS + 600)),
  });
  const first = Math.floor(random() * NODES);
  const blows = flavour === "kill"
    ? [
      blow("kill", first),
      blow("kill", (first + 1) % NODES),
      blow(pick(["kill", "drain"]), (first + 2) % NODES),
      blow(pick(["kill", "stop"]), (first + 3) % NODES),
    ]
    : [blow("stop", first), blow("stop", (first + 1) % NODES), blow("stop", (first + 2) % NODES)];
  const crash = (): CrashPoint => ({
    point: pick(POINTS),
    when: pick(["before", "after"]),
    nth: 1 + Math.floor(random() * 4),
  });
  const crashes = Array.from(
    { length: NODES * 2 },
    () => flavour === "kill" && random() < 0.4 ? crash() : undefined,
  );
  return { seed, flavour, tasks, blows: blows.sort((a, b) => a.atMs - b.atMs), crashes };
}

/** A generator of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
