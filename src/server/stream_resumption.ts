/**
 * Finds what a 2025-11-25 client waited for when its stream ended, from the id of the last event it got.
 *
 * @module
 */
import { type JsonRpcResponse, ProtocolError, type RequestId, toResult } from "../protocol/mod.ts";
import { randomName } from "../runtime.ts";
import { REPLY_STREAM_PREFIX } from "./exchange.ts";
import type { KeptReplies } from "./kept_replies.ts";
import type { LegacyCallContext } from "./legacy_call.ts";
import { readResultToken } from "./result_stream.ts";
import type { Services } from "./services.ts";
import type { StoredSession } from "./session_store.ts";
import { awaitTaskResult } from "./task_result.ts";

/** A wait that goes on. */
export interface ResumedWait {
  /** Id of the request, as it was first sent. */
  readonly id: RequestId;
  /** Whether cancelling the request ends this wait; else it ends the call, and the wait with it. */
  readonly isWholeRequest: boolean;
  /** Waits, on a stream of its own. */
  answer(context: LegacyCallContext): Promise<JsonRpcResponse>;
}

/** What ids of events look like: `<stream>.<number>`; the stream is a signed token, or a random name. */
const EVENT_ID = /^([\w.~-]+)\.\d{1,16}$/;
/** A name of ours: that of the first stream of a request, and what sets a further one apart. */
const REPLY_STREAM = new RegExp(`^(${REPLY_STREAM_PREFIX}[\\w-]{16})(~[\\w-]+)?$`);

/** Goes on with requests. */
export class StreamResumption {
  readonly #services: Services;
  readonly #replies: KeptReplies;

  constructor(services: Services, replies: KeptReplies) {
    this.#services = services;
    this.#replies = replies;
  }

  /**
   * The request on whose stream an event came. `undefined`: it came on no such stream.
   *
   * @throws {ProtocolError} With `httpStatus` 400 if the stream is another session's, forged, or forgotten: it is never
   * told apart which, and nothing of another stream is sent (T25-177).
   */
  async find(stored: StoredSession, lastEventId: string): Promise<ResumedWait | undefined> {
    const stream = EVENT_ID.exec(lastEventId)?.[1];
    if (stream === undefined) return undefined;
    if (stream.includes(".")) return await this.#findResult(stored, stream);
    const name = REPLY_STREAM.exec(stream)?.[1];
    return name === undefined ? undefined : await this.#findReply(stored, name);
  }

  async #findResult(stored: StoredSession, token: string): Promise<ResumedWait> {
    const wait = await readResultToken(this.#services, stored, token);
    if (wait === undefined) throw unknownStream();
    const id = wait.requestId;
    return {
      id,
      isWholeRequest: true,
      answer: async (context) => toResult(id, await awaitTaskResult(context, wait)),
    };
  }

  async #findReply(stored: StoredSession, name: string): Promise<ResumedWait> {
    const id = await this.#replies.find(stored, name);
    if (id === undefined) throw unknownStream();
    return { id, isWholeRequest: false, answer: (context) => this.#awaitReply(context, name) };
  }

  async #awaitReply(context: LegacyCallContext, name: string): Promise<JsonRpcResponse> {
    const { services, stored, exchange, waits } = context;
    const { stream } = exchange;
    const leave = services.subscriptions.enter(stored.owner, exchange.caller === undefined);
    if (stream !== undefined) {
      stream.name = `${name}~${randomName(services.store.runtime, 6)}`;
      stream.prime();
    }
    const pausing = waits.start(exchange, {
      name: `${stored.session.id}/${name}`,
      canComeBack: stream !== undefined,
      isResumed: true,
    });
    try {
      return await this.#replies.wait(stored, name, pausing.stops);
    } finally {
      pausing.end();
      leave();
    }
  }
}

function unknownStream(): ProtocolError {
  return new ProtocolError(
    -32600,
    'Invalid request: "Last-Event-ID" names no stream of this session whose request is still open',
    { reason: "stream_unknown" },
    { httpStatus: 400 },
  );
}
