/**
 * Pages of what a server lists.
 *
 * @module
 */
import { invalidParams, isJsonObject, type JsonRpcRequest } from "../protocol/mod.ts";
import { parseListParams } from "../protocol/v2026_07_28/mod.ts";
import type { Services } from "./services.ts";

/** How long clients may keep a list without asking again, in milliseconds. */
export const LIST_TTL_MS = 60_000;

/** Lists are the same for every caller, so anyone may keep them (T26-214, T26-218, T26-224). */
export const CACHEABLE = { ttlMs: LIST_TTL_MS, cacheScope: "public" } as const;

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Absent: nothing is left. */
  readonly nextCursor?: string;
}

/**
 * The page that a list request asks for.
 *
 * @throws {ProtocolError} -32602 if the cursor is not one of this list.
 */
export async function pageOf<T>(
  { keyring, options }: Services,
  { method, params }: JsonRpcRequest,
  all: readonly T[],
): Promise<Page<T>> {
  const { cursor } = parseListParams(params);
  let start = 0;
  if (cursor !== undefined) {
    const value = await keyring.verify("cursor", method, cursor);
    if (!isJsonObject(value) || typeof value.end !== "number") {
      throw invalidParams('Invalid params: "cursor" is not one that this list returned');
    }
    start = value.end;
  }
  const end = start + options.pageSize;
  const items = all.slice(start, end);
  return end >= all.length ? { items } : { items, nextCursor: await keyring.sign("cursor", method, { end }) };
}
