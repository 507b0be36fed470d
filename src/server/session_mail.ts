/**
 * Messages of a session that reached another process than the one they are for: left in the store, and fetched there.
 * Sessions that end with their connection have no other process, so there is nothing to leave or to fetch.
 *
 * @module
 */
import { isJsonObject, type JsonValue } from "../protocol/mod.ts";
import type { Spillable } from "../tasks/mod.ts";
import {
  type PayloadScope,
  type RecordKey,
  type StoredRecord,
  toBytes,
  toJsonText,
  toText,
} from "../store/mod.ts";
import type { Services } from "./services.ts";
import { CreateRateLimit } from "./rate_limit.ts";
import { type PollOptions, RecordPolls } from "./record_polls.ts";
import type { StoredSession } from "./session_store.ts";

/** How long a message waits to be fetched, in milliseconds. */
const MAIL_TTL_MS = 120_000;
/** Longest JSON text of a message that is kept in its record, in UTF-16 units; a longer one is a payload. */
const MAX_INLINE_CHARS = 8192;

interface Mail {
  readonly schema: 1;
  readonly expiresAt: number;
  readonly value: Spillable;
}

/** Leaves and fetches messages. */
export class SessionMail {
  /** Looks at the records. */
  readonly polls: RecordPolls;
  readonly #services: Services;
  readonly #rate: CreateRateLimit;

  constructor(services: Services) {
    const { store: { backend, runtime }, options } = services;
    this.#services = services;
    this.polls = new RecordPolls(backend, runtime);
    // What is left need not be for anybody: a client that makes ids up may fill the store no faster than with tasks.
    this.#rate = new CreateRateLimit(runtime, options.limits.createsPerMinute);
  }

  /**
   * Leaves a message for whichever process waits for it. The first one of a name counts.
   *
   * @throws {LimitReachedError} If the owner leaves more messages than it may create tasks.
   * @throws {TooLargeError} If it is larger than a result may be.
   */
  async post(stored: StoredSession, name: string, value: JsonValue): Promise<void> {
    const { store } = this.#services;
    if (stored.isConnectionBound) return;
    this.#rate.take(stored.session.isAnonymous ? "anonymous" : stored.owner);
    const key = mailKey(stored, name);
    const expiresAt = store.runtime.now() + MAIL_TTL_MS;
    const text = toJsonText(value);
    const kept: Spillable = text.length <= MAX_INLINE_CHARS
      ? { json: value }
      : { ref: await store.payloads.write(scopeOf(stored, key, expiresAt), text) };
    const mail: Mail = { schema: 1, expiresAt, value: kept };
    const purgeAt = expiresAt + store.config.purgeGraceMs;
    await store.backend.put({ key, value: toBytes(JSON.stringify(mail)), dueAt: expiresAt, purgeAt }, {
      absent: true,
    });
  }

  /** Waits for a message, and takes it away, until the returned function is called. */
  expect(
    stored: StoredSession,
    name: string,
    onMail: (value: JsonValue) => void,
    options: PollOptions,
  ): () => void {
    if (stored.isConnectionBound) return () => {};
    const stop = this.polls.start(mailKey(stored, name), (record) => {
      if (record === undefined) return;
      stop();
      this.#take(stored, record).then(onMail, (error) => {
        this.#services.store.emit({ type: "mail_lost", message: "A message of a session was lost", error });
      });
    }, options);
    return stop;
  }

  async #take(stored: StoredSession, record: StoredRecord): Promise<JsonValue> {
    const { store } = this.#services;
    const { owner, id } = record.key;
    const mail: JsonValue = JSON.parse(toText(record.value));
    if (!isJsonObject(mail) || mail.schema !== 1) throw new TypeError("Cannot read a message: it is damaged");
    const value = mail.value as unknown as Spillable;
    if ("json" in value) {
      await store.backend.delete([record.key]);
      return value.json;
    }
    const json = await store.payloads.read(owner, id, value.ref);
    await store.backend.delete([record.key]);
    await store.payloads.delete(scopeOf(stored, record.key, Number(mail.expiresAt)), [value.ref]);
    return json;
  }
}

/** A message's large value is named like those of a task with the message's id. */
function scopeOf({ session }: StoredSession, { owner, id }: RecordKey, expiresAt: number): PayloadScope {
  return { owner, taskId: id, expiresAt, epoch: 0, isAnonymous: session.isAnonymous };
}

function mailKey({ owner, session }: StoredSession, name: string): RecordKey {
  return { owner, kind: "session", id: `${session.id}/${name}` };
}
