/**
 * The public keys of an issuer: given, or fetched and kept until they change.
 *
 * Keys are fetched when the first token comes, again when they are older than `keysMaxAgeMs`, and when a token names one
 * that is not among them, as it does after a rotation. That last is what a stranger can bring about with any token, so
 * it happens at most once in `keysCooldownMs`. While the issuer does not answer, keys that are there serve on for
 * `keysMaxStaleMs`.
 *
 * @module
 * @see RFC 7517
 */
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from "jose";
import type { Runtime } from "../runtime.ts";
import { assertSecureUrl } from "../server/secure_url.ts";
import { readText } from "./read_text.ts";

/** A set of public keys, as issuers publish them (RFC 7517). */
export interface KeySetJson {
  /** The keys, each a JSON Web Key. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** The part of `fetch` that is used. */
export type FetchLike = (
  url: string,
  init: {
    readonly signal: AbortSignal;
    readonly redirect: "manual";
    readonly headers: Record<string, string>;
  },
) => Promise<Response>;

/** How keys are fetched. Durations are milliseconds. */
export interface KeySetOptions {
  /** Age up to which fetched keys are used without asking again. @default {600_000} */
  readonly keysMaxAgeMs?: number;
  /** Age up to which they are used while the issuer does not answer. @default {3_600_000} */
  readonly keysMaxStaleMs?: number;
  /** Shortest time between two fetches because of unknown keys. @default {30_000} */
  readonly keysCooldownMs?: number;
  /** How long the issuer may take to answer. @default {5_000} */
  readonly keysTimeoutMs?: number;
  /** Fetches the keys. @default globalThis.fetch */
  readonly fetch?: FetchLike;
  /** Hears why keys could not be fetched. @default {undefined} Nobody does. */
  readonly onError?: (error: unknown) => void;
}

/** A key, and what it was found in. */
export interface FoundKey {
  readonly key: CryptoKey;
  /** See {@linkcode KeySet.current}. */
  readonly keys: object;
}

/** The keys of an issuer. */
export interface KeySet {
  /**
   * Finds the key that a token is to be verified by.
   *
   * @throws {errors.JOSEError} If none fits.
   * @throws {KeysUnavailableError} If nobody can tell.
   */
  find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<FoundKey>;
  /** What keys are found in now: another object once they may have changed; `undefined` if nobody can tell. */
  current(): object | undefined;
}

/** Nobody can tell whether a token is good, because the issuer's keys are not to be had. */
export class KeysUnavailableError extends Error {
  /** For programs and logs. */
  override readonly name = "KeysUnavailableError";
}

/** Shortest time between two fetches if the last one failed, in milliseconds. */
export const RETRY_MS = 5000;
/** Largest set of keys that is read, in bytes. */
const MAX_BYTES = 256 * 1024;

/**
 * The keys in a given set, or in the one at a URL.
 *
 * @throws {TypeError} If the set is malformed, or the URL neither `https` nor on loopback.
 */
export function createKeySet(
  keys: string | URL | KeySetJson,
  runtime: Runtime,
  options: KeySetOptions,
): KeySet {
  if (typeof keys === "string" || keys instanceof URL) {
    return new RemoteKeySet(assertKeysUrl(String(keys)), runtime, options);
  }
  const local = toLocal(keys);
  return {
    find: async (header, token) => ({ key: await local(header, token), keys: local }),
    current: () => local,
  };
}

/** Unlike an issuer, such a URL may have a query. */
function assertKeysUrl(text: string): string {
  assertSecureUrl("keys", text.split("?")[0]!);
  return new URL(text).href;
}

type LocalKeys = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

function toLocal(keys: unknown): LocalKeys {
  try {
    return createLocalJWKSet(keys as Parameters<typeof createLocalJWKSet>[0]);
  } catch (error) {
    throw new TypeError("Cannot use the keys of the issuer: they are no JSON Web Key Set", { cause: error });
  }
}

interface FetchedKeys {
  readonly local: LocalKeys;
  /** On the monotonic clock. */
  readonly fetchedAt: number;
}

class RemoteKeySet implements KeySet {
  readonly #url: string;
  readonly #runtime: Runtime;
  readonly #options: Required<Omit<KeySetOptions, "onError">> & Pick<KeySetOptions, "onError">;
  #kept: FetchedKeys | undefined;
  #lastTry: { readonly at: number; readonly hasFailed: boolean } | undefined;
  #pending: { readonly since: number; readonly fetched: Promise<FetchedKeys> } | undefined;

