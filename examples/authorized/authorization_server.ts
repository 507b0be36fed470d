/**
 * A small authorization server: metadata (RFC 8414), dynamic registration (RFC 7591), authorization codes with PKCE
 * (RFC 7636), resource indicators (RFC 8707) and signed access tokens (RFC 9068).
 *
 * It keeps everything in memory and consents to whatever is asked by somebody who is logged in. It shows what a client and
 * a server see of an authorization server; it is not one to use.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** A running authorization server. */
export interface AuthorizationServer extends AsyncDisposable {
  readonly issuer: string;
  /** Where its public keys are. */
  readonly keys: string;
  /** Gives out tokens for a resource from now on. */
  protect(resource: string, scopes: readonly string[]): void;
}

interface Grant {
  readonly user: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly resource: string;
  readonly scope: string;
}

const TOKEN_SECONDS = 300;
const ALGORITHM = "ES256";

/** Starts an authorization server on loopback. */
export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid: "2026-07", alg: ALGORITHM, use: "sig" };
  const issuer = new Issuer(jwk, privateKey);
  const listener: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => issuer.answer(request),
  );
  const url = `http://127.0.0.1:${listener.addr.port}`;
  issuer.url = url;
  return {
    issuer: url,
    keys: `${url}/jwks`,
    protect: (resource, scopes) => issuer.protect(resource, scopes),
    [Symbol.asyncDispose]: () => listener.shutdown(),
  };
}

class Issuer {
  /** Its name, and where it is: known once it listens. */
  url = "";
  readonly #jwk: JWK;
  readonly #privateKey: CryptoKey;
  /** Redirect URIs of registered clients. */
  readonly #clients = new Map<string, readonly string[]>();
  /** Scopes of protected resources. */
  readonly #resources = new Map<string, readonly string[]>();
  readonly #grants = new Map<string, Grant>();

  constructor(jwk: JWK, privateKey: CryptoKey) {
    this.#jwk = jwk;
    this.#privateKey = privateKey;
  }

  protect(resource: string, scopes: readonly string[]): void {
    this.#resources.set(resource, scopes);
  }

  async answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /.well-known/oauth-authorization-server":
        return Response.json(this.#metadata());
      case "GET /jwks":
        return Response.json({ keys: [this.#jwk] });
      case "POST /register":
        return this.#register(await request.json());
      case "GET /authorize":
        return this.#authorize(searchParams, request.headers.get("cookie"));
      case "POST /token":
        return await this.#exchange(new URLSearchParams(await request.text()));
      default:
        return new Response("Not found", { status: 404 });
    }
  }

  #metadata(): object {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      registration_endpoint: `${this.url}/register`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ["code"],
      grant_types_supported: ["authorization_code"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["none"],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #register(metadata: { redirect_uris?: unknown }): Response {
    const { redirect_uris: uris } = metadata;
    if (!Array.isArray(uris) || uris.length === 0) return failure("invalid_redirect_uri", "there is none");
    const clientId = crypto.randomUUID();
    this.#clients.set(clientId, uris);
    return Response.json({ ...metadata, client_id: clientId }, { status: 201 });
  }

  #authorize(params: URLSearchParams, cookie: string | null): Response {
    const [clientId, redirectUri] = [params.get("client_id") ?? "", params.get("redirect_uri") ?? ""];
    // Never sent anywhere the client has not registered: the code would be somebody else's.
    if (!this.#clients.get(clientId)?.includes(redirectUri)) {
      return failure("invalid_request", "unknown client");
    }
    const user = /(?:^|; )user=(\w+)/.exec(cookie ?? "")?.[1];
    if (user === undefined) return new Response("Log in first", { status: 401 });
    const resource = params.get("resource") ?? "";
    const known = this.#resources.get(resource);
    const challenge = params.get("code_challenge") ?? "";
    const isInOrder = params.get("response_type") === "code" &&
      params.get("code_challenge_method") === "S256" && challenge;
    if (known === undefined || !isInOrder) {
      return failure("invalid_request", "no known resource, or no challenge");
    }
    const scope = (params.get("scope") ?? "").split(" ").filter((asked) => known.includes(asked)).join(" ");
    const code = crypto.randomUUID();
    this.#grants.set(code, { user, clientId, redirectUri, challenge, resource, scope });
    const back = new URL(redirectUri);
    back.search = String(new URLSearchParams({ code, state: params.get("state") ?? "", iss: this.url }));
    return new Response(null, { status: 302, headers: { location: back.href } });
  }

  async #exchange(params: URLSearchParams): Promise<Response> {
    const code = params.get("code") ?? "";
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    const isClients = grant !== undefined && grant.clientId === params.get("client_id") &&
      grant.redirectUri === params.get("redirect_uri") && grant.resource === params.get("resource") &&
      grant.challenge === await challengeOf(params.get("code_verifier") ?? "");
    if (!isClients) return failure("invalid_grant", "the code is unknown, used, or another client's");
    const token = await new SignJWT({
      client_id: grant.clientId,
      scope: grant.scope,
      jti: crypto.randomUUID(),
    })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#jwk.kid, typ: "at+jwt" })
      .setIssuer(this.url).setSubject(grant.user).setAudience(grant.resource)
      .setIssuedAt().setExpirationTime(`${TOKEN_SECONDS} s`).sign(this.#privateKey);
    return Response.json(
      { access_token: token, token_type: "Bearer", expires_in: TOKEN_SECONDS, scope: grant.scope },
      { headers: { "cache-control": "no-store" } },
    );
  }
}

async function challengeOf(verifier: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  return hash.toBase64({ alphabet: "base64url", omitPadding: true });
}

function failure(error: string, description: string): Response {
  return Response.json({ error, error_description: description }, { status: 400 });
}
