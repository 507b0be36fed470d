/**
 * Which scopes a request needs, and whether its caller has them.
 *
 * @module
 * @see RFC 6749, section 3.3; authorization of both revisions (T25-289, T25-290, T26-292 to T26-295)
 */
import { AccessRefusedError } from "./authentication.ts";
import type { Caller } from "./exchange.ts";

/** Options about scopes. */
export interface ScopeOptions {
  /** Scopes that every request needs. Anonymous callers have none. @default {[]} */
  readonly requiredScopes?: readonly string[];
  /**
   * What broader scopes include, directly or by way of others: `{ "reports:write": ["reports:read"] }`.
   * @default {{}}
   */
  readonly impliedScopes?: Readonly<Record<string, readonly string[]>>;
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const NONE: readonly string[] = [];

/** The scopes of one server. */
export class ScopeRules {
  /** Scopes that every request needs. */
  readonly required: readonly string[];
  readonly #implied: ReadonlyMap<string, readonly string[]>;
  readonly #known = new Set<string>();

  /** @throws {TypeError} If a scope is not written as one. */
  constructor({ requiredScopes = NONE, impliedScopes = {} }: ScopeOptions = {}) {
    this.required = [...requiredScopes];
    this.#implied = new Map(Object.entries(impliedScopes));
    this.know('"requiredScopes"', requiredScopes);
    for (const [broad, narrow] of this.#implied) this.know('"impliedScopes"', [broad, ...narrow]);
  }

  /**
   * Notes scopes that something here has to do with.
   *
   * @param where What names them, for the error.
   * @throws {TypeError} If one is not written as a scope, or is `offline_access`, which is between client and
   * authorization server.
   */
  know(where: string, scopes: readonly string[]): void {
    assertScopes(where, scopes);
    for (const scope of scopes) this.#known.add(scope);
  }

  /** Every scope that something here has to do with. */
  get known(): readonly string[] {
    return [...this.#known];
  }

  /** Whether `caller` has all that is needed. */
  allows(caller: Caller, needed: readonly string[] = NONE): boolean {
    if (needed.length === 0 && this.required.length === 0) return true;
    const granted = this.#expand(caller?.scopes ?? NONE);
    return needed.every((scope) => granted.has(scope)) && this.required.every((scope) => granted.has(scope));
  }

  /**
   * Refuses a caller that lacks a scope. The refusal names all there is to ask for: what is needed, and what the caller
   * has already of what matters here, since some clients replace one by the other.
   *
   * @param what What the scopes are for, as the sentence goes on: `the tool "report"`.
   * @throws {AccessRefusedError} 403; 401 if nobody is known.
   */
  demand(caller: Caller, needed: readonly string[], what: string): void {
    if (this.allows(caller, needed)) return;
    const kept = (caller?.scopes ?? NONE).filter((scope) => this.#known.has(scope));
    const scopes = [...new Set([...this.required, ...needed, ...kept])];
    const description = `${what} needs the scopes "${[...new Set([...this.required, ...needed])].join(" ")}"`;
    throw new AccessRefusedError({
      refused: caller === undefined ? "missing" : "insufficient_scope",
      description,
      scopes,
    });
  }

  #expand(scopes: readonly string[]): ReadonlySet<string> {
    const all = new Set(scopes);
    // What is added while the loop runs is visited by it.
    for (const scope of all) for (const narrow of this.#implied.get(scope) ?? NONE) all.add(narrow);
    return all;
  }
}

/** @throws {TypeError} If one of them is not written as a scope, or is `offline_access`. */
export function assertScopes(where: string, scopes: readonly string[]): void {
  if (!Array.isArray(scopes)) throw new TypeError(`Cannot use ${where}: it is not a list of scopes`);
  for (const scope of scopes) {
    if (typeof scope !== "string" || !SCOPE.test(scope)) {
      throw new TypeError(`Cannot use ${where}: "${scope}" is not a scope`);
    }
    if (scope === "offline_access") {
      throw new TypeError(`Cannot use ${where}: "offline_access" is no scope of a server (T26-295)`);
    }
  }
}
