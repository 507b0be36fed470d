/**
 * What a verified token says: for whom it is, and who brings it.
 *
 * @module
 * @see RFC 9068, section 2.2; RFC 8707
 */
import type { JWTPayload } from "jose";
import type { JsonObject, JsonValue } from "../protocol/mod.ts";
import type { Principal } from "../server/mod.ts";
import { ownerOfPrincipal } from "../store/mod.ts";

/**
 * Whether a token names one of `audiences` as its audience, whole and not in part. Scheme and host may be written in any
 * case, and a URL without a path with or without its slash (T25-291).
 */
export function namesAudience({ aud }: JWTPayload, audiences: ReadonlySet<string>): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((audience) => typeof audience === "string" && audiences.has(toCanonical(audience)));
}

/** A resource's name as it is compared. */
export function toCanonical(audience: string): string {
  const [, origin, rest] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is.exec(audience) ?? [];
  return origin === undefined ? audience : origin.toLowerCase() + (rest === "/" ? "" : rest);
}

/**
 * The principal of a token; `undefined` if it names nobody that tasks can belong to.
 *
 * A token whose subject is its client was given to the client itself: it owns what the client owns, so that no
 * application can register under a name that makes it a user.
 *
 * @param kept Names of claims to keep.
 */
export function toPrincipal(payload: JWTPayload, kept: readonly string[]): Principal | undefined {
  const { sub, iss: issuer } = payload;
  const clientId = payload.client_id ?? payload.azp;
  if (!isOptionalText(sub) || !isOptionalText(clientId)) return undefined;
  const subject = sub === clientId ? undefined : sub;
  try {
    ownerOfPrincipal({ subject, clientId, issuer });
    if (clientId !== undefined) ownerOfPrincipal({ clientId });
  } catch {
    return undefined; // The error names what no owner can have; to the client it is a bad token.
  }
  const claims = pick(payload, kept);
  return { subject, clientId, issuer, scopes: scopesOf(payload), ...(claims && { claims }) };
}

/** `scope` is what RFC 9068 has; `scp` is what some issuers have instead. */
function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  const granted = scope ?? scp;
  if (typeof granted === "string") return granted.split(" ").filter((text) => text !== "");
  return Array.isArray(granted) ? granted.filter((text) => typeof text === "string") : [];
}

function pick(payload: JWTPayload, kept: readonly string[]): JsonObject | undefined {
  const present = kept.filter((name) => Object.hasOwn(payload, name));
  if (present.length === 0) return undefined;
  return Object.fromEntries(present.map((name) => [name, payload[name] as JsonValue]));
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
