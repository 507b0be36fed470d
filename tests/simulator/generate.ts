/**
 * Makes a plan from a seed.
 *
 * @module
 */
import { Dice, mix } from "./dice.ts";
import type { Action, Incident, Op, OpKind, Plan, TaskPlan, ToolName } from "./plan.ts";

/** What calls with an idempotency key add to a plan. */
interface KeyedPart {
  readonly task: TaskPlan;
  readonly ops: readonly Op[];
  readonly limit: number;
  readonly faultRate: number;
}

const LEASE_MS = 3000;
const NODES = 3;
/** Bytes of a value that fits a head, of one that does not, and of one that is split. */
const SIZES = [20, 20, 20, 1200, 5000, 14_000];

/** The plan of a seed. */
export function generate(seed: number): Plan {
  const dice = new Dice(mix(seed, 1));
  const count = dice.pick([1, 1, 2, 2, 3, 5]);
  const hasShortLives = dice.chance(0.5);
  const isMassLoss = dice.chance(0.02);
  const durationMs = LEASE_MS * (isMassLoss ? 10 : dice.between(3, 9));
  const tasks = Array.from(
    { length: isMassLoss ? 5 : count },
    () => isMassLoss ? makeLong(dice) : makeTask(dice, hasShortLives),
  );
  const keyed = isMassLoss ? undefined : makeKeyed(new Dice(mix(seed, 2)), tasks.length, durationMs);
  const skew = dice.pick([0, 0, 200, 200, 600, 300_000]);
  return {
    seed,
    nodes: NODES,
    leaseMs: LEASE_MS,
    limit: Math.min(isMassLoss ? 100 : dice.pick([2, 3, 100]), keyed?.limit ?? 100),
    shards: dice.pick([1, 1, 4]),
    maxValueBytes: 6000,
    indexLagMs: dice.pick([0, 0, 0, 300]),
    skews: Array.from({ length: NODES }, () => Math.round((dice.next() * 2 - 1) * skew)),
    hasPurge: dice.chance(0.5),
    hintRate: dice.pick([0, 0.5, 1]),
    parkAfterMs: dice.pick([300, 1500, 4000]),
    lacksTool: dice.chance(0.1),
    durationMs,
    tasks: keyed === undefined ? tasks : [...tasks, keyed.task],
    ops: (isMassLoss ? onOneNode(tasks) : tasks.flatMap((_, index) => makeOps(dice, index, durationMs)))
      .concat(keyed?.ops ?? []).sort((a, b) => a.at - b.at),
    incidents: isMassLoss ? crashesOfOneNode() : makeIncidents(dice, durationMs),
    faultRate: Math.max(dice.pick([0, 0.01, 0.03, 0.08, 0.2]), keyed?.faultRate ?? 0),
  };
}

function makeTask(dice: Dice, isShort: boolean): TaskPlan {
  const tool: ToolName = dice.pick(["once", "once", "again", "again", "again", "again", "outside"]);
  return {
    tool,
    script: makeScript(dice),
    owner: dice.chance(0.7) ? 0 : 1,
    ttlMs: isShort && dice.chance(0.7) ? dice.between(2000, 20_000) : 3_600_000,
    argBytes: dice.chance(0.15) ? 5000 : 10,
  };
}

/** A task with an idempotency key, asked for again and again: a few at once, others at the edge of its times. */
function makeKeyed(dice: Dice, task: number, durationMs: number): KeyedPart | undefined {
  if (!dice.chance(0.2)) return undefined;
  const plan = { ...makeTask(dice, false), ttlMs: dice.pick([3_600_000, 11_000]) };
  const startAt = dice.below(durationMs / 2);
  const op = (kind: OpKind, afterMs: number): Op => ({
    at: Math.min(startAt + afterMs + dice.below(30), durationMs),
    node: dice.below(NODES),
    kind,
    task,
    salt: dice.below(2 ** 31),
  });
  const ops = Array.from(
    { length: dice.between(3, 9) },
    () => op("once", dice.pick([0, 0, 30, 100, 900, 9900, 10_400, 16_000])),
  );
  for (let i = dice.below(3); i > 0; i--) {
    ops.push(op(dice.pick(["get", "answer", "cancel"]), dice.below(durationMs)));
  }
  return { task: plan, ops, limit: dice.pick([1, 2, 100]), faultRate: dice.pick([0.03, 0.15, 0.3]) };
}

/** Long enough to be lost with its process. */
function makeLong(dice: Dice): TaskPlan {
  const script: Action[] = [{ do: "busy", ms: 6000, isDeaf: false }, {
    do: "return",
    bytes: dice.pick(SIZES),
  }];
  return { tool: "again", script, owner: dice.below(2), ttlMs: 3_600_000, argBytes: 10 };
}

