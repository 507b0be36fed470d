/**
 * Keys that authenticate what travels through clients: cursors, stream tokens and request state.
 *
 * Key material is `secrets`, or one random secret kept in the backend and shared by all instances.
 * Whoever can read the store can then forge cursors and state; pass `secrets` to rule that out.
 *
 * @module
 */
import { randomName, type Runtime } from "../runtime.ts";
import { isJsonObject, type JsonValue } from "../protocol/mod.ts";
import { type RecordKey, type StorageBackend, StorageUnavailableError } from "./backend.ts";
import { decodeJson, toBytes, toText } from "./codec.ts";
import { fromBase64Url, toBase64Url } from "./digest.ts";

/** What a key is for. Each purpose has a key of its own, so that no token serves for another. */
export type KeyPurpose = "cursor" | "stream" | "state";

/** Where the shared secret lives: not an owner's record. */
const SECRET_KEY: RecordKey = { owner: "perdure", kind: "meta", id: "secret" };
const MAC_BYTES = 16;
const IV_BYTES = 12;

/** @throws {TypeError} If `secrets` is empty or one of them is shorter than 32 characters. */
export function assertSecrets(secrets: readonly string[] | undefined): void {
  if (secrets !== undefined && (secrets.length === 0 || secrets.some((secret) => secret.length < 32))) {
    throw new TypeError('Cannot use "secrets": it must hold at least one text of 32 or more characters');
  }
}

/** Signs, verifies, seals and opens. */
export class Keyring {
  readonly #runtime: Runtime;
  readonly #backend: StorageBackend;
  readonly #given: readonly string[] | undefined;
  #secrets: Promise<readonly string[]> | undefined;
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /**
   * @param secrets The first signs, all verify. Absent: one secret is created in the backend.
   * @throws {TypeError} If `secrets` is empty or one of them is shorter than 32 characters.
   */
  constructor(backend: StorageBackend, runtime: Runtime, secrets?: readonly string[]) {
    assertSecrets(secrets);
    this.#backend = backend;
    this.#runtime = runtime;
    this.#given = secrets;
  }

  /** A token that shows `value` to its bearer but cannot be changed, bound to `context`. */
  async sign(purpose: KeyPurpose, context: string, value: JsonValue): Promise<string> {
    const [secret] = await this.#load();
    const body = toBase64Url(toBytes(JSON.stringify(value)));
    return `${body}.${await this.#mac(purpose, secret!, context, body)}`;
  }

  /** The value of a token made by {@linkcode sign} for the same purpose and context, else `undefined`. */
  async verify(purpose: KeyPurpose, context: string, token: string): Promise<JsonValue | undefined> {
    const [body, mac, ...rest] = token.split(".");
    if (body === undefined || mac === undefined || rest.length > 0) return undefined;
    for (const secret of await this.#load()) {
      if (sameText(mac, await this.#mac(purpose, secret, context, body))) {
        const bytes = fromBase64Url(body);
        return bytes === undefined ? undefined : decodeJson(bytes);
      }
    }
    return undefined;
  }

  /** A token that hides `value` from its bearer, bound to `context`. */
  async seal(purpose: KeyPurpose, context: string, value: JsonValue): Promise<string> {
    const [secret] = await this.#load();
    const iv = this.#runtime.randomBytes(IV_BYTES);
    const key = await this.#key(purpose, secret!, "AES-GCM");
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: toBytes(context) },
      key,
      toBytes(JSON.stringify(value)),
    );
    return `${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`;
  }

  /** The value of a token made by {@linkcode seal} for the same purpose and context, else `undefined`. */
  async open(purpose: KeyPurpose, context: string, token: string): Promise<JsonValue | undefined> {
    const [ivText, bodyText, ...rest] = token.split(".");
    const iv = fromBase64Url(ivText ?? "");
    const body = fromBase64Url(bodyText ?? "");
    if (rest.length > 0 || iv?.length !== IV_BYTES || body === undefined || body.length === 0) {
      return undefined;
    }
    for (const secret of await this.#load()) {
      const key = await this.#key(purpose, secret, "AES-GCM");
      try {
        const algorithm = { name: "AES-GCM", iv, additionalData: toBytes(context) };
        return JSON.parse(toText(new Uint8Array(await crypto.subtle.decrypt(algorithm, key, body))));
      } catch {
        continue; // Sealed with another secret, or changed on its way: all defects look alike.
      }
    }
    return undefined;
  }

  #load(): Promise<readonly string[]> {
    this.#secrets ??= this.#given === undefined ? this.#shared() : Promise.resolve(this.#given);
    // A failed load must not stick: the store may be back at the next call.
    this.#secrets.catch(() => this.#secrets = undefined);
    return this.#secrets;
  }

  async #shared(): Promise<readonly string[]> {
    const stored = await this.#stored();
    if (stored !== undefined) return stored;
    const value = toBytes(JSON.stringify({ schema: 1, secret: randomName(this.#runtime, 48) }));
    await this.#backend.put({ key: SECRET_KEY, value }, { absent: true });
    const winner = await this.#stored();
    if (winner === undefined) {
      throw new StorageUnavailableError("Cannot keep the signing secret: it was not stored");
    }
    return winner;
  }

  async #stored(): Promise<readonly string[] | undefined> {
    const [record] = await this.#backend.get([SECRET_KEY]);
    if (record === undefined) return undefined;
    const value = decodeJson(record.value);
    if (isJsonObject(value) && typeof value.secret === "string") return [value.secret];
    throw new StorageUnavailableError("Cannot read the signing secret: the record is damaged");
  }

  async #mac(purpose: KeyPurpose, secret: string, context: string, body: string): Promise<string> {
    const key = await this.#key(purpose, secret, "HMAC");
    const mac = await crypto.subtle.sign("HMAC", key, toBytes(`${context.length}:${context}${body}`));
    return toBase64Url(new Uint8Array(mac).subarray(0, MAC_BYTES));
  }

  #key(purpose: KeyPurpose, secret: string, algorithm: "HMAC" | "AES-GCM"): Promise<CryptoKey> {
    const name = `${algorithm}/${purpose}/${secret}`;
    let key = this.#keys.get(name);
    if (key === undefined) this.#keys.set(name, key = deriveKey(purpose, secret, algorithm));
    return key;
  }
}

async function deriveKey(purpose: string, secret: string, algorithm: "HMAC" | "AES-GCM"): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", toBytes(secret), "HKDF", false, ["deriveKey"]);
  const derivation = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: toBytes(`perdure/${algorithm}/${purpose}`),
  };
  return algorithm === "HMAC"
    ? crypto.subtle.deriveKey(derivation, base, { name: "HMAC", hash: "SHA-256", length: 256 }, false, [
      "sign",
    ])
    : crypto.subtle.deriveKey(derivation, base, { name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
}

/** Compares without telling by its duration where two texts differ. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
