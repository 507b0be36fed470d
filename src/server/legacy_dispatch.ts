/**
 * Methods and notifications of 2025-11-25, and the sessions they belong to.
 *
 * @module
 */
import {
  HANDSHAKE_VERSIONS,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  methodNotFound,
  ProtocolError,
  type RequestId,
  toEraFailure,
  toResult,
  VERSION_2025,
} from "../protocol/mod.ts";
import { toInputCapabilities } from "../protocol/input_capability.ts";
import {
  parseCancelledNotification,
  parseInitializeParams,
  parseSetLevel,
  parseTaskIdParams,
} from "../protocol/v2025_11_25/mod.ts";
import type { Versioned } from "../store/mod.ts";
import { capabilities2025, hasTasks } from "./capabilities.ts";
import { ClientRequests } from "./client_requests.ts";
import { toErrorResponse, toProtocolError } from "./error_map.ts";
import type {
  Caller,
  Exchange,
  InitializeReply,
  Listener,
  ResumedRequest,
  SessionLifetime,
  SessionRef,
} from "./exchange.ts";
import { InFlight } from "./in_flight.ts";
import { KeptReplies } from "./kept_replies.ts";
import { LastingReply } from "./lasting_reply.ts";
import { PausingWaits } from "./pausing_wait.ts";
import { SessionMail } from "./session_mail.ts";
import { StreamResumption } from "./stream_resumption.ts";
import { getTaskResult } from "./task_result.ts";
import { callToolLegacy, type LegacyCallContext } from "./legacy_call.ts";
import { InputDelivery } from "./input_delivery.ts";
import { LimitReachedError } from "../tasks/mod.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import type { StoredSession } from "./session_store.ts";
import { complete } from "./completion.ts";
import { getPromptLegacy, listPrompts } from "./prompt_methods.ts";
import { listResources, listTemplates, readResourceLegacy } from "./resource_methods.ts";
import { subscribeResource } from "./resource_subscriptions.ts";
import { cancelTaskLegacy, getTaskLegacy, listTasks } from "./task_methods_2025.ts";
import { listToolsLegacy } from "./tool_listing.ts";

/** Serves sessions. */
export class LegacyDispatch {
  readonly #services: Services;
  readonly #clientRequests: ClientRequests;
  readonly #delivery: InputDelivery;
  readonly #waits: PausingWaits;
  readonly #mail: SessionMail;
  readonly #inFlight: InFlight;
  readonly #replies: KeptReplies;
  readonly #resumption: StreamResumption;

  constructor(services: Services) {
    this.#services = services;
    this.#waits = new PausingWaits(services);
    this.#mail = new SessionMail(services);
    this.#inFlight = new InFlight(this.#mail);
    this.#replies = new KeptReplies(services, this.#mail.polls);
    this.#resumption = new StreamResumption(services, this.#replies);
    this.#clientRequests = new ClientRequests(services.store.runtime, this.#mail);
    this.#delivery = new InputDelivery(services);
  }

