/**
 * The response to a plain 2025-11-25 request, which outlasts the connection it was to go out on.
 *
 * @module
 */
import type { JsonRpcResponse, RequestId } from "../protocol/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { KeptReplies, KeptReply } from "./kept_replies.ts";
import { RETRY_MS } from "./pausing_wait.ts";
import type { Services } from "./services.ts";
import type { StoredSession } from "./session_store.ts";

/** Keeps the response once its stream was cut off or broke: nothing before that. */
export class LastingReply {
  readonly #services: Services;
  readonly #replies: KeptReplies;
  readonly #stored: StoredSession;
  readonly #requestId: RequestId;
  readonly #exchange: Exchange;
  #response: Promise<JsonRpcResponse> | undefined;
  #keeping: Promise<KeptReply | undefined> | undefined;
  #kept: Promise<void> | undefined;

  constructor(
    services: Services,
    replies: KeptReplies,
    stored: StoredSession,
    requestId: RequestId,
    exchange: Exchange,
  ) {
    this.#services = services;
    this.#replies = replies;
    this.#stored = stored;
    this.#requestId = requestId;
    this.#exchange = exchange;
    exchange.stream?.onLost(() => void this.#keep());
  }

  /** Ends the connection, where the client can come back and the store can keep the response. Never rejects. */
  readonly cutOff = async (): Promise<void> => {
    const { stream } = this.#exchange;
    // First the note, then the end: who comes back finds it.
    if (stream !== undefined && await this.#keep() !== undefined) stream.cutOff(RETRY_MS);
  };

  /** Passes the response on, once it is kept if it has to be. To be called with a response that never rejects. */
  async deliver(response: Promise<JsonRpcResponse>): Promise<JsonRpcResponse> {
    this.#response = response;
    const answer = await response;
    await this.#kept;
    return answer;
  }

  #keep(): Promise<KeptReply | undefined> {
    if (this.#keeping === undefined) {
      this.#keeping = this.#begin(this.#exchange.stream!.name);
      this.#kept = this.#keeping.then(async (reply) => reply?.finish(await this.#response!));
      this.#exchange.waitUntil(this.#kept);
    }
    return this.#keeping;
  }

  async #begin(name: string): Promise<KeptReply | undefined> {
    try {
      return await this.#replies.begin(this.#stored, name, this.#requestId);
    } catch (error) {
      this.#services.store.emit({
        type: "response_not_kept",
        message: "The response of a call cannot be kept",
        error,
      });
      return undefined;
    }
  }
}
