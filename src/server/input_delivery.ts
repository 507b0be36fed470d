/**
 * Putting a task's questions to 2025-11-25 clients: as requests on one stream, so that every client sees them
 * and none sees them twice.
 *
 * A question goes to an open `tasks/result` of the session, if there is one in this process; else once, per
 * session, along with the answer of a `tasks/get`. Where a session lives on one connection, which loses nothing, a
 * question goes over it once, whatever is opened later. The id of each request names task and question, so that
 * any instance can take the answer.
 *
 * @module
 */
import {
  type JsonObject,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type JsonValue,
  ProtocolError,
} from "../protocol/mod.ts";
import { declares } from "../protocol/input_capability.ts";
import type { InputRequest } from "../protocol/input.ts";
import { relatedTaskMeta } from "../protocol/v2025_11_25/mod.ts";
import { randomName } from "../runtime.ts";
import { type TaskHead, TaskNotFoundError } from "../tasks/mod.ts";
import { fromBase64Url, toBase64Url, toBytes, toText } from "../store/mod.ts";
import { AccessRefusedError } from "./authentication.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { takeAnswers } from "./input_answers.ts";
import type { Services } from "./services.ts";
import type { Session, StoredSession } from "./session_store.ts";

/** Time after which a question may be sent again on a `tasks/get`, in milliseconds. */
const RESEND_MS = 300_000;
/** Sent questions remembered by a session at most; the oldest are forgotten first. */
const MAX_SENT = 100;
/** Questions remembered of a session that lives on its connection. */
const MAX_ASKED_ONCE = 1000;
/** Bytes of JSON text that they may take, so that the session's record has room for all else. */
const MAX_SENT_BYTES = 8192;

/** A `tasks/result` that waits in this process. */
export interface OpenResult {
  /** Questions that went on its stream. */
  readonly asked: ReadonlySet<string>;
  /** Sends the questions of a new state that no other `tasks/result` of the session has sent. */
  send(head: TaskHead): Promise<void>;
  /** Sends what the newest state it saw has outstanding and nobody has sent. */
  resend(): Promise<void>;
  /** Ends it; what was asked on its stream is asked on the next one. */
  close(): Promise<void>;
}

/** How questions go on the stream of a `tasks/result`. */
export interface OpenResultOptions {
  /** Questions that the client has got before, on an earlier stream of the same request. @default {[]} */
  readonly asked?: Iterable<string>;
  /** Sends one by calling `put`. @default at once */
  readonly send?: (key: string, put: () => void) => Promise<void>;
}

/** Sends questions of tasks and takes their answers. */
export class InputDelivery {
  readonly #services: Services;
  /** Open `tasks/result` requests in this process, by session and task; never an empty set. */
  readonly #openResults = new Map<string, Set<OpenResult>>();
  /** What was asked in sessions that live on their connection. */
  readonly #askedOnce = new Map<string, Set<string>>();

  constructor(services: Services) {
    this.#services = services;
  }

