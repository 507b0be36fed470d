/**
 * Which of the two protocol revisions a message belongs to.
 *
 * The body decides and headers only confirm: a wrong header is an error within the revision, never a reason to change
 * it. Method names do not decide either, since both revisions use most of them, except where only one can have sent it.
 *
 * @module
 */
import {
  isJsonObject,
  type JsonRpcRequest,
  META,
  type ParsedMessage,
  VERSION_2026,
} from "../protocol/mod.ts";

/** Where a message goes: to 2026-07-28, to the handshake of 2025-11-25, or to a session of it. */
export type Route = "modern" | "initialize" | "legacy";

const MODERN_ONLY: ReadonlySet<string> = new Set(["server/discover", "subscriptions/listen", "tasks/update"]);

/**
 * Tells where a message goes. A 2026-07-28 request without the metadata it needs goes there too, to be told so.
 *
 * @param version Value of `MCP-Protocol-Version`, if there is one.
 */
export function routeOf({ type, message }: ParsedMessage, version: string | undefined): Route {
  if (type === "response") return "legacy";
  if (carriesVersion(message.params)) return "modern";
  if (type === "notification") return isModernVersion(version) ? "modern" : "legacy";
  if (message.method === "initialize") return "initialize";
  return isModernVersion(version) || MODERN_ONLY.has(message.method) ? "modern" : "legacy";
}

/** Whether `version` is 2026-07-28 or a later revision's date. */
export function isModernVersion(version: string | undefined): boolean {
  return version !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= VERSION_2026;
}

function carriesVersion(params: JsonRpcRequest["params"]): boolean {
  return params !== undefined && Object.hasOwn(params, "_meta") && isJsonObject(params._meta) &&
    Object.hasOwn(params._meta, META.protocolVersion);
}
