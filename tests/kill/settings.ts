/**
 * What the driver of the kill harness tells a node, and the times both of them count with.
 *
 * @module
 */

/** Lease of the nodes, in milliseconds: heartbeat a third, margin and scan a sixth of it. */
export const LEASE_MS = 1000;

/** Longest time from the loss of a process to the first write of another one, in milliseconds: L + M + a late scan. */
export const RECOVERY_MS = LEASE_MS + LEASE_MS / 6 + LEASE_MS / 6 * 1.25;

/** Time to live of the tasks, in milliseconds: far longer than a round. */
export const TTL_MS = 600_000;

/** Bytes of the large result: more than one payload record on every store. */
export const HUGE_BYTES = 1_200_000;

/** Attempts of a tool that may be repeated: more than a round takes away. */
export const MANY_ATTEMPTS = 20;

/** Attempts of the tool that kills its process. */
export const POISON_ATTEMPTS = 2;

/** Where a node keeps its tasks. */
export type StoreAddress =
  | { readonly kind: "kv"; readonly path: string }
  | {
    readonly kind: "redis";
    readonly url: string;
    readonly prefix: string;
    /** Longest time of one operation, in milliseconds. @default {10_000} */
    readonly timeoutMs?: number;
  }
  | { readonly kind: "dynamodb"; readonly endpoint: string; readonly table: string };

/** The stores that rounds are run on. */
export type RoundStore = Exclude<StoreAddress, { readonly kind: "dynamodb" }>;

/** What a node does to the store at which it can be made to die. */
export const POINTS = [
  "create",
  "claim",
  "step",
  "ask",
  "answer",
  "park",
  "finish",
  "payload",
  "beat",
  "delete",
] as const;

/** One of {@linkcode POINTS}. */
export type Point = typeof POINTS[number];

/** Where a node kills itself. */
export interface CrashPoint {
  readonly point: Point;
  /** Before the write is sent, or after it was committed and before anybody hears of it. */
  readonly when: "before" | "after";
  /** At which write of that kind, from 1. */
  readonly nth: number;
}

/** What a node is started with. */
export interface NodeSettings {
  readonly store: StoreAddress;
  /** Name of the node, in its logs. */
  readonly name: string;
  /** Folder of the round, for the logs. */
  readonly folder: string;
  readonly crash?: CrashPoint;
  /** Lease in milliseconds. @default {LEASE_MS} */
  readonly leaseMs?: number;
}

/** Log of side effects, shared by all nodes of a round. */
export function effectsPath(folder: string): string {
  return `${folder}/effects.log`;
}

/** Log of the writes of one node. */
export function writesPath(folder: string, node: string): string {
  return `${folder}/writes-${node}.log`;
}

/** Log of the events of one node. */
export function eventsPath(folder: string, node: string): string {
  return `${folder}/events-${node}.log`;
}
