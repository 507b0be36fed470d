/**
 * Cross-origin access for pages: preflight answers and the headers that let a page read a response.
 *
 * Off unless configured. It opens nothing by itself: which origins are served is decided in `origin.ts`, before.
 *
 * @module
 */

/** Lets pages of allowed origins use the server. */
export interface CorsOptions {
  /** Seconds for which a browser may remember the answer to a preflight request. @default {600} */
  readonly maxAgeSeconds?: number;
  /** Request headers that pages may send besides those of the protocol and `Mcp-Param-*`. @default {[]} */
  readonly allowedHeaders?: readonly string[];
}

/** Answers and decorates on behalf of {@linkcode CorsOptions}. */
export interface Cors {
  /** The answer to a preflight request; `undefined` for any other request. */
  preflight(request: Request): Response | undefined;
  /** The response, readable for the page that asked; as it is if no page did. */
  decorate(request: Request, response: Response): Response;
}

const METHODS = "GET, POST, DELETE";
const REQUEST_HEADERS: readonly string[] = [
  "accept",
  "authorization",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
];
const RESPONSE_HEADERS = "Mcp-Session-Id, WWW-Authenticate";

/** @throws {RangeError} If `maxAgeSeconds` is not a whole number from 0 on. */
export function createCors({ maxAgeSeconds = 600, allowedHeaders = [] }: CorsOptions): Cors {
  if (!Number.isSafeInteger(maxAgeSeconds) || maxAgeSeconds < 0) {
    throw new RangeError(`Cannot set "cors.maxAgeSeconds": ${maxAgeSeconds} is not a whole number from 0 on`);
  }
  const known = new Set([...REQUEST_HEADERS, ...allowedHeaders.map((name) => name.toLowerCase())]);
  const isKnown = (name: string) => known.has(name) || /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name);

  return {
    preflight(request) {
      const { method, headers } = request;
      if (method !== "OPTIONS" || !headers.has("origin") || !headers.has("access-control-request-method")) {
        return undefined;
      }
      // Names are granted as asked for, because those of `Mcp-Param-*` depend on the tools.
      const asked = (headers.get("access-control-request-headers") ?? "").toLowerCase().split(",");
      const granted = asked.map((name) => name.trim()).filter(isKnown);
      return new Response(null, {
        status: 204,
        headers: {
          "access-control-allow-methods": METHODS,
          "access-control-allow-headers": granted.join(", "),
          "access-control-max-age": String(maxAgeSeconds),
        },
      });
    },
    decorate(request, response) {
      const origin = request.headers.get("origin");
      if (origin === null) return response;
      const headers = new Headers(response.headers);
      headers.set("access-control-allow-origin", origin);
      headers.set("access-control-expose-headers", RESPONSE_HEADERS);
      headers.append("vary", "Origin");
      const { status, statusText } = response;
      return new Response(response.body, { status, statusText, headers });
    },
  };
}
