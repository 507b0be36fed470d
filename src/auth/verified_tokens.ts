/**
 * Tokens that were found good, so that each is verified once and not with every request.
 *
 * Kept is a hash of each token, never the token. What is kept counts until the token expires or its issuer's keys may
 * have changed.
 *
 * @module
 */
import type { AuthenticatedPrincipal } from "../server/mod.ts";
import { sha256OfTexts } from "../store/mod.ts";
import type { KeySet } from "./key_set.ts";

/** Tokens kept at most; the oldest are forgotten first. */
const MAX_TOKENS = 1000;

/** A token that was found good. */
export interface VerifiedToken {
  readonly principal: AuthenticatedPrincipal;
  /** Whose keys it was verified by, and which they were then. */
  readonly keySet: KeySet;
  readonly keys: object;
}

/** Verified tokens. */
export class VerifiedTokens {
  readonly #tokens = new Map<string, VerifiedToken>();

  /** The name under which a token is kept. */
  nameOf(token: string): Promise<string> {
    return sha256OfTexts([token]);
  }

  /** Who brings a token that was verified before; `undefined` if it has to be verified. */
  find(name: string, now: number): AuthenticatedPrincipal | undefined {
    const kept = this.#tokens.get(name);
    if (kept === undefined) return undefined;
    const isGood = kept.keys === kept.keySet.current() && now < kept.principal.expiresAt!;
    if (isGood) return kept.principal;
    this.#tokens.delete(name);
    return undefined;
  }

  /** Keeps a verified token. */
  keep(name: string, token: VerifiedToken): void {
    this.#tokens.set(name, token);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_TOKENS) break;
      this.#tokens.delete(oldest);
    }
  }
}
