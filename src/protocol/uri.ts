/**
 * URIs as RFC 3986 has them.
 *
 * @module
 * @see 2025-11-25 and 2026-07-28, Resources (T25-222, T26-254)
 */

const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;

/** Whether a text is a URI with a scheme, all its characters among those a URI may have. */
export function isUri(text: string): boolean {
  return ABSOLUTE_URI.test(text) && text.indexOf(":") < text.length - 1;
}
