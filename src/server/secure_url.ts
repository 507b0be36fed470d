/**
 * URLs that authorization may rest on: nobody on the way can read or change what goes there.
 *
 * @module
 */

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Reads a URL that is `https`, or `http` on loopback.
 *
 * @param what What it is for, for the error.
 * @throws {TypeError} If it is anything else, or has a user, a query or a fragment.
 */
export function assertSecureUrl(what: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError(`Cannot set "${what}": "${text}" is not an absolute URL`);
  }
  const isSecure = url.protocol === "https:" || url.protocol === "http:" && LOOPBACK.includes(url.hostname);
  if (!isSecure) {
    throw new TypeError(`Cannot set "${what}": "${text}" is neither "https" nor on loopback`);
  }
  // Looked for in the text: an empty query or fragment does not show in the URL.
  if (url.username !== "" || url.password !== "" || /[?#]/.test(text)) {
    throw new TypeError(`Cannot set "${what}": "${text}" has a user, a query or a fragment`);
  }
  return url;
}
