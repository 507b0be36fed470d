/**
 * A worker: runs tools of a service in a process of its own, without HTTP.
 *
 * The server registers such a tool without a handler; its tasks wait in the store, and any number of workers
 * take them, under the same leases and the same recovery as in the server.
 *
 * @module
 */
import { Recovery, type ScanReport } from "../execution/mod.ts";
import { Executor } from "../execution/mod.ts";
import { type StorageBackend, TaskStore } from "../store/mod.ts";
import { resolveServerOptions, type ServerCoreOptions } from "./options.ts";
import type { ToolConfig, ToolHandler } from "./tool_config.ts";
import { ToolRegistry } from "./tool_registry.ts";
import { Turns } from "./turns.ts";
import { recordTask } from "./workflow_record.ts";

/** A tool and its work. */
export interface WorkerTool<Args = unknown> extends ToolConfig<Args> {
  /** What the worker does. */
  readonly handler: ToolHandler<Args>;
}

/** Options of {@linkcode createWorker}. */
export interface WorkerOptions extends
  Pick<
    ServerCoreOptions,
    "leaseMs" | "parkAfterMs" | "inputTimeoutMs" | "maxResultBytes" | "onEvent" | "runtime"
  > {
  /** The store that the server uses. */
  readonly backend: StorageBackend;
  /** The server's namespace; by default that is its name. */
  readonly namespace: string;
  /** Tools by name, with the schemas and the `repeatable` of the server. */
  // deno-lint-ignore no-explicit-any -- each tool has arguments of its own
  readonly tools: Readonly<Record<string, WorkerTool<any>>>;
  /** Tasks run at the same time. @default {100} */
  readonly maxConcurrent?: number;
  /** Time between two looks for work, in milliseconds. @default {1000} */
  readonly scanMs?: number;
}

/** A worker. */
export interface Worker {
  /** Looks for work once, now. */
  readonly scan: () => Promise<ScanReport>;
  /** Takes no more work, hands repeatable tasks back, and waits for the rest. The store stays open. */
  readonly close: (options?: { readonly graceMs?: number }) => Promise<void>;
}

const DEFAULT_SCAN_MS = 1000;
const DEFAULT_GRACE_MS = 5000;

/**
 * Starts a worker.
 *
 * @throws {TypeError} If a tool is malformed.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { backend, namespace, tools, maxConcurrent, scanMs = DEFAULT_SCAN_MS } = options;
  const resolved = resolveServerOptions(namespace, options);
  const registry = new ToolRegistry(resolved);
  for (const [name, { handler, task, ...config }] of Object.entries(tools)) {
    registry.add(name, { ...config, task: task ?? { support: "required" } }, handler as ToolHandler);
  }
  const { runtime, emit: onEvent } = resolved;
  const store = new TaskStore(backend, { runtime, config: resolved.store, onEvent });
  const recording = { store, continuations: new Turns() };
  const executor = new Executor(store, async (head, outcome) => {
    // Going on with a workflow is up to the server, which knows it.
    await recordTask(recording, head, outcome);
  });
  const recovery = new Recovery(executor, {
    namespace,
    findTool: (name) => registry.get(name),
    maxConcurrent,
    scanMs,
  });
  recovery.start();
  return {
    scan: () => recovery.scan(),
    close: async ({ graceMs = DEFAULT_GRACE_MS } = {}) => {
      await recovery.stop();
      await executor.close(graceMs);
      store.close();
    },
  };
}
