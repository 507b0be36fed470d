/**
 * A server without a transport: what is registered, and the answers to requests of both revisions.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import {
  internalError,
  type JsonRpcFailure,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type RequestId,
  toFailure,
} from "../protocol/mod.ts";
import type { RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import type { ScanReport } from "../execution/mod.ts";
import { assertDefaultBackend, openDefaultBackend } from "./default_backend.ts";
import type {
  Caller,
  Dispatcher,
  Exchange,
  InitializeReply,
  Listener,
  MirroredParam,
  Principal,
  ResumedRequest,
  SessionLifetime,
  SessionRef,
} from "./exchange.ts";
import { LegacyDispatch } from "./legacy_dispatch.ts";
import { answerDiscover, DISCOVER, dispatchModern, servesModern } from "./modern_dispatch.ts";
import { type ResolvedOptions, resolveServerOptions, type ServerCoreOptions } from "./options.ts";
import { ownerKeyFor } from "./owner.ts";
import type { ScopeRules } from "./scopes.ts";
import { Services } from "./services.ts";
import { TaskHandle } from "./task_handle.ts";
import type { Catalog } from "./capabilities.ts";
import type { ListChange } from "./list_changes.ts";
import { type PromptConfig, type PromptHandler, PromptRegistry } from "./prompt_registry.ts";
import { type ResourceConfig, type ResourceHandler, ResourceRegistry } from "./resource_registry.ts";
import { ToolRegistry } from "./tool_registry.ts";
import { type ArgumentValues, runPlain, toDefinition, type WorkflowSource } from "../workflow/mod.ts";
import { toPromptConfig } from "./workflow_prompt.ts";
import { WorkflowRegistry } from "./workflow_registry.ts";
import type { ToolConfig, ToolHandler } from "./tool_config.ts";

/** Tasks of the server, for code outside of tool handlers. */
export interface TaskAccess {
  /**
   * Opens a task of an owner; `undefined` opens an anonymous task. Nothing is read yet.
   *
   * @throws {TypeError} If the principal has neither subject nor client id.
   */
  open(owner: Principal | undefined, taskId: string): Promise<TaskHandle>;
}

/** Options of closing. */
export interface CloseOptions {
  /** How long runs may take to end, in milliseconds. @default {5000} */
  readonly graceMs?: number;
}

const DEFAULT_GRACE_MS = 5000;

/** Registers and dispatches. */
export class ServerCore implements Dispatcher {
  readonly #info: Implementation;
  readonly #options: ResolvedOptions;
  readonly #given: ServerCoreOptions;
  readonly #catalog: Catalog;
  /** Which scopes requests need. */
  readonly scopes: ScopeRules;
  #parts: Promise<Parts> | undefined;
  #hasStarted = false;
  #isClosing = false;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** Tasks, for code outside of tool handlers. */
  readonly tasks: TaskAccess = {
    open: async (owner, taskId) => {
      const { services } = await this.#open();
      return new TaskHandle(services.store, await ownerKeyFor(owner, taskId), taskId);
    },
  };

  /**
   * A server.
   *
   * @throws {TypeError} Without a name; if `backend` is none; without a backend where the runtime has no default one; the message shows the line to write.
   * @throws {RangeError} If an option is out of its bounds.
   */
  constructor(info: Implementation, options: ServerCoreOptions = {}) {
    if (typeof info?.name !== "string" || info.name === "") {
      throw new TypeError("Cannot make a server: it has no name");
    }
    if (options.backend === undefined) assertDefaultBackend();
    else if (typeof options.backend.put !== "function") {
      throw new TypeError('Cannot keep tasks: "backend" has no method "put", so it is not a backend');
    }
    this.#info = info;
    this.#given = options;
    this.#options = resolveServerOptions(info.name, options);
    this.scopes = this.#options.scopes;
    this.#catalog = {
      tools: new ToolRegistry(this.#options),
      prompts: new PromptRegistry(),
      resources: new ResourceRegistry(),
      workflows: new WorkflowRegistry(),
    };
  }

