/**
 * Options of a server, and what holds where none is given.
 *
 * @module
 */
import { type Runtime, systemRuntime } from "../runtime.ts";
import { type ScopeOptions, ScopeRules } from "./scopes.ts";
import {
  DEFAULT_TTL_LIMITS,
  DEFAULT_VARIABLE_LIMITS,
  leaseTimes,
  type ToolErrorStatus,
  type VariableLimits,
} from "../tasks/mod.ts";
import {
  assertSecrets,
  type EventSink,
  guardSink,
  type StorageBackend,
  type StoreConfig,
} from "../store/mod.ts";

/** Limits. Reaching one changes nothing in the store and answers -32603 with `data.reason: "limit"`. */
export interface ServerLimits {
  /** Tasks of one owner that are not terminal. @default {100} */
  readonly activeTasks?: number;
  /** Tasks of anonymous callers that run in this process. @default {1000} */
  readonly anonymousActive?: number;
  /** Tasks of one owner that have not expired, ended or not, as far as this process made them. @default {1000} */
  readonly retainedTasks?: number;
  /**
   * Bytes of results and other large values of one owner that have not expired, as far as this process stored them.
   * Nothing is cut off by it: whoever has reached it makes no further task.
   * @default {268_435_456}
   */
  readonly retainedBytes?: number;
  /** Tasks of all anonymous callers together that have not expired and were made by this process. @default {10_000} */
  readonly anonymousRetained?: number;
  /** The bytes of all anonymous callers together, as with `retainedBytes`. @default {1_073_741_824} */
  readonly anonymousRetainedBytes?: number;
  /** Tasks one owner may create in a minute, per process. @default {600} */
  readonly createsPerMinute?: number;
  /** Sessions of 2025-11-25 one owner may open in a minute, per process. @default {120} */
  readonly sessionsPerMinute?: number;
  /** The same for all anonymous callers together: they cannot be told apart. @default {1200} */
  readonly anonymousSessionsPerMinute?: number;
  /** Suggestions one owner may ask for in a minute, per process. @default {600} */
  readonly completionsPerMinute?: number;
  /** Streams and waiting requests of one owner in this process. @default {64} */
  readonly streams?: number;
  /** The same of all anonymous callers together: they cannot be told apart. @default {1000} */
  readonly anonymousStreams?: number;
}

/** Options of a server. Durations are milliseconds. */
export interface ServerCoreOptions extends ScopeOptions {
  /** Where tasks live. @default Deno KV, where the runtime has it */
  readonly backend?: StorageBackend;
  /** Service the tasks belong to; instances of one service share it. @default the server's name */
  readonly namespace?: string;
  /** Told to clients at the handshake. */
  readonly instructions?: string;
  /** Authenticates cursors and state; the first signs, all verify; each at least 32 characters. @default one kept in the backend */
  readonly secrets?: readonly string[];
  /** How a tool result with `isError: true` shows to 2025-11-25 clients. @default {"failed"} */
  readonly toolErrorStatus?: ToolErrorStatus;
  /** Time to live of a task whose client names none. @default {3_600_000} */
  readonly ttlMs?: number;
  /** Longest time to live; longer wishes are clamped. @default {86_400_000} */
  readonly maxTtlMs?: number;
  /** Shortest time to live; shorter wishes are clamped. @default {1_000} */
  readonly minTtlMs?: number;
  /** Poll interval suggested to clients. @default {1000} */
  readonly pollIntervalMs?: number;
  /**
   * How long a call of an `optional` tool may take before it becomes a task (2026-07-28). 0: a task at once, where the
   * client can.
   * @default {1000}
   */
  readonly inlineMs?: number;
  /** How long such a call may stay inline where no task can be made of it. @default {60_000} */
  readonly inlineMaxMs?: number;
  /** Wait after which a repeatable task leaves the process; it is run again when the answer or the time comes. @default {10_000} */
  readonly parkAfterMs?: number;
  /** Wait for an answer where the question sets none. @default the task's time to live */
  readonly inputTimeoutMs?: number;
  /**
   * Look for tasks that earlier processes left as soon as the first tool with task support is registered, and then
   * again and again. `false`: only {@linkcode McpServer.recover} and requests do.
   * @default {true}
   */
  readonly autoRecover?: boolean;
  /** Lease on a running task: a lost process shows after this time. @default {30_000} */
  readonly leaseMs?: number;
  /**
   * How long a `tasks/result` of 2025-11-25 waits in one connection, ± 10 %; then its client comes back for the rest.
   * @default {300_000}
   */
  readonly resultWaitMs?: number;
  /**
   * How long a prompt of a workflow with a task may go on starting steps, or wait for another process that runs it; then
   * it hands over the rest, and a step that is still running ends behind it.
   * @default {60_000}
   */
  readonly workflowWaitMs?: number;
  /** Largest result, argument or step output in bytes. @default {16_777_216} */
  readonly maxResultBytes?: number;
  /** Limits on a task's variables. */
  readonly variableLimits?: VariableLimits;
  /** Entries of one page of a list. @default {50} */
  readonly pageSize?: number;
  /** How long a 2025-11-25 session lives without a request. @default {86_400_000} */
  readonly sessionTtlMs?: number;
  /**
   * The same for a session of an anonymous caller: nobody answers for how many there are.
   * @default {3_600_000} or `sessionTtlMs`, whichever is shorter
   */
  readonly anonymousSessionTtlMs?: number;
  /** Bounds on what callers may hold and do. */
  readonly limits?: ServerLimits;
  /** Hears of what goes wrong or is worth a log line. */
  readonly onEvent?: EventSink;
  /** Clocks, timers and chance. @default the real ones */
  readonly runtime?: Runtime;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly namespace: string;
  readonly instructions: string | undefined;
  readonly secrets: readonly string[] | undefined;
  readonly toolErrorStatus: ToolErrorStatus;
  readonly inlineMs: number;
  readonly inlineMaxMs: number;
  readonly autoRecover: boolean;
  readonly parkAfterMs: number;
  readonly inputTimeoutMs: number | undefined;
  readonly pageSize: number;
  readonly resultWaitMs: number;
  readonly workflowWaitMs: number;
  readonly sessionTtlMs: number;
  readonly anonymousSessionTtlMs: number;
  readonly limits: Required<ServerLimits>;
  readonly scopes: ScopeRules;
  readonly store: Partial<StoreConfig>;
  readonly emit: EventSink;
  readonly runtime: Runtime;
}

