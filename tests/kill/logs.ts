/**
 * The logs that the nodes of a round left: what was really done, and what was really stored.
 *
 * @module
 */
import { effectsPath } from "./settings.ts";
import type { WriteNote } from "./watched_backend.ts";

/** How often something was done. */
export interface Effects {
  /** Starts of the handler, by label. */
  readonly starts: ReadonlyMap<string, number>;
  /** Nonces of the runs of each step, by label and step. */
  readonly steps: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Steps in the order in which they were run, by label. */
  readonly order: ReadonlyMap<string, readonly StepRun[]>;
}

/** One run of a step. */
export interface StepRun {
  readonly step: string;
  /** Attempt that ran it. */
  readonly attempt: number;
}

/** A write, and the node that made it. */
export interface NodeWrite extends WriteNote {
  readonly node: string;
}

/** An event, and the node that told it. */
export interface NodeEvent {
  readonly node: string;
  readonly at: number;
  readonly type: string;
  readonly taskId?: string;
  readonly name?: string;
  readonly message: string;
  readonly error: string;
}

/** Reads the log of side effects. */
export async function readEffects(folder: string): Promise<Effects> {
  const starts = new Map<string, number>();
  const steps = new Map<string, Map<string, string[]>>();
  const order = new Map<string, StepRun[]>();
  const text = await Deno.readTextFile(effectsPath(folder)).catch(() => "");
  for (const line of text.split("\n")) {
    const [what, label, step, nonce, attempt] = line.split(" ");
    if (label === undefined) continue;
    if (what === "start") starts.set(label, (starts.get(label) ?? 0) + 1);
    if (what !== "step") continue;
    const runs = steps.get(label) ?? new Map<string, string[]>();
    steps.set(label, runs);
    runs.set(step!, [...runs.get(step!) ?? [], nonce!]);
    order.set(label, [...order.get(label) ?? [], { step: step!, attempt: Number(attempt) }]);
  }
  return { starts, steps, order };
}

/** Reads the writes of all nodes. */
export function readWrites(folder: string): Promise<NodeWrite[]> {
  return readNodeLogs<NodeWrite>(folder, "writes-");
}

/** Reads the events of all nodes. */
export function readEvents(folder: string): Promise<NodeEvent[]> {
  return readNodeLogs<NodeEvent>(folder, "events-");
}

async function readNodeLogs<T extends { readonly node: string }>(
  folder: string,
  prefix: string,
): Promise<T[]> {
  const entries: T[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const node = name.slice(prefix.length, -".log".length);
    const text = await Deno.readTextFile(`${folder}/${name}`);
    for (const line of text.split("\n")) {
      // A process may die in the middle of its last line.
      if (line.endsWith("}")) entries.push({ ...JSON.parse(line), node });
    }
  }
  return entries;
}
