/**
 * Streams of 2025-11-25 sessions in this process, and what is pushed on them.
 *
 * A status notification goes out for tasks that were created or read through the session here. It is a
 * convenience: clients poll all the same (T25-090).
 *
 * @module
 */
import type { JsonObject, JsonRpcNotification, JsonRpcRequest } from "../protocol/mod.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import type { OwnerKey } from "../store/mod.ts";
import { headKey, type TaskStore } from "../store/mod.ts";
import { isTerminal, type TaskHead, type ToolErrorStatus, toTask2025 } from "../tasks/mod.ts";
import type { Listener } from "./exchange.ts";
import type { Session } from "./session_store.ts";

/** Tasks of one session that are watched for it at most. */
const MAX_WATCHED = 1000;

interface SessionPush {
  readonly owner: OwnerKey;
  readonly listeners: Set<Listener>;
  /** Resources whose updates it wants to hear of. */
  readonly resources: Set<string>;
  /** Watched tasks, and how to stop. */
  readonly tasks: Map<string, () => void>;
  /** Lowest level of log messages it wants. */
  logLevel?: LoggingLevel;
}

/** Streams by session. */
export class SessionStreams {
  readonly #store: TaskStore;
  readonly #toolErrorStatus: ToolErrorStatus;
  readonly #sessions = new Map<string, SessionPush>();

  constructor(store: TaskStore, toolErrorStatus: ToolErrorStatus) {
    this.#store = store;
    this.#toolErrorStatus = toolErrorStatus;
  }

  /** Number of open streams in this process. */
  get size(): number {
    let size = 0;
    for (const { listeners } of this.#sessions.values()) size += listeners.size;
    return size;
  }

  /** Adds a stream until its signal aborts. */
  attach(session: Session, owner: OwnerKey, listener: Listener): void {
    const sessionId = session.id;
    const push: SessionPush = this.#sessions.get(sessionId) ??
      { owner, listeners: new Set(), tasks: new Map(), resources: new Set(session.subscriptions) };
    this.#sessions.set(sessionId, push);
    push.logLevel = session.logLevel;
    push.listeners.add(listener);
    listener.signal.addEventListener("abort", () => this.#detach(sessionId, listener), { once: true });
  }

  /** Sends on one stream of the session (T25-172). `false`: it has none here. */
  send(sessionId: string, message: JsonRpcNotification | JsonRpcRequest): boolean {
    for (const listener of this.#sessions.get(sessionId)?.listeners ?? []) {
      listener.send(message);
      return true;
    }
    return false;
  }

  /** Sends on one stream of every session. */
  broadcast(message: JsonRpcNotification): void {
    for (const sessionId of this.#sessions.keys()) this.send(sessionId, message);
  }

  /** Level of the log messages that a session with a stream here wants; `undefined` if it never said or has none. */
  logLevelOf(sessionId: string): LoggingLevel | undefined {
    return this.#sessions.get(sessionId)?.logLevel;
  }

  /** Notes the level that an open stream wants from now on. */
  setLogLevel(sessionId: string, logLevel: LoggingLevel | undefined): void {
    const push = this.#sessions.get(sessionId);
    if (push !== undefined) push.logLevel = logLevel;
  }

  /** Notes what an open stream wants to hear of. */
  setSubscription(sessionId: string, uri: string, isWanted: boolean): void {
    const resources = this.#sessions.get(sessionId)?.resources;
    if (isWanted) resources?.add(uri);
    else resources?.delete(uri);
  }

  /** Tells the sessions that subscribed to a resource that it changed. */
  resourceUpdated(uri: string): void {
    const message = { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } } as const;
    for (const [sessionId, { resources }] of this.#sessions) {
      if (resources.has(uri)) this.send(sessionId, message);
    }
  }

  /** Pushes the task's status changes to the session, if it listens here. */
  follow(sessionId: string, head: TaskHead): void {
    const push = this.#sessions.get(sessionId);
    if (push === undefined || push.tasks.has(head.id) || isTerminal(head.status)) return;
    if (push.tasks.size >= MAX_WATCHED) return;
    let shown = head.status;
    const stop = this.#store.watcher.subscribe(headKey(head.owner, head.id), (current) => {
      if (current === undefined || isTerminal(current.head.status)) {
        stop();
        push.tasks.delete(head.id);
      }
      if (current === undefined || current.head.status === shown) return;
      shown = current.head.status;
      this.send(sessionId, this.#statusNotification(current.head));
    });
    push.tasks.set(head.id, stop);
  }

  /** Closes the session's streams. */
  end(sessionId: string): void {
    for (const listener of this.#sessions.get(sessionId)?.listeners ?? []) {
      listener.close();
      this.#detach(sessionId, listener);
    }
  }

  /** Closes all streams. */
  close(): void {
    for (const sessionId of [...this.#sessions.keys()]) this.end(sessionId);
  }

  #statusNotification(head: TaskHead): JsonRpcNotification {
    const params = toTask2025(head, this.#toolErrorStatus) as unknown as JsonObject;
    return { jsonrpc: "2.0", method: "notifications/tasks/status", params };
  }

  #detach(sessionId: string, listener: Listener): void {
    const push = this.#sessions.get(sessionId);
    if (push === undefined) return;
    push.listeners.delete(listener);
    if (push.listeners.size > 0) return;
    for (const stop of push.tasks.values()) stop();
    this.#sessions.delete(sessionId);
  }
}