  /**
   * Opens a `tasks/result`: questions of the task go on its stream from now on. Of several in one session each
   * question goes to one (T25-172), and to the next when that one closes.
   */
  openResult(
    exchange: Exchange,
    stored: StoredSession,
    taskId: string,
    { asked: askedBefore, send }: OpenResultOptions = {},
  ): OpenResult {
    const { session } = stored;
    const name = `${session.id}/${taskId}`;
    const group = this.#openResults.get(name) ?? new Set<OpenResult>();
    this.#openResults.set(name, group);
    const asked = new Set<string>(askedBefore);
    let latest: TaskHead | undefined;
    const result: OpenResult = {
      asked,
      send: async (head) => {
        latest = head;
        const others = [...group].filter((other) => other !== result);
        const keys = Object.keys(head.input.outstanding)
          .filter((key) => !asked.has(key) && !others.some((other) => other.asked.has(key)));
        for (const key of keys) asked.add(key);
        const askable = this.#unasked(stored, head, await this.#askable(session, head, keys));
        if (send === undefined) return this.#put(exchange, head, askable);
        for (const question of askable) await send(question[0], () => this.#put(exchange, head, [question]));
      },
      resend: async () => {
        if (latest !== undefined) await result.send(latest);
      },
      close: async () => {
        group.delete(result);
        const [next] = group;
        if (next === undefined) this.#openResults.delete(name);
        else await next.resend();
      },
    };
    group.add(result);
    return result;
  }

  /** Sends what this session has not been asked lately along with the answer of a `tasks/get`. */
  async sendOnGet(exchange: Exchange, stored: StoredSession, head: TaskHead): Promise<void> {
    const { session } = stored;
    if (this.#openResults.has(`${session.id}/${head.id}`)) return;
    if (stored.isConnectionBound) {
      const askable = await this.#askable(session, head, Object.keys(head.input.outstanding));
      return this.#put(exchange, head, this.#unasked(stored, head, askable));
    }
    const now = this.#services.store.runtime.now();
    const sent = session.sent ?? {};
    const keys = Object.keys(head.input.outstanding).filter((key) => {
      const at = Object.hasOwn(sent, sentName(head.id, key)) ? sent[sentName(head.id, key)] : undefined;
      return at === undefined || now - at >= RESEND_MS;
    });
    const askable = await this.#askable(session, head, keys);
    if (askable.length === 0) return;
    const entries = [
      ...Object.entries(sent),
      ...askable.map(([key]) => [sentName(head.id, key), now] as const),
    ];
    const next: Session = { ...session, sent: toSent(entries) };
    // Noted before it is sent: of two polls at the same moment only one asks.
    if (await this.#services.sessions.update(stored, next)) this.#put(exchange, head, askable);
  }

  /** Forgets a session that has ended. */
  forget(sessionId: string): void {
    this.#askedOnce.delete(sessionId);
  }

  /**
   * Takes the answer to a question of a task. `false`: its id is not one of a task's question.
   *
   * @throws {AccessRefusedError} If the caller lacks a scope of the task's tool.
   */
  async take(response: JsonRpcResponse, caller: Caller): Promise<boolean> {
    const asked = readRequestId(response.id);
    if (asked === undefined) return false;
    const { taskId, key } = asked;
    const refusal = (value: string) => ({ [key]: { value, isRefusal: true } });
    try {
      await takeAnswers(
        this.#services,
        caller,
        taskId,
        "result" in response
          ? { [key]: { value: response.result } }
          : refusal(response.error.message.slice(0, 200)),
      );
    } catch (error) {
      if (error instanceof TaskNotFoundError) return true;
      if (!(error instanceof ProtocolError) || error instanceof AccessRefusedError) throw error;
      // Nobody can be told that the answer does not fit: the tool learns that there is none.
      await takeAnswers(this.#services, caller, taskId, refusal(error.message));
    }
    return true;
  }

  /** Requests among the outstanding ones that this session's client declared it can answer. */
  async #askable(
    session: Session,
    head: TaskHead,
    keys: readonly string[],
  ): Promise<readonly (readonly [string, InputRequest])[]> {
    if (keys.length === 0) return [];
    const requests = await this.#services.store.loadInputRequests(head);
    return keys.flatMap((key) => {
      const request = requests[key];
      return request !== undefined && declares(session.clientCapabilities, request)
        ? [[key, request] as const]
        : [];
    });
  }

  /** The questions among `askable` to be put now; of those on a connection each is, once. */
  #unasked(
    { session, isConnectionBound }: StoredSession,
    head: TaskHead,
    askable: readonly (readonly [string, InputRequest])[],
  ): readonly (readonly [string, InputRequest])[] {
    if (!isConnectionBound || askable.length === 0) return askable;
    const asked = this.#askedOnce.get(session.id) ?? new Set();
    this.#askedOnce.set(session.id, asked);
    return askable.filter(([key]) => {
      const name = sentName(head.id, key);
      const isNew = !asked.has(name);
      asked.add(name);
      const [oldest] = asked;
      if (asked.size > MAX_ASKED_ONCE && oldest !== undefined) asked.delete(oldest);
      return isNew;
    });
  }

  #put(exchange: Exchange, head: TaskHead, requests: readonly (readonly [string, InputRequest])[]): void {
    for (const [key, request] of requests) {
      const nonce = randomName(this.#services.store.runtime, 6);
      exchange.send(
        toClientRequest(toRequestId(head.id, key, nonce), request, nonce, relatedTaskMeta(head.id)),
      );
    }
  }
}

/** A question as a request of this revision: a page has an id here (T25-255). */
export function toClientRequest(
  id: string,
  question: InputRequest,
  nonce: string,
  meta?: JsonObject,
): JsonRpcRequest {
  const params = (question.params ?? {}) as unknown as Record<string, JsonValue>;
  const isPage = question.method === "elicitation/create" && question.params.mode === "url";
  return {
    jsonrpc: "2.0",
    id,
    method: question.method,
    params: {
      ...params,
      ...(isPage ? { elicitationId: nonce } : {}),
      ...(meta === undefined ? {} : { _meta: meta }),
    },
  };
}

/** The newest sent questions, as many as a session remembers. */
function toSent(entries: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  let first = entries.length;
  let bytes = 0;
  while (first > 0 && entries.length - first < MAX_SENT) {
    bytes += toBytes(JSON.stringify(entries[first - 1])).length;
    if (bytes > MAX_SENT_BYTES) break;
    first--;
  }
  return Object.fromEntries(entries.slice(first));
}

function sentName(taskId: string, key: string): string {
  return `${taskId}/${key}`;
}

function toRequestId(taskId: string, key: string, nonce: string): string {
  return `${taskId}/${toBase64Url(toBytes(key))}/${nonce}`;
}

function readRequestId(id: unknown): { readonly taskId: string; readonly key: string } | undefined {
  if (typeof id !== "string") return undefined;
  const [taskId, keyText, nonce, ...rest] = id.split("/");
  const key = fromBase64Url(keyText ?? "");
  if (!taskId || key === undefined || !nonce || rest.length > 0) return undefined;
  try {
    return { taskId, key: toText(key) };
  } catch {
    return undefined; // Not text: no question of ours.
  }
}
