/**
 * Requests of sessions that are under way in this process, and how one is cancelled from any.
 *
 * @module
 */
import type { RequestId } from "../protocol/mod.ts";
import { toBase64Url, toBytes } from "../store/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { SessionMail } from "./session_mail.ts";
import type { StoredSession } from "./session_store.ts";

/** Longest request id that can be cancelled from another process, in UTF-16 units of its JSON text. */
const MAX_ID_CHARS = 100;

/** Requests under way, by session and id. */
export class InFlight {
  readonly #mail: SessionMail;
  readonly #requests = new Map<string, AbortController>();

  constructor(mail: SessionMail) {
    this.#mail = mail;
  }

  /** Does the work of a request; its signal aborts when the client cancels it, wherever it says so. */
  async run<T>(
    stored: StoredSession,
    id: RequestId,
    exchange: Exchange,
    work: (cancelled: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const key = flightKey(stored.session.id, id);
    this.#requests.set(key, controller);
    exchange.whenCancelled?.(() => controller.abort());
    let stopExpecting = () => {};
    // Most requests are over at once: only those that keep their client waiting are looked after elsewhere.
    exchange.onOpen?.(() => {
      const name = mailName(id);
      if (name === undefined) return;
      stopExpecting = this.#mail.expect(stored, name, () => controller.abort(), { isUrgent: false });
    });
    try {
      return await work(controller.signal);
    } finally {
      stopExpecting();
      if (this.#requests.get(key) === controller) this.#requests.delete(key);
    }
  }

  /**
   * Cancels a request, here or in the process that runs it.
   *
   * @throws {LimitReachedError} If it is not here and the owner leaves too many messages.
   */
  async cancel(stored: StoredSession, id: RequestId): Promise<void> {
    const controller = this.#requests.get(flightKey(stored.session.id, id));
    if (controller !== undefined) return controller.abort();
    const name = mailName(id);
    if (name !== undefined) await this.#mail.post(stored, name, true);
  }
}

function flightKey(sessionId: string, id: RequestId): string {
  return `${sessionId}/${typeof id}/${id}`;
}

function mailName(id: RequestId): string | undefined {
  const text = JSON.stringify(id);
  return text.length <= MAX_ID_CHARS ? `cancel/${toBase64Url(toBytes(text))}` : undefined;
}
