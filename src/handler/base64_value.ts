/**
 * Header values as 2026-07-28 encodes them: plain visible text, or Base64 of UTF-8 in `=?base64?` and `?=`.
 *
 * @module
 */

const PREFIX = "=?base64?";
const SUFFIX = "?=";
const PLAIN = /^[\t\x20-\x7e]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Whether every character may stand in a header: visible ASCII, space and tab. */
export function isPlainHeaderText(value: string): boolean {
  return PLAIN.test(value);
}

/**
 * What a header value stands for. A value that lacks one of the markers stands for itself.
 *
 * @returns `undefined` if it is marked as Base64 and is not: wrong alphabet or padding, stray bits, or no UTF-8.
 */
export function decodeHeaderValue(value: string): string | undefined {
  const isEncoded = value.length >= PREFIX.length + SUFFIX.length && value.startsWith(PREFIX) &&
    value.endsWith(SUFFIX);
  if (!isEncoded) return value;
  const encoded = value.slice(PREFIX.length, -SUFFIX.length);
  // `atob` forgives missing padding and stray bits; two texts for one value would let a router read another.
  if (!BASE64.test(encoded)) return undefined;
  const binary = atob(encoded);
  if (btoa(binary) !== encoded) return undefined;
  try {
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not UTF-8, so it stands for no text.
    return undefined;
  }
}
