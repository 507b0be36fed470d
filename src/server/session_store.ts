/**
 * Sessions of 2025-11-25 clients as records, so that every instance knows them; those that end with their connection
 * are kept in memory alone.
 *
 * A session holds what the handshake agreed on. It owns nothing: tasks belong to the principal.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import { isJsonObject, type JsonObject } from "../protocol/mod.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import { randomName, type Runtime, sleep } from "../runtime.ts";
import {
  type OwnerKey,
  type RecordKey,
  type RecordWrite,
  type StorageBackend,
  StorageUnavailableError,
  type StoredRecord,
  toBytes,
} from "../store/mod.ts";
import type { Caller, SessionLifetime } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import { CreateRateLimit } from "./rate_limit.ts";

/** What is kept of a session. */
export interface Session {
  readonly schema: 1;
  readonly id: string;
  readonly protocolVersion: string;
  /** Only what decides which questions may be asked. */
  readonly clientCapabilities: JsonObject;
  readonly clientInfo: Implementation;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Lowest level of log messages the client wants. */
  readonly logLevel?: LoggingLevel;
  /** When questions of tasks were last sent to this session, by task and key. */
  readonly sent?: Readonly<Record<string, number>>;
  /** Resources whose updates the client wants to hear of. */
  readonly subscriptions?: readonly string[];
  /** Times the expiry was moved. */
  readonly renewals: number;
  /** Whoever knows the id is its owner: it lives shorter. */
  readonly isAnonymous?: true;
}

/** A session and the version it was read under. */
export interface StoredSession {
  readonly session: Session;
  readonly owner: OwnerKey;
  readonly version: string;
  /** Whether it ends with its connection: then there is no record of it, and no other process has to do with it. */
  readonly isConnectionBound?: true;
}

const SESSION_ID = /^[A-Za-z0-9_-]{16,64}$/;
const SESSION_ID_BYTES = 24;
/** Times a session's expiry is moved at most; each is a write. */
const MAX_RENEWALS = 4;
/** The same for an anonymous session, which is renewed more often. */
const MAX_ANONYMOUS_RENEWALS = 100;
/** Times a change of a session is tried. */
const MAX_AMEND_ATTEMPTS = 12;
const MAX_AMEND_BACKOFF_MS = 500;

/** Options of {@linkcode SessionStore}. Durations are milliseconds. */
export interface SessionStoreOptions {
  readonly runtime: Runtime;
  /** How long a session of a principal lives without a request. */
  readonly ttlMs: number;
  /** The same for an anonymous caller. */
  readonly anonymousTtlMs: number;
  /** How long after its expiry the engine may remove a record by itself. */
  readonly graceMs: number;
  readonly limits: {
    /** Sessions of one principal in a minute. */
    readonly sessionsPerMinute: number;
    /** Sessions of all anonymous callers in a minute. */
    readonly anonymousSessionsPerMinute: number;
  };
  /** Called with a session that was changed here. */
  readonly onChange?: (session: Session) => void;
}

/** Sessions over a backend. */
export class SessionStore {
  readonly #backend: StorageBackend;
  readonly #runtime: Runtime;
  readonly #options: SessionStoreOptions;
  readonly #rate: CreateRateLimit;
  readonly #anonymousRate: CreateRateLimit;
  /** Sessions that end with their connection, by id. */
  readonly #connectionBound = new Map<string, StoredSession>();