  /**
   * Adds a tool. Without a handler its tasks wait for a worker or an outside engine.
   *
   * @throws {TypeError} If the name is taken or malformed, or a schema cannot be listed.
   */
  registerTool<Args = Record<string, never>>(
    name: string,
    config: ToolConfig<Args>,
    handler?: ToolHandler<Args>,
  ): void {
    this.scopes.know(`the scopes of tool "${name}"`, config.scopes ?? []);
    this.#catalog.tools.add(name, config as ToolConfig, handler as ToolHandler | undefined);
    this.sendListChanged("tools");
    if (config.task !== undefined && this.#options.autoRecover) this.#startSoon();
  }

  /**
   * Adds a prompt.
   *
   * @throws {TypeError} If the name is taken or malformed, or the schema cannot be listed.
   */
  registerPrompt<Args = Record<string, never>>(
    name: string,
    config: PromptConfig<Args>,
    handler: PromptHandler<Args>,
  ): void {
    this.scopes.know(`the scopes of prompt "${name}"`, config.scopes ?? []);
    this.#catalog.prompts.add(name, config as PromptConfig, handler as PromptHandler);
    this.sendListChanged("prompts");
  }

  /**
   * Adds a workflow, as a prompt.
   *
   * @throws {InvalidWorkflowError} Naming every fault; its tools have to be there.
   * @throws {TypeError} If the name is taken, empty or over 256 characters.
   */
  registerWorkflow(source: WorkflowSource): void {
    const definition = toDefinition(source);
    const { prompts, tools, workflows } = this.#catalog;
    workflows.check(definition, tools);
    const config = toPromptConfig(definition, (tool) => tools.get(tool)?.scopes ?? []);
    this.scopes.know(`the scopes of workflow "${definition.name}"`, config.scopes ?? []);
    prompts.add(definition.name, config, async (args, ctx) => {
      const { services } = await this.#open();
      return await runPlain(definition, args as ArgumentValues, services.workflowHost, ctx);
    });
    workflows.add(definition);
    this.sendListChanged("prompts");
    if (definition.task !== undefined && this.#options.autoRecover) this.#startSoon();
  }

  /**
   * Adds a resource, or a template of resources.
   *
   * @throws {TypeError} If the URI is taken or malformed.
   */
  registerResource(name: string, uri: string, config: ResourceConfig, handler: ResourceHandler): void {
    this.scopes.know(`the scopes of resource "${name}"`, config.scopes ?? []);
    this.#catalog.resources.add(name, uri, config, handler);
    this.sendListChanged("resources");
  }

  /** Tells clients that listen in this process that a list changed. */
  sendListChanged(list: ListChange): void {
    // Nobody listens before the first request.
    this.#parts?.then(({ services }) => {
      services.listChanges.emit(list);
      services.streams.broadcast({ jsonrpc: "2.0", method: `notifications/${list}/list_changed` });
    }, () => {});
  }

