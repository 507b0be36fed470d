/**
 * Host and port as `Host`, `Origin` and the option `allowedHosts` write them.
 *
 * @module
 */

/** Host and port taken apart: the host in lower case, an IPv6 address in brackets. */
export interface Authority {
  readonly hostname: string;
  /** As written; absent where none was written. */
  readonly port?: string;
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::(\d{1,5}))?$/;

/** Reads `host` or `host:port`; `undefined` for anything else, user names and several hosts included. */
export function parseAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text.toLowerCase());
  return match?.[1] === undefined ? undefined : { hostname: match[1], port: match[2] };
}

/** Whether `origin` is `http` or `https` on exactly this host and port, written out or by default. */
export function isOriginOf(origin: string, host: Authority): boolean {
  const match = /^(https?):\/\/(.+)$/.exec(origin);
  const own = match?.[2] === undefined ? undefined : parseAuthority(match[2]);
  if (own?.hostname !== host.hostname) return false;
  const defaultPort = match?.[1] === "https" ? "443" : "80";
  return (own.port ?? defaultPort) === (host.port ?? defaultPort);
}
