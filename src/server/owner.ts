/**
 * Whose record it is.
 *
 * @module
 */
import { anonymousOwner, type OwnerKey, ownerOfPrincipal, toOwnerKey } from "../store/mod.ts";
import type { Caller } from "./exchange.ts";

/** The owner of what `caller` has under `recordId`: its principal, or for an anonymous caller the id itself. */
export function ownerKeyFor(caller: Caller, recordId: string): Promise<OwnerKey> {
  return toOwnerKey(caller === undefined ? anonymousOwner(recordId) : ownerOfPrincipal(caller));
}
