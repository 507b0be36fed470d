/**
 * Bearer tokens that are JWTs: who sends a request, by the signature of an issuer.
 *
 * @module
 * @see RFC 9068 (JWT access tokens); RFC 8725 (what to check); authorization of both revisions (T25-285, T26-288)
 */
import {
  decodeJwt,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  type JWTPayload,
  jwtVerify,
} from "jose";
import { type Runtime, systemRuntime } from "../runtime.ts";
import type { AuthenticatedPrincipal, Authentication, CredentialRefusal } from "../server/mod.ts";
import { readBearerToken } from "./bearer_token.ts";
import { namesAudience, toCanonical, toPrincipal } from "./claims.ts";
import {
  createKeySet,
  type FoundKey,
  type KeySet,
  type KeySetJson,
  type KeySetOptions,
  KeysUnavailableError,
  RETRY_MS,
} from "./key_set.ts";
import { type VerifiedToken, VerifiedTokens } from "./verified_tokens.ts";

/** Options of {@linkcode jwtBearer}: one issuer, and what its tokens must be. */
export interface JwtBearerOptions extends KeySetOptions {
  /** The issuer, as its tokens name it: compared character by character. */
  readonly issuer: string;
  /** What the tokens must be meant for: the URL of this server, and other names that issuers know it by. */
  readonly audience: string | readonly string[];
  /** The issuer's public keys, or the URL where it publishes them: `https`, or on loopback. */
  readonly keys: string | URL | KeySetJson;
  /**
   * Algorithms that are accepted. Only those with public keys can be.
   * @default {["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]}
   */
  readonly algorithms?: readonly string[];
  /**
   * Types of token that are accepted, as the header says (`typ`); a token that says none is a `JWT`. Narrow it to
   * `["at+jwt"]` if the issuer marks its access tokens so. @default {["at+jwt", "JWT"]}
   */
  readonly tokenTypes?: readonly string[];
  /** How far clocks may differ, in milliseconds, at most five minutes. @default {30_000} */
  readonly clockSkewMs?: number;
  /** Longest token that is looked at, in bytes. @default {8192} */
  readonly maxTokenBytes?: number;
  /** Names of further claims to keep as `ctx.auth.claims`. They are stored with tasks. @default {[]} */
  readonly claims?: readonly string[];
  /** Clocks and timers. @default systemRuntime */
  readonly runtime?: Runtime;
}

const ALGORITHMS: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
const TOKEN_TYPES: readonly string[] = ["at+jwt", "JWT"];
const MAX_SKEW_MS = 300_000;

/** What went wrong, by the codes of `jose`; anything else is a token that cannot be read. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "the access token has expired",
  ERR_JOSE_ALG_NOT_ALLOWED: "the access token is signed by an algorithm that is not accepted",
  ERR_JWKS_NO_MATCHING_KEY: "the access token is signed by a key that the issuer does not publish",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "the access token does not say which key it is signed by",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "the signature of the access token is wrong",
};
/** The same for claims that are missing or wrong. */
const CLAIM_DESCRIPTIONS: Readonly<Record<string, string>> = {
  exp: "the access token does not say when it expires",
  iss: "the access token is of another issuer",
  nbf: "the access token is not valid yet",
};

/**
 * Builds a check for `authenticate` that accepts tokens of the issuers given, and of no other.
 *
 * A token counts if a trusted issuer signed it, for this server, and it has not expired. Its subject becomes the
 * principal's, its `client_id` or `azp` the client; a token whose subject is the client itself has no subject. Tokens
 * that are bound to a key (`cnf`) are refused, since nothing here can make sure of the key. The token itself is neither
 * kept nor handed on.
 *
 * If the keys of an issuer cannot be fetched, the request is answered with 503: the token may be good.
 *
 * @param issuers One set of options for each issuer.
 * @throws {TypeError} If there is no issuer, one is named twice, or an option is not in order.
 * @throws {RangeError} If a number is out of its bounds.
 *
 * @example A server that takes tokens of one issuer
 * ```ts
 * import { jwtBearer } from "@perdure/mcp-tasks/auth";
 *
 * const authenticate = jwtBearer({
 *   issuer: "https://id.example",
 *   audience: "https://mcp.example/mcp",
 *   keys: "https://id.example/jwks.json",
 *   claims: ["email"],
 * });
 * ```
 */
export function jwtBearer(
  ...issuers: readonly JwtBearerOptions[]
): (request: Request) => Promise<Authentication> {
  const [first] = issuers;
  if (first === undefined) throw new TypeError("Cannot verify tokens: no issuer is trusted");
  const { runtime = systemRuntime } = first;
  const verifiers = new Map(issuers.map((options) => [options.issuer, new Verifier(options)]));
  if (verifiers.size < issuers.length) throw new TypeError("Cannot verify tokens: an issuer is named twice");
  const verified = new VerifiedTokens();
  const maxTokenBytes = Math.max(...issuers.map((options) => options.maxTokenBytes ?? 8192));

  return async function authenticate(request: Request): Promise<Authentication> {
    const token = readBearerToken(request, { maxTokenBytes });
    if (typeof token !== "string") return token;
    const name = await verified.nameOf(token);
    const known = verified.find(name, runtime.now());
    if (known !== undefined) return known;
    try {
      // Not verified yet: it only tells whose keys to verify by, which then holds it to that issuer.
      const verifier = verifiers.get(String(decodeJwt(token).iss));
      if (verifier === undefined) return invalid(CLAIM_DESCRIPTIONS.iss!);
      const judgement = await verifier.verify(token);
      if ("refused" in judgement) return judgement;
      verified.keep(name, judgement);
      return judgement.principal;
    } catch (error) {
      return toRefusal(error);
    }
  };
}

