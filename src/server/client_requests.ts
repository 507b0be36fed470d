/**
 * Requests of ours to 2025-11-25 clients that wait for their answer in this process, whichever process it reaches.
 *
 * @module
 */
import type { JsonObject, JsonRpcRequest, JsonRpcResponse, JsonValue } from "../protocol/mod.ts";
import { randomName, type Runtime, setAlarm } from "../runtime.ts";
import type { InputRequest } from "../protocol/input.ts";
import { ToolError } from "../execution/mod.ts";
import { toClientRequest } from "./input_delivery.ts";
import type { SessionMail } from "./session_mail.ts";
import type { StoredSession } from "./session_store.ts";

/** Ids of these requests; also the name under which an answer is left for another process. */
const CALL_ID = /^call\/[\w-]{16}$/;

/** Options of {@linkcode ClientRequests.ask}. */
export interface ClientRequestOptions {
  /** Sends the request on a stream of the session. */
  readonly send: (request: JsonRpcRequest) => void;
  /** Ends the wait; rejects with its reason. */
  readonly signal: AbortSignal;
  /** When the wait ends without an answer, epoch milliseconds. Absent: never. */
  readonly deadline?: number;
}

/** Requests that wait for an answer. */
export class ClientRequests {
  readonly #runtime: Runtime;
  readonly #mail: SessionMail;
  readonly #waiting = new Map<string, (response: JsonRpcResponse) => void>();

  constructor(runtime: Runtime, mail: SessionMail) {
    this.#runtime = runtime;
    this.#mail = mail;
  }

  /**
   * Sends a question and waits for its raw answer. `undefined`: there was none in time.
   *
   * @throws {ToolError} If the client answers with an error.
   */
  ask(
    stored: StoredSession,
    question: InputRequest,
    { send, signal, deadline }: ClientRequestOptions,
  ): Promise<JsonValue | undefined> {
    const id = `call/${randomName(this.#runtime, 12)}`;
    const key = `${stored.session.id}/${id}`;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const forget = () => {
        cancelAlarm();
        stopExpecting();
        signal.removeEventListener("abort", onAbort);
        this.#waiting.delete(key);
      };
      const onAbort = () => {
        forget();
        reject(signal.reason);
      };
      const settle = (response: JsonRpcResponse) => {
        forget();
        if ("result" in response) resolve(response.result);
        else reject(new ToolError(`The client refused to answer: ${response.error.message.slice(0, 200)}`));
      };
      const stopExpecting = this.#mail.expect(
        stored,
        id,
        (response) => settle(response as unknown as JsonRpcResponse),
        { isUrgent: true },
      );
      const cancelAlarm = deadline === undefined ? () => {} : setAlarm(this.#runtime, deadline, () => {
        forget();
        resolve(undefined);
      });
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(key, settle);
      send(toClientRequest(id, question, randomName(this.#runtime, 12)));
    });
  }

  /**
   * Takes the answer to a request, here or for the process that waits for it. `false`: it is none of these requests.
   *
   * @throws {LimitReachedError} If nobody waits here and the owner leaves too many messages.
   */
  async resolve(stored: StoredSession, response: JsonRpcResponse): Promise<boolean> {
    const { id } = response;
    if (typeof id !== "string" || !CALL_ID.test(id)) return false;
    const settle = this.#waiting.get(`${stored.session.id}/${id}`);
    if (settle === undefined) await this.#mail.post(stored, id, response as unknown as JsonObject);
    else settle(response);
    return true;
  }
}