  /** Answers `initialize` with the version asked for, else with the newest one agreed by handshake (T25-138 to T25-140). */
  async initialize(
    request: JsonRpcRequest,
    exchange: Exchange,
    lifetime: SessionLifetime,
  ): Promise<InitializeReply> {
    const { sessions, info, options } = this.#services;
    try {
      const params = parseInitializeParams(request.params);
      const wanted = HANDSHAKE_VERSIONS.find((version) => version === params.protocolVersion);
      const protocolVersion = wanted ?? VERSION_2025;
      const session = await sessions.create(exchange.caller, {
        protocolVersion,
        clientCapabilities: toInputCapabilities(params.capabilities),
        clientInfo: params.clientInfo,
      }, lifetime);
      const result = {
        protocolVersion,
        capabilities: capabilities2025(this.#services, protocolVersion, exchange.caller === undefined),
        serverInfo: info,
        instructions: options.instructions,
      };
      return { response: toResult(request.id, result as unknown as JsonObject), sessionId: session.id };
    } catch (error) {
      return { response: this.#failure(request.id, error, exchange) };
    }
  }

  /** Answers a request; `undefined` if the caller has no such session. */
  async request(
    request: JsonRpcRequest,
    ref: SessionRef,
    exchange: Exchange,
  ): Promise<JsonRpcResponse | undefined> {
    try {
      const { stored, current } = await this.#load(request, ref, exchange.caller);
      if (stored === undefined) return undefined;
      await this.#services.sessions.touch(stored);
      if (request.method === "tasks/result") return await this.#answer(request, stored, current, exchange);
      const lasting = new LastingReply(this.#services, this.#replies, stored, request.id, exchange);
      return await lasting.deliver(this.#answer(request, stored, current, exchange, lasting.cutOff));
    } catch (error) {
      return this.#failure(request.id, error, exchange);
    }
  }

  /** Takes a notification; `false` if the caller has no such session. */
  async notification(message: JsonRpcNotification, ref: SessionRef, caller: Caller): Promise<boolean> {
    const stored = await this.#services.sessions.find(caller, ref.id);
    if (stored === undefined) return false;
    if (message.method === "notifications/cancelled") {
      const cancelled = parseCancelledNotification(message.params);
      if (cancelled !== undefined) {
        await this.#passOn(this.#inFlight.cancel(stored, cancelled.requestId));
      }
    }
    return true;
  }

  /** Takes the answer to a request of ours; `false` if the caller has no such session. */
  async response(message: JsonRpcResponse, ref: SessionRef, caller: Caller): Promise<boolean> {
    const stored = await this.#services.sessions.find(caller, ref.id);
    if (stored === undefined) return false;
    if (await this.#passOn(this.#clientRequests.resolve(stored, message))) return true;
    await this.#delivery.take(message, caller);
    return true;
  }

  /** Attaches a stream; `false` if the caller has no such session. */
  async listen(ref: SessionRef, listener: Listener): Promise<boolean> {
    const stored = await this.#services.sessions.find(listener.caller, ref.id);
    if (stored === undefined) return false;
    const { streams, subscriptions } = this.#services;
    try {
      const leave = subscriptions.enter(stored.owner, listener.caller === undefined);
      listener.signal.addEventListener("abort", leave, { once: true });
    } catch (error) {
      throw this.#tooMany(error);
    }
    streams.attach(stored.session, stored.owner, listener);
    return true;
  }

  /**
   * Finds the request that a client comes back for; `undefined` if the caller has no such session, `"none"` if the event
   * is not one of a request's stream.
   */
  async resume(
    ref: SessionRef,
    lastEventId: string,
    caller: Caller,
  ): Promise<ResumedRequest | "none" | undefined> {
    const stored = await this.#services.sessions.find(caller, ref.id);
    if (stored === undefined) return undefined;
    const wait = await this.#resumption.find(stored, lastEventId);
    if (wait === undefined) return "none";
    const { id } = wait;
    try {
      // Whether it may wait is told before there is a stream.
      this.#services.subscriptions.enter(stored.owner, caller === undefined)();
    } catch (error) {
      throw this.#tooMany(error);
    }
    return {
      id,
      answer: async (exchange) => {
        try {
          const answer = (cancelled: AbortSignal) => wait.answer(this.#context(stored, exchange, cancelled));
          if (!wait.isWholeRequest) return await answer(new AbortController().signal);
          return await this.#inFlight.run(stored, id, exchange, answer);
        } catch (error) {
          return this.#failure(id, error, exchange);
        }
      },
    };
  }

  /** Ends what goes on beside the requests. */
  close(): void {
    this.#mail.polls.close();
    this.#replies.close();
  }

  /** Ends a session; `false` if the caller has no such session. */
  async end(ref: SessionRef, caller: Caller): Promise<boolean> {
    const stored = await this.#services.sessions.find(caller, ref.id);
    if (stored === undefined) return false;
    await this.#services.sessions.end(stored);
    this.#services.streams.end(stored.session.id);
    this.#delivery.forget(stored.session.id);
    return true;
  }

  /** Reads the session; for `tasks/get` and `tasks/cancel` the task with it, in one call of the engine. */
  async #load(
    request: JsonRpcRequest,
    ref: SessionRef,
    caller: Caller,
  ): Promise<{ readonly stored: StoredSession | undefined; readonly current?: Versioned }> {
    const { sessions, store } = this.#services;
    const key = await sessions.keyOf(caller, ref.id);
    if (key === undefined) return { stored: undefined };
    if (request.method !== "tasks/get" && request.method !== "tasks/cancel") {
      return { stored: await sessions.get(key) };
    }
    const held = sessions.connectionBound(key);
    let taskId: string;
    try {
      taskId = parseTaskIdParams(request.params).taskId;
    } catch {
      // Reported once the session is known: an unknown session comes first.
      return { stored: await sessions.get(key) };
    }
    if (held !== undefined) {
      return { stored: held, current: await store.find(await ownerKeyFor(caller, taskId), taskId) };
    }
    const { current, other } = await store.findWith(await ownerKeyFor(caller, taskId), taskId, key);
    return { stored: sessions.accept(other), current };
  }

  async #answer(
    request: JsonRpcRequest,
    stored: StoredSession,
    current: Versioned | undefined,
    exchange: Exchange,
    closeStream?: () => Promise<void>,
  ): Promise<JsonRpcResponse> {
    try {
      const result = await this.#inFlight.run(stored, request.id, exchange, (cancelled) => {
        return this.#route(this.#context(stored, exchange, cancelled, closeStream), request, stored, current);
      });
      return toResult(request.id, result);
    } catch (error) {
      return this.#failure(request.id, error, exchange);
    }
  }

  #context(
    stored: StoredSession,
    exchange: Exchange,
    cancelled: AbortSignal,
    closeStream: () => Promise<void> = () => Promise.resolve(),
  ): LegacyCallContext {
    return {
      services: this.#services,
      session: stored.session,
      exchange,
      clientRequests: this.#clientRequests,
      delivery: this.#delivery,
      waits: this.#waits,
      stored,
      cancelled,
      closeStream,
    };
  }

  async #route(
    context: LegacyCallContext,
    request: JsonRpcRequest,
    stored: StoredSession,
    current: Versioned | undefined,
  ): Promise<JsonObject> {
    const { tools, prompts, resources } = this.#services;
    const { protocolVersion } = stored.session;
    const { method, params } = request;
    if (method === "ping") return {};
    if (method === "logging/setLevel") return await this.#setLevel(stored, params);
    if (method === "tools/list" && tools.size > 0) {
      return await listToolsLegacy(this.#services, request, protocolVersion);
    }
    if (prompts.size > 0) {
      if (method === "prompts/list") return await listPrompts(this.#services, request);
      if (method === "prompts/get") return await getPromptLegacy(context, request);
    }
    if (resources.size > 0) {
      if (method === "resources/list") return await listResources(this.#services, request);
      if (method === "resources/templates/list") return await listTemplates(this.#services, request);
      if (method === "resources/read") return await readResourceLegacy(context, request);
      if (method === "resources/subscribe") {
        return await subscribeResource(this.#services, context.exchange.caller, stored, params, true);
      }
      if (method === "resources/unsubscribe") {
        return await subscribeResource(this.#services, context.exchange.caller, stored, params, false);
      }
    }
    if (method === "completion/complete" && prompts.size + resources.size > 0) {
      return await complete(this.#services, request, context.exchange.caller);
    }
    if (method === "tools/call" && tools.size > 0) return await callToolLegacy(context, request);
    if (protocolVersion === VERSION_2025 && hasTasks(this.#services)) {
      if (method === "tasks/get") {
        parseTaskIdParams(params);
        return await getTaskLegacy(context, current);
      }
      if (method === "tasks/result") return await getTaskResult(context, request);
      if (method === "tasks/list") return await listTasks(context, request);
      if (method === "tasks/cancel") return await cancelTaskLegacy(context, request, current);
    }
    throw methodNotFound('Method not found: "method" names none that is served in this session');
  }

  async #setLevel(stored: StoredSession, params: JsonObject | undefined): Promise<JsonObject> {
    const { level: logLevel } = parseSetLevel(params);
    await this.#services.sessions.amend(stored, (session) => ({ ...session, logLevel }));
    return {};
  }

  /** @throws {ProtocolError} With `httpStatus` 429 if there is too much to pass on to other processes. */
  async #passOn<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw error instanceof LimitReachedError ? this.#tooMany(error) : error;
    }
  }

  #tooMany(error: unknown): ProtocolError {
    const { runtime, emit } = this.#services.options;
    const { code, message, data } = toProtocolError(error, runtime, emit);
    return new ProtocolError(code, message, data, { httpStatus: 429 });
  }

  #failure(id: RequestId, error: unknown, exchange: Exchange): JsonRpcResponse {
    const { runtime, emit } = this.#services.options;
    return toEraFailure(VERSION_2025, toErrorResponse(id, error, runtime, emit, exchange));
  }
}