class Verifier {
  readonly #options: JwtBearerOptions;
  readonly #runtime: Runtime;
  readonly #algorithms: string[];
  readonly #tokenTypes: ReadonlySet<string>;
  readonly #audiences: ReadonlySet<string>;
  readonly #skewMs: number;
  readonly #keySet: KeySet;

  constructor(options: JwtBearerOptions) {
    const { issuer, audience, algorithms = ALGORITHMS, tokenTypes = TOKEN_TYPES, clockSkewMs = 30_000 } =
      options;
    assertNumbers(options);
    if (clockSkewMs > MAX_SKEW_MS) {
      throw new RangeError(`Cannot set "clockSkewMs": ${clockSkewMs} exceeds ${MAX_SKEW_MS}`);
    }
    const audiences = typeof audience === "string" ? [audience] : audience;
    assertTexts("issuer", [issuer]);
    assertTexts("audience", audiences);
    assertTexts("tokenTypes", tokenTypes);
    assertTexts("algorithms", algorithms);
    for (const algorithm of algorithms) {
      if (ALGORITHMS.includes(algorithm)) continue;
      throw new TypeError(`Cannot accept algorithm "${algorithm}": it is none of those with public keys`);
    }
    const { runtime = systemRuntime } = options;
    this.#options = options;
    this.#runtime = runtime;
    this.#algorithms = [...algorithms];
    this.#tokenTypes = new Set(tokenTypes.map(toType));
    this.#audiences = new Set(audiences.map(toCanonical));
    this.#skewMs = clockSkewMs;
    this.#keySet = createKeySet(options.keys, runtime, options);
  }

  /** @throws {errors.JOSEError} If the token is not good. */
  async verify(token: string): Promise<VerifiedToken | CredentialRefusal> {
    let found: FoundKey | undefined;
    const findKey = async (header: JWSHeaderParameters, jws: FlattenedJWSInput): Promise<CryptoKey> => {
      found = await this.#keySet.find(header, jws);
      return found.key;
    };
    const { payload, protectedHeader } = await jwtVerify(token, findKey, {
      algorithms: this.#algorithms,
      issuer: this.#options.issuer,
      requiredClaims: ["exp"],
      clockTolerance: this.#skewMs / 1000,
      currentDate: new Date(this.#runtime.now()),
    });
    if (!this.#tokenTypes.has(toType(protectedHeader.typ ?? "JWT"))) {
      return invalid("the token is of a type that is not accepted");
    }
    const principal = this.#judge(payload);
    return "refused" in principal ? principal : { principal, keySet: this.#keySet, keys: found!.keys };
  }

  #judge(payload: JWTPayload): AuthenticatedPrincipal | CredentialRefusal {
    if (!namesAudience(payload, this.#audiences)) {
      return invalid("the access token is meant for another resource");
    }
    if (payload.cnf !== undefined) {
      return invalid("the access token is bound to a key, which cannot be verified here");
    }
    const principal = toPrincipal(payload, this.#options.claims ?? []);
    if (principal === undefined) return invalid("the access token does not say who brings it");
    return { ...principal, expiresAt: payload.exp! * 1000 + this.#skewMs };
  }
}

/** `application/at+jwt` and `AT+JWT` are the same type. */
function toType(type: string): string {
  return type.toLowerCase().replace(/^application\//, "");
}

function invalid(description: string): CredentialRefusal {
  return { refused: "invalid_token", description };
}

/** What a client is told. An error that is no fault of the token is thrown on. */
function toRefusal(error: unknown): CredentialRefusal {
  if (error instanceof KeysUnavailableError) {
    const description = "the keys of the authorization server cannot be fetched: try again";
    return { refused: "unavailable", description, retryAfterMs: RETRY_MS };
  }
  const isKeys = error instanceof errors.JWKSInvalid || error instanceof errors.JWKInvalid;
  if (isKeys || !(error instanceof errors.JOSEError)) throw error;
  const claim = error instanceof errors.JWTClaimValidationFailed
    ? CLAIM_DESCRIPTIONS[error.claim]
    : undefined;
  return invalid(claim ?? DESCRIPTIONS[error.code] ?? "the access token is malformed");
}

function assertTexts(option: string, texts: readonly string[]): void {
  if (texts.length > 0 && texts.every((text) => typeof text === "string" && text !== "")) return;
  throw new TypeError(`Cannot set "${option}": it is empty`);
}

function assertNumbers(options: JwtBearerOptions): void {
  for (const [option, value] of Object.entries(options)) {
    const least = option === "clockSkewMs" ? 0 : 1;
    if (typeof value !== "number" || Number.isSafeInteger(value) && value >= least) continue;
    throw new RangeError(`Cannot set "${option}": ${value} is not a whole number of at least ${least}`);
  }
}