/**
 * Fills in defaults.
 *
 * @throws {RangeError} If a number is not a whole number of at least 1 (`inlineMs`: of at least 0), or the bounds of the time to live cross.
 * @throws {TypeError} If `secrets` is empty or one of them is shorter than 32 characters, or a scope is not written as one.
 */
export function resolveServerOptions(name: string, options: ServerCoreOptions): ResolvedOptions {
  for (const [field, value] of [...Object.entries(options), ...Object.entries(options.limits ?? {})]) {
    const least = field === "inlineMs" ? 0 : 1;
    if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= least)) {
      throw new RangeError(`Cannot set "${field}": ${value} is not a whole number of at least ${least}`);
    }
  }
  assertSecrets(options.secrets);
  const { ttlMs = DEFAULT_TTL_LIMITS.ttlMs, maxTtlMs = DEFAULT_TTL_LIMITS.maxTtlMs } = options;
  const { minTtlMs = DEFAULT_TTL_LIMITS.minTtlMs, sessionTtlMs = 86_400_000 } = options;
  if (minTtlMs > maxTtlMs) {
    throw new RangeError(`Cannot set "minTtlMs": ${minTtlMs} exceeds maxTtlMs ${maxTtlMs}`);
  }
  return {
    namespace: options.namespace ?? name,
    instructions: options.instructions,
    secrets: options.secrets,
    toolErrorStatus: options.toolErrorStatus ?? "failed",
    inlineMs: options.inlineMs ?? 1000,
    inlineMaxMs: options.inlineMaxMs ?? 60_000,
    autoRecover: options.autoRecover ?? true,
    parkAfterMs: options.parkAfterMs ?? 10_000,
    inputTimeoutMs: options.inputTimeoutMs,
    pageSize: options.pageSize ?? 50,
    resultWaitMs: options.resultWaitMs ?? 300_000,
    workflowWaitMs: options.workflowWaitMs ?? 60_000,
    sessionTtlMs,
    anonymousSessionTtlMs: options.anonymousSessionTtlMs ?? Math.min(3_600_000, sessionTtlMs),
    limits: {
      activeTasks: 100,
      anonymousActive: 1000,
      retainedTasks: 1000,
      retainedBytes: 256 * 1024 * 1024,
      anonymousRetained: 10_000,
      anonymousRetainedBytes: 1024 * 1024 * 1024,
      createsPerMinute: 600,
      sessionsPerMinute: 120,
      anonymousSessionsPerMinute: 1200,
      completionsPerMinute: 600,
      streams: 64,
      anonymousStreams: 1000,
      ...options.limits,
    },
    scopes: new ScopeRules(options),
    store: {
      ttl: { ttlMs, maxTtlMs, minTtlMs },
      pollIntervalMs: options.pollIntervalMs,
      times: leaseTimes(options.leaseMs ?? 30_000),
      maxResultBytes: options.maxResultBytes,
      variableLimits: options.variableLimits ?? DEFAULT_VARIABLE_LIMITS,
    },
    emit: guardSink(options.onEvent),
    runtime: options.runtime ?? systemRuntime,
  };
}
