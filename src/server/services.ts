/**
 * What the parts of a server share: the store, the keys, the runs, the limits.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import type { OwnerKey, StorageBackend } from "../store/mod.ts";
import { anonymousOwner, Keyring, ownerOfPrincipal, TaskStore, toOwnerKey } from "../store/mod.ts";
import { Executor } from "../execution/mod.ts";
import type { Caller } from "./exchange.ts";
import type { ResolvedOptions } from "./options.ts";
import { CreateRateLimit } from "./rate_limit.ts";
import { SessionStore } from "./session_store.ts";
import { SessionStreams } from "./session_streams.ts";
import type { ToolRegistry } from "./tool_registry.ts";

/** Shared parts of a server. */
export class Services {
  readonly info: Implementation;
  readonly options: ResolvedOptions;
  readonly tools: ToolRegistry;
  readonly store: TaskStore;
  readonly keyring: Keyring;
  readonly executor: Executor;
  readonly sessions: SessionStore;
  readonly streams: SessionStreams;
  readonly creates: CreateRateLimit;
  /** Tasks of anonymous callers that run in this process. */
  anonymousActive = 0;

  constructor(info: Implementation, options: ResolvedOptions, tools: ToolRegistry, backend: StorageBackend) {
    const { runtime, emit } = options;
    this.info = info;
    this.options = options;
    this.tools = tools;
    this.store = new TaskStore(backend, { runtime, config: options.store, onEvent: emit });
    this.keyring = new Keyring(backend, runtime, options.secrets);
    this.executor = new Executor(this.store);
    this.sessions = new SessionStore(backend, runtime, options.sessionTtlMs, this.store.config.purgeGraceMs);
    this.streams = new SessionStreams(this.store, options.toolErrorStatus);
    this.creates = new CreateRateLimit(runtime, options.limits.createsPerMinute);
  }
}

/** The owner of what `caller` has under `recordId`: its principal, or for an anonymous caller the id itself. */
export function ownerKeyFor(caller: Caller, recordId: string): Promise<OwnerKey> {
  return toOwnerKey(caller === undefined ? anonymousOwner(recordId) : ownerOfPrincipal(caller));
}