  constructor(backend: StorageBackend, options: SessionStoreOptions) {
    const { runtime, limits } = options;
    this.#backend = backend;
    this.#runtime = runtime;
    this.#options = options;
    this.#rate = new CreateRateLimit(runtime, limits.sessionsPerMinute, "sessionsPerMinute");
    this.#anonymousRate = new CreateRateLimit(
      runtime,
      limits.anonymousSessionsPerMinute,
      "anonymousSessionsPerMinute",
    );
  }

  /**
   * Starts a session; its id is secret, visible ASCII and not derived from anything (T25-179, T25-180).
   *
   * @throws {LimitReachedError} If the caller opened as many in the last minute as allowed. Nothing is stored then.
   * Sessions that end with their connection are not counted.
   */
  async create(
    caller: Caller,
    facts: Pick<Session, "protocolVersion" | "clientCapabilities" | "clientInfo">,
    lifetime: SessionLifetime = "stored",
  ): Promise<Session> {
    const now = this.#runtime.now();
    const id = randomName(this.#runtime, SESSION_ID_BYTES);
    const owner = await ownerKeyFor(caller, id);
    const isAnonymous = caller === undefined;
    if (lifetime === "stored") {
      if (isAnonymous) this.#anonymousRate.take("anonymous");
      else this.#rate.take(owner);
    }
    const session: Session = {
      schema: 1,
      id,
      ...facts,
      createdAt: now,
      expiresAt: now + (isAnonymous ? this.#options.anonymousTtlMs : this.#options.ttlMs),
      renewals: 0,
      ...isAnonymous && { isAnonymous },
    };
    if (lifetime === "connection") {
      this.#connectionBound.set(id, { session, owner, version: "0", isConnectionBound: true });
      return session;
    }
    await this.#backend.put(this.#write(owner, session), { absent: true });
    return session;
  }

  /** Key of a session, if `id` can be one. */
  async keyOf(caller: Caller, id: string): Promise<RecordKey | undefined> {
    return SESSION_ID.test(id) ? { owner: await ownerKeyFor(caller, id), kind: "session", id } : undefined;
  }

  /** The session, if it exists, is the caller's, and has not expired. */
  async find(caller: Caller, id: string): Promise<StoredSession | undefined> {
    const key = await this.keyOf(caller, id);
    return key === undefined ? undefined : await this.get(key);
  }

  /** Like {@linkcode find}, for a key that is the caller's. */
  async get(key: RecordKey): Promise<StoredSession | undefined> {
    return this.connectionBound(key) ?? await this.#read(key);
  }

  /** The session of that key, if it is one that ends with its connection. */
  connectionBound({ owner, id }: RecordKey): StoredSession | undefined {
    const found = this.#connectionBound.get(id);
    return found?.owner === owner ? found : undefined;
  }

  /** Like {@linkcode find}, for a record read elsewhere. */
  accept(record: StoredRecord | undefined): StoredSession | undefined {
    const session = record && decodeSession(record);
    if (session === undefined || this.#runtime.now() >= session.expiresAt) return undefined;
    return { session, owner: record!.key.owner, version: record!.version };
  }

  /** Moves the expiry of a session that is past the half of its life; at most four times, or 100 if it is anonymous. */
  async touch({ session, owner, version, isConnectionBound }: StoredSession): Promise<void> {
    if (isConnectionBound) return;
    const now = this.#runtime.now();
    const [ttlMs, most] = session.isAnonymous
      ? [this.#options.anonymousTtlMs, MAX_ANONYMOUS_RENEWALS]
      : [this.#options.ttlMs, MAX_RENEWALS];
    if (session.renewals >= most || session.expiresAt - now > ttlMs / 2) return;
    const renewed = { ...session, expiresAt: now + ttlMs, renewals: session.renewals + 1 };
    await this.#backend.put(this.#write(owner, renewed), { version });
  }

  /** Stores a change of a session. `false`: it changed meanwhile. */
  async update(stored: StoredSession, session: Session): Promise<boolean> {
    const { owner, version } = stored;
    const ok = stored.isConnectionBound
      ? this.#replace(stored, session)
      : (await this.#backend.put(this.#write(owner, session), { version })).ok;
    if (ok) this.#options.onChange?.(session);
    return ok;
  }

  /**
   * Applies a change of a session, on what is there now if it changed meanwhile. Of a session that has ended there is
   * nothing to change.
   *
   * @throws {StorageUnavailableError} If others change it again and again; asking once more is safe.
   */
  async amend(stored: StoredSession, change: (session: Session) => Session): Promise<void> {
    const key: RecordKey = { owner: stored.owner, kind: "session", id: stored.session.id };
    let current: StoredSession | undefined = stored;
    for (let attempt = 1; current !== undefined; attempt++) {
      if (await this.update(current, change(current.session))) return;
      if (attempt >= MAX_AMEND_ATTEMPTS) {
        throw new StorageUnavailableError(
          `Cannot change a session: it was changed ${attempt} times meanwhile`,
        );
      }
      await sleep(this.#runtime, this.#runtime.random() * Math.min(MAX_AMEND_BACKOFF_MS, 2 ** (attempt + 1)));
      current = await this.get(key);
    }
  }

  /** Ends a session. */
  async end({ session, owner, isConnectionBound }: StoredSession): Promise<void> {
    this.#connectionBound.delete(session.id);
    if (isConnectionBound) return;
    await this.#backend.delete([{ owner, kind: "session", id: session.id }]);
  }

  async #read(key: RecordKey): Promise<StoredSession | undefined> {
    return this.accept((await this.#backend.get([key]))[0]);
  }

  #replace(stored: StoredSession, session: Session): boolean {
    const current = this.#connectionBound.get(session.id);
    if (current?.version !== stored.version) return false;
    this.#connectionBound.set(session.id, {
      ...current,
      session,
      version: String(Number(current.version) + 1),
    });
    return true;
  }

  #write(owner: OwnerKey, session: Session): RecordWrite {
    return {
      key: { owner, kind: "session", id: session.id },
      value: toBytes(JSON.stringify(session)),
      dueAt: session.expiresAt,
      purgeAt: session.expiresAt + this.#options.graceMs,
    };
  }
}

const decoder = new TextDecoder();

function decodeSession(record: StoredRecord): Session | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(record.value));
    return isJsonObject(value) && value.schema === 1 ? value as unknown as Session : undefined;
  } catch {
    return undefined; // Damaged: the client starts a new session, nothing of value is lost.
  }
}