  constructor(url: string, runtime: Runtime, options: KeySetOptions) {
    this.#url = url;
    this.#runtime = runtime;
    this.#options = {
      keysMaxAgeMs: 600_000,
      keysMaxStaleMs: 3_600_000,
      keysCooldownMs: 30_000,
      keysTimeoutMs: 5000,
      fetch: (...args) => globalThis.fetch(...args),
      ...options,
    };
  }

  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<FoundKey> {
    const keys = await this.#usable();
    try {
      return { key: await keys.local(header, token), keys };
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const last = this.#lastTry!;
      const mustWait = this.#runtime.monotonic() - last.at < this.#options.keysCooldownMs;
      if (mustWait && !last.hasFailed) throw error;
      const newer = await this.#fetch();
      return { key: await newer.local(header, token), keys: newer };
    }
  }

  current(): object | undefined {
    return this.#age < this.#options.keysMaxAgeMs ? this.#kept : undefined;
  }

  get #age(): number {
    return this.#kept === undefined ? Infinity : this.#runtime.monotonic() - this.#kept.fetchedAt;
  }

  async #usable(): Promise<FetchedKeys> {
    const kept = this.#kept;
    if (kept !== undefined && this.#age < this.#options.keysMaxAgeMs) return kept;
    try {
      return await this.#fetch();
    } catch (error) {
      if (kept !== undefined && this.#age < this.#options.keysMaxStaleMs) return kept;
      throw error;
    }
  }

  /** Fetches the keys, once for all who ask meanwhile, and not at once again if that fails. */
  #fetch(): Promise<FetchedKeys> {
    const now = this.#runtime.monotonic();
    // Some platforms drop what one request started when it ends: nobody waits for that for ever.
    const isPending = this.#pending !== undefined &&
      now - this.#pending.since < 2 * this.#options.keysTimeoutMs;
    if (isPending) return this.#pending!.fetched;
    if (this.#lastTry?.hasFailed && now - this.#lastTry.at < RETRY_MS) {
      return Promise.reject(
        new KeysUnavailableError("Cannot fetch the keys of the issuer: it failed just now"),
      );
    }
    const pending = { since: now, fetched: this.#load() };
    this.#pending = pending;
    const done = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    pending.fetched.then(done, done);
    return pending.fetched;
  }

  async #load(): Promise<FetchedKeys> {
    const { keysTimeoutMs } = this.#options;
    const abort = new AbortController();
    let cancelTimer = (): void => {};
    // Not left to the download alone: a `fetch` need not heed its signal.
    const timeout = new Promise<never>((_, reject) => {
      cancelTimer = this.#runtime.setTimer(keysTimeoutMs, () => {
        const reason = new DOMException(`No answer within ${keysTimeoutMs} ms`, "TimeoutError");
        abort.abort(reason);
        reject(reason);
      });
    });
    try {
      const local = toLocal(JSON.parse(await Promise.race([this.#download(abort.signal), timeout])));
      const now = this.#runtime.monotonic();
      this.#lastTry = { at: now, hasFailed: false };
      return this.#kept = { local, fetchedAt: now };
    } catch (cause) {
      this.#lastTry = { at: this.#runtime.monotonic(), hasFailed: true };
      const error = new KeysUnavailableError(`Cannot fetch the keys at "${this.#url}"`, { cause });
      this.#report(error);
      throw error;
    } finally {
      cancelTimer();
    }
  }

  async #download(signal: AbortSignal): Promise<string> {
    const headers = { accept: "application/json, application/jwk-set+json" };
    // Not followed: who can redirect may not choose the keys.
    const response = await this.#options.fetch(this.#url, { signal, redirect: "manual", headers });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new TypeError(`Cannot read the keys: the status is ${response.status}`);
    }
    return await readText(response, MAX_BYTES, signal);
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // A listener that fails must not fail the request it is told about, and there is nobody else to tell.
    }
  }
}