function makeScript(dice: Dice): Action[] {
  if (dice.chance(0.03)) return manySteps(dice);
  const actions = Array.from({ length: dice.below(5) }, () => makeAction(dice));
  if (dice.chance(0.06)) actions.push({ do: "die" });
  if (dice.chance(0.15)) actions.push({ do: "throw", what: dice.pick(["tool", "protocol", "other"]) });
  else actions.push({ do: "return", bytes: dice.pick(SIZES) });
  return actions;
}

/** Enough for the journal to be sealed, with answers in what is sealed. */
function manySteps(dice: Dice): Action[] {
  const steps = Array.from({ length: 18 }, (): Action => ({ do: "step", ms: 3, bytes: 500 }));
  const quick: Action = { do: "ask", keys: 1, timeoutMs: 200, fallback: true };
  return [...steps, { do: "ask", keys: 2 }, ...steps, quick, ...steps, {
    do: "return",
    bytes: dice.pick(SIZES),
  }];
}

function makeAction(dice: Dice): Action {
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2:
      return { do: "step", ms: spread(dice), bytes: dice.pick(SIZES), fails: dice.pick([0, 0, 0, 0, 1, 2]) };
    case 3:
      return { do: "together", ms: Array.from({ length: dice.between(2, 4) }, () => spread(dice)) };
    case 4:
    case 5:
      return { do: "ask", keys: dice.between(1, 3) };
    case 6:
      return {
        do: "ask",
        keys: dice.between(1, 2),
        timeoutMs: dice.between(200, 9000),
        fallback: dice.chance(0.5),
      };
    case 7:
      return { do: "sleep", ms: dice.pick([50, 700, 3000, 9000]) };
    case 8:
      return { do: "set", bytes: dice.pick(SIZES) };
    case 9:
      return { do: "report" };
    default:
      return { do: "busy", ms: spread(dice), isDeaf: dice.chance(0.3) };
  }
}

/** Mostly short, sometimes longer than a lease. */
function spread(dice: Dice): number {
  return Math.round(dice.next() ** 3 * LEASE_MS * 1.5);
}

const KINDS: readonly OpKind[] = [
  "get",
  "get",
  "get",
  "result",
  "answer",
  "answer",
  "answer",
  "answer",
  "list",
  "watch",
  "finish",
  "variables",
  "stranger",
];

/** One node dies again and again, with a new task in its hands each time, and another has to take them all. */
function onOneNode(tasks: readonly TaskPlan[]): Op[] {
  return tasks.map((_, task) => ({ at: 4500 * task + 10, node: 0, kind: "create", task, salt: task }));
}

function crashesOfOneNode(): Incident[] {
  const crashes = Array.from({ length: 5 }, (_, i): Incident => ({
    at: 4500 * i + 1000,
    node: 0,
    kind: "crash",
    ms: 3300,
  }));
  return [{ at: 5, node: 2, kind: "crash", ms: 60_000 }, ...crashes];
}

function makeOps(dice: Dice, task: number, durationMs: number): Op[] {
  const createAt = dice.chance(0.6) ? dice.below(300) : dice.below(durationMs / 2);
  const op = (kind: OpKind, at: number): Op => ({
    at,
    node: dice.below(NODES),
    kind,
    task,
    salt: dice.below(2 ** 31),
  });
  const ops = [op(dice.chance(0.2) ? "call" : "create", createAt)];
  const later = () => createAt + Math.round(dice.next() ** 1.5 * (durationMs - createAt));
  for (let i = dice.between(2, 9); i > 0; i--) ops.push(op(dice.pick(KINDS), later()));
  if (dice.chance(0.25)) ops.push(op("cancel", later()));
  if (dice.chance(0.1)) ops.push(op("cancel", ops.at(-1)!.at + dice.below(5)));
  return ops;
}

function makeIncidents(dice: Dice, durationMs: number): Incident[] {
  const count = dice.pick([0, 0, 1, 2, 4]);
  return Array.from({ length: count }, (): Incident => {
    const at = dice.below(durationMs);
    const node = dice.below(NODES);
    const kind = dice.pick(["crash", "crash", "pause", "pause", "jump", "away", "drain"] as const);
    const ms = kind === "jump"
      ? Math.round((dice.next() * 2 - 1) * dice.pick([500, 5000, 300_000]))
      : Math.round(dice.next() * 2.5 * LEASE_MS);
    return { at, node, kind, ms };
  }).sort((a, b) => a.at - b.at);
}
