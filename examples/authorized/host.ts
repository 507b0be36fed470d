/**
 * What a host does for its user so that a client gets tokens: it opens a browser, waits for the way back, and keeps what
 * the client learned.
 *
 * @module
 */
import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";

/** Where the browser is sent back to. Nobody listens there: the browser of this example stops before. */
const REDIRECT_URL = "http://127.0.0.1:3334/callback";

/** Somebody who is logged in at the authorization server, with a client. Both official clients take it. */
export class Host implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT_URL;
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: "example",
    redirect_uris: [REDIRECT_URL],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  /** Scopes that were asked for, each time the browser was opened. */
  readonly asked: string[] = [];
  readonly #user: string;
  #client: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #verifier = "";
  #state = "";
  #callback: URLSearchParams | undefined;

  constructor(user: string) {
    this.#user = user;
  }

  /** What the authorization server answered on the way back: to be used once. */
  takeCallback(): URLSearchParams {
    const callback = this.#callback;
    this.#callback = undefined;
    if (callback?.get("state") !== this.#state) {
      throw new Error("Cannot go on: this is not the way back of ours");
    }
    return callback;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.asked.push(url.searchParams.get("scope") ?? "");
    const response = await fetch(url, { headers: { cookie: `user=${this.#user}` }, redirect: "manual" });
    const location = response.headers.get("location");
    if (location === null) throw new Error(`Cannot log in: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
    this.#callback = new URL(location).searchParams;
  }

  state(): string {
    return this.#state = crypto.randomUUID();
  }

  clientInformation(_context?: OAuthClientInformationContext): StoredOAuthClientInformation | undefined {
    return this.#client;
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client;
  }

  tokens(_context?: OAuthClientInformationContext): StoredOAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.#discovery = discovery;
  }
}
