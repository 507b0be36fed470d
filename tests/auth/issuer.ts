/**
 * An issuer whose tokens and keys a test makes as it likes, good ones and bad ones.
 *
 * @module
 */
import { exportJWK, generateKeyPair } from "jose";
import { jwtBearer, type JwtBearerOptions } from "../../src/auth/mod.ts";
import type { AuthenticatedPrincipal, Authentication } from "../../src/server/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";

/** The issuer that tests trust. */
export const ISSUER = "https://id.example";
/** The server that its tokens are for. */
export const AUDIENCE = "https://mcp.example/mcp";
/** The fake time of tests, in seconds. */
export const NOW = Date.UTC(2026, 0, 1) / 1000;

/** Members of a header or payload; `undefined` leaves one out that would be there. */
export type Members = Readonly<Record<string, unknown>>;

/** A key pair of an issuer. */
export interface SigningKey {
  /** The public key, as it is published. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** Signs as its algorithm does. */
  sign(data: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** How each algorithm signs. */
const SIGN = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
  PS256: { name: "RSA-PSS", saltLength: 32 },
  EdDSA: { name: "Ed25519" },
} as const;

/** Makes a key pair. */
export async function createKey(kid: string, alg: keyof typeof SIGN = "ES256"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    jwk: { ...await exportJWK(publicKey), kid, alg },
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(SIGN[alg], privateKey, bytes(data))),
  };
}

/** The key of {@linkcode ISSUER}. */
export const KEY: SigningKey = await createKey("key-1");

/** A token, as {@linkcode ISSUER} gives it to Ada for a client, but for what the test changes. */
export async function tokenOf(
  payload: Members = {},
  header: Members = {},
  sign: SigningKey["sign"] = KEY.sign,
): Promise<string> {
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "ada",
    client_id: "app",
    scope: "reports:read tasks",
    iat: NOW,
    exp: NOW + 600,
  };
  const data = `${encode({ alg: "ES256", kid: "key-1", typ: "at+jwt", ...header })}.${
    encode({ ...claims, ...payload })
  }`;
  return `${data}.${base64Url(await sign(data))}`;
}

/** The principal of such a token. */
export const ADA: AuthenticatedPrincipal = {
  subject: "ada",
  clientId: "app",
  issuer: ISSUER,
  scopes: ["reports:read", "tasks"],
  expiresAt: (NOW + 630) * 1000,
};

/** A request that brings a token. */
export function requestWith(token: string, url: string = AUDIENCE): Request {
  return new Request(url, { method: "POST", headers: { authorization: `Bearer ${token}` } });
}

/** A check over {@linkcode ISSUER}'s key and fake clocks. */
export function createCheck(
  options: Partial<JwtBearerOptions> = {},
): { readonly runtime: FakeRuntime; readonly check: (token: string) => Promise<Authentication> } {
  const runtime = new FakeRuntime();
  const authenticate = jwtBearer({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: { keys: [KEY.jwk] },
    runtime,
    ...options,
  });
  return { runtime, check: (token) => authenticate(requestWith(token)) };
}

/** An object as a part of a token. */
export function encode(part: unknown): string {
  return base64Url(bytes(typeof part === "string" ? part : JSON.stringify(part)));
}

/** Bytes as a part of a token. */
export function base64Url(part: Uint8Array): string {
  return btoa(String.fromCharCode(...part)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Text as bytes. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
