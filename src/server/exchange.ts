/**
 * The seam between a transport and the server: what comes in with a request, and what the server offers for it.
 *
 * A transport (HTTP handler, stdio) authenticates, frames and tells the eras apart; the server knows
 * methods, tools, sessions and tasks, and nothing of headers or streams.
 *
 * @module
 */
import type { JsonObject, JsonRpcNotification, JsonRpcRequest, JsonRpcResponse } from "../protocol/mod.ts";
import type { RequestMeta } from "../protocol/v2026_07_28/mod.ts";

/** Who calls, as the transport authenticated it. Tokens are never part of it. */
export interface Principal {
  /** The user (OAuth `sub`). Owns tasks where present. */
  readonly subject?: string;
  /** The client application. Owns tasks where there is no subject. */
  readonly clientId?: string;
  /** Who vouches for both; part of the owner, so that equal subjects of two issuers stay apart. */
  readonly issuer?: string;
  /** Granted scopes. */
  readonly scopes?: readonly string[];
  /** Further claims the author chose to keep; stored with tasks, at most 2 KiB. */
  readonly claims?: JsonObject;
}

/** The caller of a request: a principal, or `undefined` for an anonymous one. */
export type Caller = Principal | undefined;

/** One request in progress, as the transport sees it. */
export interface Exchange {
  /** Who calls. */
  readonly caller: Caller;
  /** Aborts when this request is cancelled; under 2026-07-28 by leaving, under 2025-11-25 never by that (T25-165). */
  readonly signal: AbortSignal;
  /** Aborts when nobody can read the answer any more, in either revision: the time to give up a mere wait. */
  readonly left: AbortSignal;
  /** Sends a message on the stream of this request, ahead of its response; opens the stream on first use. */
  send(message: JsonRpcNotification | JsonRpcRequest): void;
  /** Keeps the platform from freezing the process while work goes on behind the response. */
  waitUntil(work: Promise<unknown>): void;
}

/** Names a session of the 2025-11-25 era, as a header carried it. */
export interface SessionRef {
  /** `Mcp-Session-Id`; unchecked text. */
  readonly id: string;
}

/** A stream that outlives a request: the GET stream of a session. */
export interface Listener {
  /** Who calls. */
  readonly caller: Caller;
  /** Aborts when the client left. */
  readonly signal: AbortSignal;
  /** Sends a message on the stream. */
  send(message: JsonRpcNotification | JsonRpcRequest): void;
  /** Ends the stream from the server's side (session ended, shutdown). */
  close(): void;
}

/** A tool argument that 2026-07-28 clients mirror into a header `Mcp-Param-<header>`. */
export interface MirroredParam {
  /** Path of property names from the root of the arguments. */
  readonly path: readonly string[];
  /** Header suffix, as written in `x-mcp-header`. */
  readonly header: string;
}

/** What a transport calls. No method rejects, but for a defect of ours. */
export interface Dispatcher {
  /** Whether `method` exists under 2026-07-28. */
  servesModern(method: string): boolean;
  /** Mirrored arguments of a tool; empty for an unknown tool. */
  mirroredParams(tool: string): readonly MirroredParam[];
  /** Answers a 2026-07-28 request whose `_meta`, version and headers were checked. */
  dispatchModern(request: JsonRpcRequest, meta: RequestMeta, exchange: Exchange): Promise<JsonRpcResponse>;

  /** Answers `initialize`; `sessionId` is set if it succeeded. */
  initialize(request: JsonRpcRequest, exchange: Exchange): Promise<InitializeReply>;
  /** Answers any other 2025-11-25 request. `undefined`: no such session for this caller. */
  dispatchLegacy(
    request: JsonRpcRequest,
    session: SessionRef,
    exchange: Exchange,
  ): Promise<JsonRpcResponse | undefined>;
  /** Takes a notification. `false`: no such session for this caller. */
  notifyLegacy(notification: JsonRpcNotification, session: SessionRef, caller: Caller): Promise<boolean>;
  /** Takes the answer to a request of ours. `false`: no such session for this caller. */
  respondLegacy(response: JsonRpcResponse, session: SessionRef, caller: Caller): Promise<boolean>;
  /** Attaches the GET stream of a session. `false`: no such session for this caller. */
  listenLegacy(session: SessionRef, listener: Listener): Promise<boolean>;
  /** Ends a session. `false`: no such session for this caller. */
  endSession(session: SessionRef, caller: Caller): Promise<boolean>;
}

/** Answer to `initialize`. */
export interface InitializeReply {
  readonly response: JsonRpcResponse;
  readonly sessionId?: string;
}
