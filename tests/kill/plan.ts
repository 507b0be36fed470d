/**
 * What happens in a round, drawn from its seed: who calls what, and which processes are killed or stopped when.
 *
 * @module
 */
import { type CrashPoint, LEASE_MS, POINTS } from "./settings.ts";

/** What is done to the processes of a round; `calm`: nothing, whatever else is done to it. */
export type Flavour = "kill" | "zombie" | "calm";

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
  once: 7,
  promoted: 4,
  long: 6,
  steps: 9,
  parking: 8,
  asking: 5,
  sleeping: 6,
  huge: 3,
  blocking: 1,
  poison: 1,
};

/** Tools that ask nothing, and can so be used by a client that reads no stream. */
const SILENT = new Set(["once", "long", "steps", "sleeping", "huge"]);

/** Draws a round. The same seed gives the same round. */
export function planRound(seed: number, flavour: Flavour): RoundPlan {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const names = Object.entries(MIX).flatMap(([tool, count]) => Array.from({ length: count }, () => tool));
  // Only a round about processes that die has a tool that takes them away.
  const tools = flavour === "kill" ? names : names.map((tool) => tool === "poison" ? "once" : tool);
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
  const nodes = Array.from({ length: NODES }, (_, i) => (first + i) % NODES);
  const blows: Record<Flavour, () => PlannedBlow[]> = {
    kill: () => [
      blow("kill", nodes[0]!),
      blow("kill", nodes[1]!),
      blow(pick(["kill", "drain"]), nodes[2]!),
      blow(pick(["kill", "stop"]), nodes[3]!),
    ],
    zombie: () => nodes.slice(1).map((node) => blow("stop", node)),
    calm: () => [],
  };
  const dealt = blows[flavour]();
  const crash = (): CrashPoint => ({
    point: pick(POINTS),
    when: pick(["before", "after"]),
    nth: 1 + Math.floor(random() * 4),
  });
  const crashes = Array.from(
    { length: NODES * 2 },
    () => flavour === "kill" && random() < 0.3 ? crash() : undefined,
  );
  return { seed, flavour, tasks, blows: dealt.sort((a, b) => a.atMs - b.atMs), crashes };
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
