/**
 * Hashes and base64url; long inputs are hashed by Web Crypto.
 *
 * @module
 */
import { toBase64Url } from "../runtime.ts";
import { sha256AtOnce } from "./sha256.ts";

export { toBase64Url } from "../runtime.ts";

const encoder = new TextEncoder();
/** Up to this length Web Crypto's detour costs more than the work. */
const AT_ONCE_BYTES = 512;

/** Decodes base64url without padding; `undefined` for anything that this encoder would not have written. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return toBase64Url(bytes) === text ? bytes : undefined;
}

/** base64url SHA-256 of bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length <= AT_ONCE_BYTES) return toBase64Url(sha256AtOnce(bytes));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** base64url SHA-256 of several texts, each preceded by its length, so that no two lists collide. */
export function sha256OfTexts(texts: readonly string[]): Promise<string> {
  return sha256(encodeTexts(texts));
}

/** The same without waiting, for texts that are known to be short. */
export function sha256OfShortTexts(texts: readonly string[]): string {
  return toBase64Url(sha256AtOnce(encodeTexts(texts)));
}

function encodeTexts(texts: readonly string[]): Uint8Array<ArrayBuffer> {
  let joined = "";
  for (const text of texts) joined += `${text.length}:${text}`;
  return encoder.encode(joined);
}

/** JSON text that is the same for equal values: members in the order of their names. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1));
  });
}
