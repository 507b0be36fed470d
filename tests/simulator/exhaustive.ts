/**
 * Every pair of operations on one task, with one fault at every call of the store.
 *
 * Both operations reach the store at about the same time, in either order. A fault is tried at each of the first calls
 * of each kind that they and the task's holder make, one at a time.
 *
 * @module
 */
import type { Batch } from "./batch.ts";
import { faultsOf } from "./flaky_backend.ts";
import type { Action, CallFault, Incident, Op, OpKind, Plan, TaskPlan, ToolName } from "./plan.ts";

/** What can meet. The first five are requests; the others happen by time, by the tool or by the process. */
const OPERATIONS = [
  "get",
  "answer",
  "cancel",
  "list",
  "finish",
  "end",
  "step",
  "ask",
  "park",
  "expire",
  "deadline",
  "claim",
  "drain",
] as const;
type Operation = typeof OPERATIONS[number];

/** When both operations happen. */
const AT = 1000;
/** Differences between the two, in milliseconds. */
const OFFSETS = [-4, 0, 4];
const TOOLS: readonly ToolName[] = ["once", "again", "outside"];
/** Calls of each kind that are made to fail, one at a time. */
const CALLS: readonly (readonly [node: number, method: string, calls: number])[] = [
  [0, "put", 6],
  [0, "get", 4],
  [0, "delete", 2],
  [1, "put", 4],
  [1, "get", 4],
  [1, "delete", 2],
  [2, "put", 3],
  [2, "get", 3],
];

const FAULTS: readonly (readonly [string, CallFault])[] = CALLS.flatMap(([node, method, calls]) =>
  [...new Set(faultsOf(method))].flatMap((fault) =>
    Array.from({ length: calls }, (_, n): [string, CallFault] => [`${node}.${method}.0.${n}`, fault])
  )
);

/** A prime that is no factor of the number of plans. */
const STRIDE = 99_991;

/** How many plans there are. */
export function pairCount(): number {
  return OPERATIONS.length ** 2 * OFFSETS.length * TOOLS.length * (FAULTS.length + 1);
}

/** Some of them. */
export function pairBatch(from: number, count: number): Batch {
  return { from, count, plans: Array.from({ length: count }, (_, i) => pairPlan(from + i)) };
}

/** The plan of a number from 0 to {@linkcode pairCount} - 1. */
export function pairPlan(number: number): Plan {
  // Neighbours differ in everything, so that a part of all plans is a fair sample.
  let rest = (number * STRIDE) % pairCount();
  const take = <T>(items: readonly T[]): T => {
    const item = items[rest % items.length]!;
    rest = Math.floor(rest / items.length);
    return item;
  };
  const fault = take([undefined, ...FAULTS]);
  const tool = take(TOOLS);
  const offset = take(OFFSETS);
  const first = take(OPERATIONS);
  const second = take(OPERATIONS);
  const timed = [[first, AT], [second, AT + offset]] as const;
  return {
    seed: number,
    nodes: 3,
    leaseMs: 3000,
    limit: 100,
    shards: 1,
    maxValueBytes: 6000,
    indexLagMs: 0,
    skews: [0, 0, 0],
    hasPurge: false,
    hintRate: 1,
    parkAfterMs: [first, second].includes("park") ? AT - 100 : 60_000,
    lacksTool: false,
    durationMs: 9000,
    tasks: [toTask(tool, timed)],
    ops: [{ at: 0, node: 0, kind: "create", task: 0, salt: 0 }, ...toOps(timed)],
    incidents: toIncidents(timed),
    faultRate: 0,
    faults: fault === undefined ? [] : [fault],
  };
}

type Timed = readonly (readonly [Operation, number])[];

/** A script that does at their times what tools do, and leaves a large outcome. */
function toTask(tool: ToolName, timed: Timed): TaskPlan {
  const script: Action[] = [];
  const has = (operation: Operation) => timed.some(([name]) => name === operation);
  if (has("deadline")) script.push({ do: "ask", keys: 1, timeoutMs: AT, fallback: true });
  else if (has("answer") || has("park")) script.push({ do: "ask", keys: 1 });
  else script.push({ do: "busy", ms: AT, isDeaf: false });
  if (has("step")) script.push({ do: "step", ms: 1, bytes: 2000 });
  if (has("ask")) script.push({ do: "ask", keys: 2 });
  if (!has("end")) script.push({ do: "busy", ms: 500, isDeaf: false });
  script.push({ do: "return", bytes: 14_000 });
  return { tool, script, owner: 0, ttlMs: has("expire") ? AT : 3_600_000, argBytes: 10 };
}

function toOps(timed: Timed): Op[] {
  const requests: readonly string[] = ["get", "answer", "cancel", "list", "finish"];
  return timed.flatMap(([name, at], i): Op[] =>
    requests.includes(name) ? [{ at, node: 1 + i, kind: name as OpKind, task: 0, salt: 7 + i }] : []
  );
}

function toIncidents(timed: Timed): Incident[] {
  return timed.flatMap(([name, at]): Incident[] => {
    if (name === "drain") return [{ at, node: 0, kind: "drain", ms: 500 }];
    // The holder stops long enough to be taken for lost, and goes on just as another takes over.
    return name === "claim" ? [{ at: 10, node: 0, kind: "pause", ms: 3500 + at - AT }] : [];
  });
}
