/**
 * Standard base64, as contents carry bytes.
 *
 * @module
 */

const CHUNK = 0x8000;

/** base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}
