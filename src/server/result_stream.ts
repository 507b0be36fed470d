/**
 * The stream of a waiting `tasks/result`, which its client can leave and come back to on any instance.
 *
 * Nothing is stored for it: the ids of its events hold what was asked for and which questions of the task the client
 * has got, signed, and bound to the session and its owner.
 *
 * @module
 */
import { isJsonObject, type JsonValue, type RequestId } from "../protocol/mod.ts";
import { randomName } from "../runtime.ts";
import { sha256OfTexts } from "../store/mod.ts";
import type { ReplyStream } from "./exchange.ts";
import type { Services } from "./services.ts";
import type { StoredSession } from "./session_store.ts";

/** A `tasks/result` that waits. */
export interface ResultWait {
  /** Id of the request, as it was first sent. */
  readonly requestId: RequestId;
  readonly taskId: string;
  /** Marks of the questions the client has got on earlier streams of this request. */
  readonly asked: readonly string[];
  /** Whether its client came back. */
  readonly isResumed: boolean;
}

/** Longest request id that a token holds, in UTF-16 units: every event has the token in its id. */
const MAX_ID_CHARS = 256;
/** Questions a token remembers; the newest stay. */
const MAX_ASKED = 64;
const MARK_CHARS = 8;

/** Names the events of one stream. */
export class ResultStream {
  readonly #services: Services;
  readonly #context: string;
  readonly #stream: ReplyStream;
  readonly #wait: ResultWait;
  /** Sets this stream apart from the others of the same request: no two events have one id (T25-174). */
  readonly #nonce: string;
  #asked: readonly string[];
  #sending: Promise<void> = Promise.resolve();

  private constructor(services: Services, stored: StoredSession, stream: ReplyStream, wait: ResultWait) {
    this.#services = services;
    this.#context = contextOf(stored);
    this.#stream = stream;
    this.#wait = wait;
    this.#asked = wait.asked;
    this.#nonce = randomName(services.store.runtime, 9);
  }

  /** Opens the stream with an event to come back with. `undefined`: its client cannot come back. */
  static async open(
    services: Services,
    stored: StoredSession,
    stream: ReplyStream | undefined,
    wait: ResultWait,
  ): Promise<ResultStream | undefined> {
    const isNameable = typeof wait.requestId === "number" || wait.requestId.length <= MAX_ID_CHARS;
    if (stream === undefined || !isNameable) return undefined;
    const result = new ResultStream(services, stored, stream, wait);
    await result.#name();
    // It may be open, where that took longer than a connection may be silent: a name it had then leads nowhere.
    stream.prime();
    return result;
  }

  /** Sends a question by `put`; who comes back with its event, or a later one, has got it. */
  send(key: string, put: () => void): Promise<void> {
    const sent = this.#sending.then(async () => {
      this.#asked = [...this.#asked, await markOf(key)].slice(-MAX_ASKED);
      await this.#name();
      put();
    });
    this.#sending = sent.catch(() => {});
    return sent;
  }

  async #name(): Promise<void> {
    const { requestId, taskId } = this.#wait;
    const value: JsonValue = { i: requestId, t: taskId, q: this.#asked, n: this.#nonce };
    this.#stream.name = await this.#services.keyring.sign("stream", this.#context, value);
  }
}

/** What a token of {@linkcode ResultStream} holds; `undefined` if it is none, or another session's. */
export async function readResultToken(
  services: Services,
  stored: StoredSession,
  token: string,
): Promise<ResultWait | undefined> {
  const value = await services.keyring.verify("stream", contextOf(stored), token);
  if (!isJsonObject(value)) return undefined;
  const { i: requestId, t: taskId, q: asked } = value as { readonly i: RequestId; t: string; q: string[] };
  return { requestId, taskId, asked, isResumed: true };
}

/** The keys among `keys` that the client has got already. */
export async function askedAmong(keys: readonly string[], { asked }: ResultWait): Promise<string[]> {
  if (asked.length === 0) return [];
  const marks = await Promise.all(keys.map(markOf));
  return keys.filter((_, i) => asked.includes(marks[i]!));
}

async function markOf(key: string): Promise<string> {
  return (await sha256OfTexts([key])).slice(0, MARK_CHARS);
}

function contextOf({ owner, session }: StoredSession): string {
  return `tasks/result:${owner}:${session.id}`;
}
