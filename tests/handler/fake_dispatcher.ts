/**
 * A server that answers what a test tells it to and remembers what it was asked.
 *
 * @module
 */
import type { JsonRpcNotification, JsonRpcRequest, JsonRpcResponse } from "../../src/protocol/mod.ts";
import type { RequestMeta } from "../../src/protocol/v2026_07_28/mod.ts";
import { ScopeRules } from "../../src/server/scopes.ts";
import type {
  Caller,
  Dispatcher,
  Exchange,
  InitializeReply,
  Listener,
  MirroredParam,
  ResumedRequest,
  SessionRef,
} from "../../src/server/exchange.ts";

/** The one session there is. */
export const SESSION_ID = "the-session";

/** A call that reached the server. */
export interface DispatchedCall {
  readonly via: keyof Dispatcher;
  readonly message?: unknown;
  readonly meta?: RequestMeta;
  readonly session?: string;
  readonly caller?: Caller;
}

/** What a test decides. */
export interface FakeDispatcherOptions {
  /** Answers requests of both revisions; by default with an empty result. */
  readonly answer?: (request: JsonRpcRequest, exchange: Exchange) => Promise<JsonRpcResponse>;
  /** Mirrored arguments of the tool `mirror`. */
  readonly mirrored?: readonly MirroredParam[];
  /** Called with every stream of the session. */
  readonly onListen?: (listener: Listener) => void;
  /** The request a client comes back for; by default none. */
  readonly resumed?: (lastEventId: string) => ResumedRequest | "none";
}

const MODERN_METHODS = new Set([
  "server/discover",
  "tools/list",
  "tools/call",
  "prompts/get",
  "resources/read",
  "subscriptions/listen",
  "tasks/get",
  "tasks/update",
  "tasks/cancel",
]);

/** A {@linkcode Dispatcher} without a server behind it. */
export class FakeDispatcher implements Dispatcher {
  readonly scopes: ScopeRules;
  /** Everything that reached the server, in order. */
  readonly calls: DispatchedCall[] = [];
  readonly #options: FakeDispatcherOptions;

  constructor(options: FakeDispatcherOptions = {}, scopes: ScopeRules = new ScopeRules()) {
    this.scopes = scopes;
    this.#options = options;
  }

  servesModern(method: string): boolean {
    return MODERN_METHODS.has(method);
  }

  mirroredParams(tool: string): readonly MirroredParam[] {
    return tool === "mirror" ? this.#options.mirrored ?? [] : [];
  }

  async dispatchModern(message: JsonRpcRequest, meta: RequestMeta, exchange: Exchange) {
    this.calls.push({ via: "dispatchModern", message, meta, caller: exchange.caller });
    return await this.#answer(message, exchange);
  }

  async initialize(message: JsonRpcRequest, exchange: Exchange): Promise<InitializeReply> {
    this.calls.push({ via: "initialize", message, caller: exchange.caller });
    return { response: await this.#answer(message, exchange), sessionId: SESSION_ID };
  }

  async dispatchLegacy(message: JsonRpcRequest, session: SessionRef, exchange: Exchange) {
    this.calls.push({ via: "dispatchLegacy", message, session: session.id, caller: exchange.caller });
    return session.id === SESSION_ID ? await this.#answer(message, exchange) : undefined;
  }

  notifyLegacy(message: JsonRpcNotification, session: SessionRef, caller: Caller): Promise<boolean> {
    this.calls.push({ via: "notifyLegacy", message, session: session.id, caller });
    return Promise.resolve(session.id === SESSION_ID);
  }

  respondLegacy(message: JsonRpcResponse, session: SessionRef, caller: Caller): Promise<boolean> {
    this.calls.push({ via: "respondLegacy", message, session: session.id, caller });
    return Promise.resolve(session.id === SESSION_ID);
  }

  listenLegacy(session: SessionRef, listener: Listener): Promise<boolean> {
    this.calls.push({ via: "listenLegacy", session: session.id, caller: listener.caller });
    if (session.id !== SESSION_ID) return Promise.resolve(false);
    this.#options.onListen?.(listener);
    return Promise.resolve(true);
  }

  resumeLegacy(session: SessionRef, lastEventId: string, caller: Caller) {
    this.calls.push({ via: "resumeLegacy", message: lastEventId, session: session.id, caller });
    if (session.id !== SESSION_ID) return Promise.resolve(undefined);
    return Promise.resolve(this.#options.resumed?.(lastEventId) ?? "none");
  }

  endSession(session: SessionRef, caller: Caller): Promise<boolean> {
    this.calls.push({ via: "endSession", session: session.id, caller });
    return Promise.resolve(session.id === SESSION_ID);
  }

  #answer(message: JsonRpcRequest, exchange: Exchange): Promise<JsonRpcResponse> {
    const { answer = (request) => Promise.resolve(emptyResult(request)) } = this.#options;
    return answer(message, exchange);
  }
}

/** An answer without content. */
export function emptyResult({ id }: JsonRpcRequest): JsonRpcResponse {
  return { jsonrpc: "2.0", id, result: {} };
}
