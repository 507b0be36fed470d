/**
 * What the parts of a server share: the store, the keys, the runs, the limits.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import type { StorageBackend, Versioned } from "../store/mod.ts";
import { Keyring, TaskStore } from "../store/mod.ts";
import { Executor, Recovery } from "../execution/mod.ts";
import type { ResolvedOptions } from "./options.ts";
import { CreateRateLimit } from "./rate_limit.ts";
import { Retained } from "./retained.ts";
import { sessionHooks } from "./session_hooks.ts";
import type { ScopeRules } from "./scopes.ts";
import { SessionStore } from "./session_store.ts";
import { ListChanges } from "./list_changes.ts";
import { SubscriptionRegistry } from "./subscriptions.ts";
import { SessionStreams } from "./session_streams.ts";
import type { Catalog } from "./capabilities.ts";
import type { PromptRegistry } from "./prompt_registry.ts";
import type { ResourceRegistry } from "./resource_registry.ts";
import type { ToolRegistry } from "./tool_registry.ts";
import { Turns } from "./turns.ts";
import { continueWithTask } from "./workflow_continuation.ts";
import { ServerWorkflowHost } from "./workflow_host.ts";
import type { WorkflowHost } from "../workflow/mod.ts";
import type { WorkflowRegistry } from "./workflow_registry.ts";

/** Shared parts of a server. */
export class Services {
  readonly info: Implementation;
  readonly options: ResolvedOptions;
  readonly tools: ToolRegistry;
  readonly prompts: PromptRegistry;
  readonly resources: ResourceRegistry;
  /** Which scopes what needs. */
  readonly scopes: ScopeRules;
  readonly workflows: WorkflowRegistry;
  /** Calls that continue the same workflow, one after the other. */
  readonly continuations: Turns = new Turns();
  /** Runs tools and reads resources for workflows. */
  readonly workflowHost: WorkflowHost;
  readonly store: TaskStore;
  readonly keyring: Keyring;
  readonly executor: Executor;
  readonly sessions: SessionStore;
  readonly streams: SessionStreams;
  readonly creates: CreateRateLimit;
  /** What callers keep in the store. */
  readonly retained: Retained;
  /** Counts requests for suggestions. */
  readonly completions: CreateRateLimit;
  /** Open subscriptions, streams and waiting requests. */
  readonly subscriptions: SubscriptionRegistry;
  /** Tells of changed lists. */
  readonly listChanges: ListChanges = new ListChanges();
  /** Takes over what other processes left. */
  readonly recovery: Recovery;
  /** Tasks of anonymous callers that run in this process. */
  anonymousActive = 0;

  constructor(info: Implementation, options: ResolvedOptions, catalog: Catalog, backend: StorageBackend) {
    const { runtime, emit } = options;
    this.info = info;
    this.options = options;
    this.tools = catalog.tools;
    this.prompts = catalog.prompts;
    this.resources = catalog.resources;
    this.scopes = options.scopes;
    this.workflows = catalog.workflows;
    this.workflowHost = new ServerWorkflowHost(this);
    this.retained = new Retained(runtime, options.limits);
    this.store = new TaskStore(backend, {
      runtime,
      config: options.store,
      onEvent: emit,
      onBytes: (scope, bytes) => this.retained.addBytes(scope, bytes, scope.expiresAt),
    });
    this.keyring = new Keyring(backend, runtime, options.secrets);
    this.executor = new Executor(this.store, (head, outcome) => continueWithTask(this, head, outcome));
    this.streams = new SessionStreams(this.store, options.toolErrorStatus);
    this.sessions = new SessionStore(backend, {
      runtime,
      ttlMs: options.sessionTtlMs,
      anonymousTtlMs: options.anonymousSessionTtlMs,
      graceMs: this.store.config.purgeGraceMs,
      limits: options.limits,
      onChange: (session) => this.streams.setLogLevel(session.id, session.logLevel),
    });
    const { createsPerMinute, completionsPerMinute } = options.limits;
    this.creates = new CreateRateLimit(runtime, createsPerMinute);
    this.completions = new CreateRateLimit(runtime, completionsPerMinute, "completionsPerMinute");
    this.subscriptions = new SubscriptionRegistry(options.limits);
    this.recovery = new Recovery(this.executor, {
      namespace: options.namespace,
      findTool: (name) => catalog.tools.get(name),
      hooksFor: (head) =>
        head.sessionId === undefined ? {} : sessionHooks(this, { id: head.sessionId }, head.progressToken),
    });
  }
}

/** The task as it is once its lapsed lease, if it has one, was dealt with. */
export async function attended(services: Services, current: Versioned): Promise<Versioned> {
  const hasChanged = await services.recovery.attend(current);
  return hasChanged ? await services.store.get(current.head.owner, current.head.id) : current;
}
