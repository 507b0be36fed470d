/**
 * `tools/list` of both revisions.
 *
 * @module
 */
import {
  invalidParams,
  isJsonObject,
  type JsonObject,
  type JsonRpcRequest,
  VERSION_2025,
} from "../protocol/mod.ts";
import { parseListParams } from "../protocol/v2026_07_28/mod.ts";
import type { Services } from "./services.ts";
import type { RegisteredTool } from "./tool_registry.ts";

/** How long clients may keep a list without asking again, in milliseconds. */
export const LIST_TTL_MS = 60_000;

/** `tools/list` of 2026-07-28: the same for every caller, so anyone may keep it (T26-214, T26-224). */
export async function listToolsModern(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  const { tools, nextCursor } = await toolPage(services, request);
  return {
    resultType: "complete",
    tools: tools.map(({ listing2026 }) => listing2026 as unknown as JsonObject),
    nextCursor,
    ttlMs: LIST_TTL_MS,
    cacheScope: "public",
  };
}

/** `tools/list` of 2025-11-25 and earlier, which know no `execution`. */
export async function listToolsLegacy(
  services: Services,
  request: JsonRpcRequest,
  protocolVersion: string,
): Promise<JsonObject> {
  const { tools, nextCursor } = await toolPage(services, request);
  const listings = tools.map(({ listing2025 }) => {
    const { execution, ...rest } = listing2025;
    return (protocolVersion === VERSION_2025 ? { ...rest, execution } : rest) as unknown as JsonObject;
  });
  return { tools: listings, nextCursor };
}

async function toolPage(
  services: Services,
  request: JsonRpcRequest,
): Promise<{ readonly tools: readonly RegisteredTool[]; readonly nextCursor?: string }> {
  const { cursor } = parseListParams(request.params);
  const start = cursor === undefined ? 0 : await readCursor(services, cursor);
  const end = start + services.options.pageSize;
  const all = services.tools.all();
  const tools = all.slice(start, end);
  return end >= all.length
    ? { tools }
    : { tools, nextCursor: await services.keyring.sign("cursor", "tools/list", { end }) };
}

async function readCursor(services: Services, cursor: string): Promise<number> {
  const value = await services.keyring.verify("cursor", "tools/list", cursor);
  if (isJsonObject(value) && typeof value.end === "number") return value.end;
  throw invalidParams('Invalid params: "cursor" is not one that this list returned');
}
