/**
 * The seam between a transport and the server: what comes in with a request, and what the server offers for it.
 *
 * A transport (HTTP, stdio) authenticates, frames and tells the eras apart; the server knows
 * methods, tools, sessions and tasks, and nothing of headers or streams.
 *
 * @module
 */
import type {
  JsonObject,
  JsonRpcNotification,
  JsonRpcRequest,
  JsonRpcResponse,
  RequestId,
} from "../protocol/mod.ts";
import type { RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import type { CredentialRefusal } from "./authentication.ts";
import type { ScopeRules } from "./scopes.ts";

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
  /** When what the caller is known by lapses, epoch milliseconds: a mere wait or subscription ends then. */
  readonly expiresAt?: number;
  /** Aborts when this request is cancelled; under 2026-07-28 by leaving, under 2025-11-25 never by that (T25-165). */
  readonly signal: AbortSignal;
  /** Aborts when nobody can read the answer any more, in either revision: the time to give up a mere wait. */
  readonly left: AbortSignal;
  /** Calls back, once, when `left` would abort: for waits there may be thousands of, lighter than the signal. */
  whenLeft(callback: () => void): void;
  /** Sends a message on the stream of this request, ahead of its response; opens the stream on first use. */
  send(message: JsonRpcNotification | JsonRpcRequest): void;
  /**
   * Calls back once all that was sent has been taken by the reader; at once, if nothing waits. Never, if the client
   * leaves before. For one waiter at a time. Absent where nothing can tell.
   */
  whenRead?(callback: () => void): void;
  /** Keeps the platform from freezing the process while work goes on behind the response. */
  waitUntil(work: Promise<unknown>): void;
  /**
   * Calls back, at once if it has happened, when the client cancels this request by a word that the transport takes
   * itself. Absent where that word comes as a notification of the session.
   */
  whenCancelled?(callback: () => void): void;
  /** Calls back when the stream of this request opens: the request takes its time. Absent where nothing can tell. */
  onOpen?(callback: () => void): void;
  /**
   * Notes that the request is refused for want of authority: HTTP tells that by a status and a challenge besides the
   * error that it is answered with. Absent where nothing can tell.
   */
  refuse?(refusal: CredentialRefusal): void;
  /** The stream of this request, where a client can come back to it: 2025-11-25 over HTTP, not older revisions. */
  readonly stream?: ReplyStream;
}

/** What the names of streams begin with on which a request is answered; the session's own have another. */
export const REPLY_STREAM_PREFIX = "post-";

/** An event stream that may end before its response, because its client can come back (T25-157). */
export interface ReplyStream {
  /**
   * What the ids of its events begin with: `post-` and 16 random characters, if nobody sets it. The id of an event is
   * `<name>.<number>`, and is what the client comes back with.
   */
  name: string;
  /** Whether it ended, by whichever side, before the response. */
  readonly isCutOff: boolean;
  /** Sends an event that has nothing but an id, to come back with (T25-156); opens it if need be. */
  prime(): void;
  /** Ends the connection, not the request, and tells the client when to come back, in milliseconds (T25-158). */
  cutOff(retryMs: number): void;
  /** Calls back if the connection breaks before the response. */
  onLost(callback: () => void): void;
}

/** A request whose client came back for the response. */
export interface ResumedRequest {
  /** Id of the request, as it was first sent. */
  readonly id: RequestId;
  /** Waits for the response. Never rejects, but for a defect of ours. */
  answer(exchange: Exchange): Promise<JsonRpcResponse>;
}

/** Names a session of the 2025-11-25 era, as a header carried it. */
export interface SessionRef {
  /** `Mcp-Session-Id`; unchecked text. */
  readonly id: string;
}

/**
 * How long a session lives. `stored`: until it expires, for whichever instance its client calls; `connection`: until the
 * transport ends it, in this process alone.
 */
export type SessionLifetime = "stored" | "connection";

/** A stream that outlives a request: the GET stream of a session, or the pipe it lives on. */
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
  /** Which scopes requests need. */
  readonly scopes: ScopeRules;
  /** Whether `method` exists under 2026-07-28. */
  servesModern(method: string): boolean;
  /** Mirrored arguments of a tool; empty for an unknown tool. */
  mirroredParams(tool: string): readonly MirroredParam[];
  /** Answers a 2026-07-28 request whose `_meta`, version and headers were checked. */
  dispatchModern(request: JsonRpcRequest, meta: RequestMeta, exchange: Exchange): Promise<JsonRpcResponse>;

  /** Answers `initialize`; `sessionId` is set if it succeeded. */
  initialize(
    request: JsonRpcRequest,
    exchange: Exchange,
    lifetime: SessionLifetime,
  ): Promise<InitializeReply>;
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
  /**
   * Finds the request whose stream ended before its response. `undefined`: no such session for this caller;
   * `"none"`: the event was not one of a request's stream.
   *
   * @throws {ProtocolError} With `httpStatus` 400 if the stream is none of this session, or forgotten, 429 at a limit.
   */
  resumeLegacy(
    session: SessionRef,
    lastEventId: string,
    caller: Caller,
  ): Promise<ResumedRequest | "none" | undefined>;
  /** Ends a session. `false`: no such session for this caller. */
  endSession(session: SessionRef, caller: Caller): Promise<boolean>;
}

/** Answer to `initialize`. */
export interface InitializeReply {
  readonly response: JsonRpcResponse;
  readonly sessionId?: string;
}