  /** Tells clients that subscribed in this process that a resource changed. */
  sendResourceUpdated(uri: string): void {
    this.#parts?.then(({ services }) => {
      services.listChanges.emitResource(uri);
      services.streams.resourceUpdated(uri);
    }, () => {});
  }

  /**
   * Looks once for tasks whose process was lost, whose wait is over, or that have expired: for platforms where a
   * cron calls, because no timer lives.
   *
   * @throws {StorageUnavailableError} If the store is away.
   */
  async recover(): Promise<ScanReport> {
    const { services } = await this.#open();
    return await services.recovery.scan();
  }

  /**
   * Takes no more work, waits for what runs, and closes the store. Repeatable tasks are handed back to other
   * processes at once; others may finish within the grace, and are found lost after it. Called again it waits for the
   * same end.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#closing ??= this.#close(options);
  }

  async #close(options: CloseOptions): Promise<void> {
    this.#isClosing = true;
    if (this.#parts === undefined) return;
    const { services, legacy } = await this.#parts;
    await services.recovery.stop();
    services.subscriptions.close();
    services.streams.close();
    await services.executor.close(options.graceMs ?? DEFAULT_GRACE_MS);
    legacy.close();
    this.#isClosed = true;
    services.store.close();
    await services.store.backend.close();
  }

  /** While it closes, a server starts no new work, and still tells of what runs. Once it is closed, it does nothing. */
  #refuses(method: string): boolean {
    return this.#isClosed || this.#isClosing && (method === "tools/call" || method === "prompts/get");
  }

  servesModern(method: string): boolean {
    return servesModern(this.#catalog, method);
  }

  mirroredParams(tool: string): readonly MirroredParam[] {
    return this.#catalog.tools.get(tool)?.mirroredParams ?? [];
  }

  async dispatchModern(
    request: JsonRpcRequest,
    meta: RequestMeta,
    exchange: Exchange,
  ): Promise<JsonRpcResponse> {
    if (this.#refuses(request.method)) return toClosingFailure(request.id);
    if (request.method === DISCOVER) {
      const { instructions } = this.#options;
      return answerDiscover(request.id, this.#info, { ...this.#catalog, instructions });
    }
    const { services } = await this.#open();
    return dispatchModern(services, request, meta, exchange);
  }

  async initialize(
    request: JsonRpcRequest,
    exchange: Exchange,
    lifetime: SessionLifetime,
  ): Promise<InitializeReply> {
    if (this.#refuses(request.method)) return { response: toClosingFailure(request.id) };
    return await (await this.#open()).legacy.initialize(request, exchange, lifetime);
  }

  async dispatchLegacy(
    request: JsonRpcRequest,
    session: SessionRef,
    exchange: Exchange,
  ): Promise<JsonRpcResponse | undefined> {
    if (this.#refuses(request.method)) return toClosingFailure(request.id);
    return await (await this.#open()).legacy.request(request, session, exchange);
  }

  async notifyLegacy(message: JsonRpcNotification, session: SessionRef, caller: Caller): Promise<boolean> {
    return await (await this.#open()).legacy.notification(message, session, caller);
  }

  async respondLegacy(message: JsonRpcResponse, session: SessionRef, caller: Caller): Promise<boolean> {
    return await (await this.#open()).legacy.response(message, session, caller);
  }

  async listenLegacy(session: SessionRef, listener: Listener): Promise<boolean> {
    return await (await this.#open()).legacy.listen(session, listener);
  }

  async resumeLegacy(
    session: SessionRef,
    lastEventId: string,
    caller: Caller,
  ): Promise<ResumedRequest | "none" | undefined> {
    return await (await this.#open()).legacy.resume(session, lastEventId, caller);
  }

  async endSession(session: SessionRef, caller: Caller): Promise<boolean> {
    return await (await this.#open()).legacy.end(session, caller);
  }

  /**
   * Starts looking for tasks that earlier processes left, without waiting for a request. Where the platform has no
   * timers outside of requests, the first request starts it.
   */
  #startSoon(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    queueMicrotask(() => {
      if (this.#isClosing) return;
      this.#open().catch((error) => {
        this.#options.emit({
          type: "start_delayed",
          message: "The store could not be opened at start",
          error,
        });
      });
    });
  }

  #open(): Promise<Parts> {
    if (this.#parts === undefined) {
      const parts = this.#create();
      this.#parts = parts;
      // A store that cannot be opened now may be there at the next request.
      parts.catch(() => this.#parts = undefined);
    }
    return this.#parts;
  }

  async #create(): Promise<Parts> {
    const backend = this.#given.backend ?? await openDefaultBackend();
    const services = new Services(this.#info, this.#options, this.#catalog, backend);
    if (this.#options.autoRecover) services.recovery.start();
    return { services, legacy: new LegacyDispatch(services) };
  }
}

interface Parts {
  readonly services: Services;
  readonly legacy: LegacyDispatch;
}

/** When another instance, or this one after its restart, can be asked, in milliseconds. */
const CLOSING_RETRY_MS = 1000;

/** The answer to what comes while the server closes: nothing was done, and asking again is safe. */
function toClosingFailure(id: RequestId): JsonRpcFailure {
  const data = { reason: "closing", retryAfterMs: CLOSING_RETRY_MS };
  return toFailure(id, internalError("The server is closing: try again", data).toJsonRpc());
}
