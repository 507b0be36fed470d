/**
 * The metadata by which clients of a protected server find its authorization servers.
 *
 * It is served to everyone at `/.well-known/oauth-protected-resource`, and there with the path of the endpoint behind
 * it. Requests for other documents that clients look for beside it are answered with 404, so that they go on looking
 * elsewhere: a server of this library is no authorization server.
 *
 * @module
 * @see RFC 9728; authorization of both revisions (T25-281, T25-282, T26-285, T26-286)
 */
import { ProtocolError } from "../protocol/mod.ts";
import { assertScopes } from "../server/scopes.ts";
import { errorResponse } from "./json_response.ts";
import { assertSecureUrl } from "../server/secure_url.ts";

/** What a protected server says of itself. */
export interface ProtectedResourceOptions {
  /**
   * URL of the endpoint as clients know it, the audience of their tokens: `https://mcp.example/mcp`. `http` only on
   * loopback; without query and fragment.
   */
  readonly resource: string;
  /** Issuers that clients can get tokens from, at least one, each `https` or on loopback. */
  readonly authorizationServers: readonly string[];
  /** Scopes that clients may ask for at first; more are named when they are needed. @default requiredScopes */
  readonly scopesSupported?: readonly string[];
  /** Name for people. */
  readonly name?: string;
  /** URL of a page for developers. */
  readonly documentation?: string;
  /** URL of a page about what may be done with the data. */
  readonly policyUri?: string;
  /** URL of the terms of service. */
  readonly tosUri?: string;
}

/** The metadata, ready to be served. */
export interface WellKnown {
  /** Where the metadata is; absent without any. */
  readonly metadataUrl?: string;
  /** The answer to a request for a document that is well known; `undefined` for any other request. */
  answer(request: Request): Response | undefined;
}

const METADATA_PATH = "/.well-known/oauth-protected-resource";
/** Documents of authorization servers, which clients of older revisions look for at the server itself. */
const OTHER_PATHS = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
/** How long the metadata may be kept, in seconds. */
const MAX_AGE_SECONDS = 600;

/**
 * Prepares the metadata; without options there is none, and every request for it is answered with 404.
 *
 * @throws {TypeError} If a URL or scope is not written as one, or there is no authorization server.
 */
export function createWellKnown(
  options: ProtectedResourceOptions | undefined,
  requiredScopes: readonly string[],
): WellKnown {
  const described = options && describe(options, requiredScopes);

  function answer(request: Request): Response | undefined {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") return undefined;
    const path = new URL(request.url).pathname.replace(/\/$/, "");
    if (described !== undefined && described.paths.includes(path)) {
      return new Response(method === "HEAD" ? null : described.body, {
        headers: { "content-type": "application/json", "cache-control": `max-age=${MAX_AGE_SECONDS}` },
      });
    }
    const isKnown = [METADATA_PATH, ...OTHER_PATHS].some((known) =>
      path === known || path.startsWith(`${known}/`)
    );
    if (!isKnown) return undefined;
    const error = new ProtocolError(-32600, "Not found: there is no such document here", {
      reason: "not_found",
    });
    return errorResponse(error, undefined, 404);
  }

  return { metadataUrl: described?.url, answer };
}

function describe(
  options: ProtectedResourceOptions,
  requiredScopes: readonly string[],
): { readonly url: string; readonly paths: readonly string[]; readonly body: string } {
  const { resource, authorizationServers, scopesSupported = requiredScopes } = options;
  const { origin, pathname } = assertSecureUrl("protectedResource.resource", resource);
  if (!Array.isArray(authorizationServers) || authorizationServers.length === 0) {
    throw new TypeError('Cannot set "protectedResource.authorizationServers": it names no server');
  }
  for (const server of authorizationServers) {
    assertSecureUrl("protectedResource.authorizationServers", server);
  }
  assertScopes('"protectedResource.scopesSupported"', scopesSupported);
  const path = `${METADATA_PATH}${pathname.replace(/\/$/, "")}`;
  const { name, documentation, policyUri, tosUri } = options;
  const metadata = {
    resource,
    authorization_servers: authorizationServers,
    scopes_supported: scopesSupported.length === 0 ? undefined : scopesSupported,
    bearer_methods_supported: ["header"],
    resource_name: name,
    resource_documentation: documentation,
    resource_policy_uri: policyUri,
    resource_tos_uri: tosUri,
  };
  return { url: `${origin}${path}`, paths: [path, METADATA_PATH], body: JSON.stringify(metadata) };
}
