/**
 * The defence against DNS rebinding and cross-site requests: which `Host` and which `Origin` are served.
 *
 * A page of any site can point its own host name at a loopback address; the browser then lets it read what a local
 * server answers. Such a request always carries the site's name in `Host` (`:authority` in HTTP/2), so the name is
 * checked before anything else, and the `Origin` after it (T25-148, T26-142).
 *
 * A missing `Host` header is our own decision, since runtimes differ in what they show:
 * - Deno gives an HTTP/1 request without `Host` an invented `localhost` in its URL, and an HTTP/2 request no `Host`
 *   header but the real `:authority` in its URL. The URL of a served request therefore counts only where the author
 *   named its host in `allowedHosts`, which an invented name never is; otherwise the request is refused.
 * - A `Request` built by hand and passed straight to the handler has no `Host` either. Its URL was chosen by the
 *   caller, who is part of the same program, and is checked like a header. What tells the two apart is that every
 *   runtime passes a further argument of its own.
 *
 * @module
 */
import { ProtocolError } from "../protocol/mod.ts";
import { type Authority, isOriginOf, parseAuthority } from "./authority.ts";

/** Options of {@linkcode createOriginCheck}. */
export interface OriginCheckOptions {
  /**
   * Hosts served besides loopback ones: `host` for any port or `host:port`. `"*"` switches the check of `Host` off;
   * then no origin counts as our own, so pages need `allowedOrigins`. @default {[]}
   */
  readonly allowedHosts?: readonly string[] | "*";
  /**
   * Origins served besides our own, written as browsers send them: `https://app.example`. `"*"` switches the
   * check of `Origin` off. @default {[]}
   */
  readonly allowedOrigins?: readonly string[] | "*";
}

/**
 * Refuses a request from a place that is not served.
 *
 * @param served Whether a runtime handed the request over, as against a program calling the handler itself.
 * @throws {ProtocolError} With `httpStatus` 403.
 */
export type OriginCheck = (request: Request, served: boolean) => void;

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+)$/;

/** @throws {TypeError} If an allowed host or origin is not written as one. */
export function createOriginCheck(options: OriginCheckOptions): OriginCheck {
  const { allowedHosts = [], allowedOrigins = [] } = options;
  const hosts = allowedHosts === "*" ? [] : allowedHosts.map(toAuthority);
  const origins = new Set(allowedOrigins === "*" ? [] : allowedOrigins.map(toOrigin));
  const isConfigured = (host: Authority) =>
    hosts.some(({ hostname, port }) =>
      hostname === host.hostname && (port === undefined || port === host.port)
    );
  const isServed = (host: Authority) => LOOPBACK.includes(host.hostname) || isConfigured(host);

  return function checkOrigin(request: Request, served: boolean): void {
    const header = request.headers.get("host");
    const host = parseAuthority(header ?? new URL(request.url).host);
    if (allowedHosts !== "*") {
      if (header === null && served && !(host && isConfigured(host))) {
        throw forbidden('the "Host" header is missing', "host");
      }
      if (!host || !isServed(host)) {
        throw forbidden(
          'the "Host" header names a host that is not served here: add it to "allowedHosts"',
          "host",
        );
      }
    }
    const origin = request.headers.get("origin")?.toLowerCase();
    if (origin === undefined || allowedOrigins === "*" || origins.has(origin)) return;
    if (allowedHosts !== "*" && host && isOriginOf(origin, host)) return;
    throw forbidden(
      'the "Origin" header names an origin that is not served: add it to "allowedOrigins"',
      "origin",
    );
  };
}

function toAuthority(text: string): Authority {
  const authority = parseAuthority(text);
  if (!authority) throw new TypeError(`Cannot allow host "${text}": expected "host" or "host:port"`);
  return authority;
}

function toOrigin(text: string): string {
  const origin = text.toLowerCase();
  if (!ORIGIN.test(origin)) {
    throw new TypeError(`Cannot allow origin "${text}": expected "scheme://host" or "scheme://host:port"`);
  }
  return origin;
}

function forbidden(reason: string, word: string): ProtocolError {
  return new ProtocolError(-32600, `Forbidden: ${reason}`, { reason: word }, { httpStatus: 403 });
}
