/**
 * From a principal to the key its records are kept under.
 *
 * @module
 */
import type { OwnerKey } from "./backend.ts";
import { sha256OfShortTexts, sha256OfTexts } from "./digest.ts";

/** Longest subject, client id or issuer, in UTF-16 units. */
export const MAX_IDENTITY_LENGTH = 1024;

/** Who owns a record. The three spaces never meet. */
export interface OwnerIdentity {
  /** `sub`: a user; `client`: an application; `anon`: nobody known, the record's own id is the key. */
  readonly space: "sub" | "client" | "anon";
  readonly issuer: string;
  readonly id: string;
}

/** The owner of what an anonymous caller creates: derived from the created record's own id. */
export function anonymousOwner(recordId: string): OwnerIdentity {
  return { space: "anon", issuer: "", id: recordId };
}

/**
 * Owner of a principal: its subject, else its client id, each within its issuer.
 *
 * @throws {TypeError} If it has neither, or one of them is empty, over-long or ill-formed Unicode.
 */
export function ownerOfPrincipal(
  principal: { readonly subject?: string; readonly clientId?: string; readonly issuer?: string },
): OwnerIdentity {
  const { subject, clientId, issuer } = principal;
  if (issuer !== undefined) checkIdentity("issuer", issuer);
  if (subject !== undefined) {
    checkIdentity("subject", subject);
    return { space: "sub", issuer: issuer ?? "", id: subject };
  }
  if (clientId !== undefined) {
    checkIdentity("clientId", clientId);
    return { space: "client", issuer: issuer ?? "", id: clientId };
  }
  throw new TypeError("Cannot tell the owner of a principal: it has neither a subject nor a client id");
}

function checkIdentity(field: string, text: unknown): void {
  if (typeof text !== "string" || text === "" || text.length > MAX_IDENTITY_LENGTH || !text.isWellFormed()) {
    throw new TypeError(
      `Cannot tell the owner of a principal: "${field}" must be 1 to ${MAX_IDENTITY_LENGTH} characters of well-formed text`,
    );
  }
}

const MAX_CACHED = 1000;
const cache = new Map<string, Promise<OwnerKey>>();

/** The key of an owner: `b64url(sha256(space, issuer, id))`, each text with its length. No case folding. */
export function toOwnerKey(owner: OwnerIdentity): Promise<OwnerKey> {
  const texts = [owner.space, owner.issuer, owner.id];
  if (owner.space === "anon") return Promise.resolve(sha256OfShortTexts(texts));
  const name = JSON.stringify(texts);
  let key = cache.get(name);
  if (key === undefined) {
    if (cache.size >= MAX_CACHED) cache.clear();
    key = sha256OfTexts(texts);
    cache.set(name, key);
  }
  return key;
}
