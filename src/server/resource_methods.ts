/**
 * `resources/list`, `resources/templates/list` and `resources/read` of both revisions.
 *
 * @module
 */
import {
  ERROR,
  invalidParams,
  type JsonObject,
  type JsonRpcRequest,
  type JsonValue,
  ProtocolError,
} from "../protocol/mod.ts";
import { parseReadResource as parseReadLegacy } from "../protocol/v2025_11_25/mod.ts";
import { parseReadResource as parseReadModern, type RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { answerLegacy, answerModern, type InlineWork } from "./inline_answer.ts";
import type { LegacyCallContext } from "./legacy_call.ts";
import { CACHEABLE, pageOf } from "./listing.ts";
import type { FoundResource, RegisteredResource } from "./resource_registry.ts";
import type { Services } from "./services.ts";

/** `resources/list`. */
export async function listResources(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  const { items, nextCursor } = await pageOf(services, request, services.resources.listings());
  return { resources: items as unknown as JsonValue[], nextCursor };
}

/** `resources/templates/list`. */
export async function listTemplates(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  const { items, nextCursor } = await pageOf(services, request, services.resources.templateListings());
  return { resourceTemplates: items as unknown as JsonValue[], nextCursor };
}

/** `resources/list` of 2026-07-28. */
export async function listResourcesModern(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  return { resultType: "complete", ...await listResources(services, request), ...CACHEABLE };
}

/** `resources/templates/list` of 2026-07-28. */
export async function listTemplatesModern(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  return { resultType: "complete", ...await listTemplates(services, request), ...CACHEABLE };
}

/** `resources/read` of 2026-07-28: an unknown resource is -32602, never empty contents (T26-251, T26-252). */
export async function readResourceModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  const params = parseReadModern(request.params);
  const unknown = () => invalidParams("Resource not found", { uri: params.uri });
  const found = services.resources.find(params.uri);
  if (found === undefined) throw unknown();
  demandScopes(services, exchange.caller, found.resource);
  const answer = await answerModern(services, request, meta, exchange, params, toWork(params.uri, found));
  if ("asked" in answer) return answer.asked;
  if (answer.value === null) throw unknown();
  const { cacheScope = "private", cacheTtlMs = 0 } = found.resource.config;
  return { resultType: "complete", contents: answer.value, ttlMs: cacheTtlMs, cacheScope };
}

/** `resources/read` of 2025-11-25: an unknown resource is -32002 (T25-220). */
export async function readResourceLegacy(
  context: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  const { uri } = parseReadLegacy(request.params);
  const unknown = () => new ProtocolError(ERROR.resourceNotFound, "Resource not found", { uri });
  const found = context.services.resources.find(uri);
  if (found === undefined) throw unknown();
  demandScopes(context.services, context.exchange.caller, found.resource);
  const contents = await answerLegacy(context, toWork(uri, found));
  if (contents === null) throw unknown();
  return { contents };
}

/** @throws {AccessRefusedError} If the caller lacks a scope of the resource. */
export function demandScopes(
  services: Services,
  caller: Caller,
  { name, config }: RegisteredResource,
): void {
  services.scopes.demand(caller, config.scopes ?? [], `the resource "${name}"`);
}

function toWork(uri: string, { resource, variables }: FoundResource): InlineWork {
  return {
    kind: "resource",
    name: uri,
    rawArgs: {},
    run: async (ctx) => (await resource.read(uri, variables, ctx) ?? null) as unknown as JsonValue,
  };
}
