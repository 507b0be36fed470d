/**
 * `tools/list` of both revisions.
 *
 * @module
 */
import { type JsonObject, type JsonRpcRequest, VERSION_2025 } from "../protocol/mod.ts";
import { CACHEABLE, pageOf } from "./listing.ts";
import type { Services } from "./services.ts";

/** `tools/list` of 2026-07-28. */
export async function listToolsModern(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  const { items, nextCursor } = await pageOf(services, request, services.tools.all());
  const tools = items.map(({ listing2026 }) => listing2026 as unknown as JsonObject);
  return { resultType: "complete", tools, nextCursor, ...CACHEABLE };
}

/** `tools/list` of 2025-11-25 and earlier, which know no `execution`. */
export async function listToolsLegacy(
  services: Services,
  request: JsonRpcRequest,
  protocolVersion: string,
): Promise<JsonObject> {
  const { items, nextCursor } = await pageOf(services, request, services.tools.all());
  const tools = items.map(({ listing2025 }) => {
    const { execution, ...rest } = listing2025;
    return (protocolVersion === VERSION_2025 ? { ...rest, execution } : rest) as unknown as JsonObject;
  });
  return { tools, nextCursor };
}
