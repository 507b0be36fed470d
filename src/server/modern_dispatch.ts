/**
 * Methods of 2026-07-28.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import {
  type JsonObject,
  type JsonRpcRequest,
  type JsonRpcResponse,
  methodNotFound,
  type RequestId,
  toEraFailure,
  toResult,
  VERSION_2026,
} from "../protocol/mod.ts";
import type { RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import {
  type Catalog,
  discover,
  type DiscoveredServer,
  hasCompletions,
  hasTasks,
  withServerInfo,
} from "./capabilities.ts";
import { toErrorResponse } from "./error_map.ts";
import type { Exchange } from "./exchange.ts";
import { callToolModern } from "./modern_call.ts";
import { completeModern } from "./completion.ts";
import { getPromptModern, listPromptsModern } from "./prompt_methods.ts";
import { listResourcesModern, listTemplatesModern, readResourceModern } from "./resource_methods.ts";
import type { Services } from "./services.ts";
import { listen } from "./subscriptions.ts";
import { cancelTaskModern, getTaskModern, updateTask } from "./task_methods_2026.ts";
import { listToolsModern } from "./tool_listing.ts";

interface ModernMethod {
  /** Whether the server has what the method is about. */
  readonly isServed: (catalog: Catalog) => boolean;
  readonly answer: (
    services: Services,
    request: JsonRpcRequest,
    meta: RequestMeta,
    exchange: Exchange,
  ) => JsonObject | Promise<JsonObject>;
}

const hasTools = ({ tools }: Catalog): boolean => tools.size > 0;
const hasPrompts = ({ prompts }: Catalog): boolean => prompts.size > 0;
const hasResources = ({ resources }: Catalog): boolean => resources.size > 0;

const METHODS: ReadonlyMap<string, ModernMethod> = new Map<string, ModernMethod>([
  ["tools/list", { isServed: hasTools, answer: listToolsModern }],
  ["tools/call", { isServed: hasTools, answer: callToolModern }],
  ["prompts/list", { isServed: hasPrompts, answer: listPromptsModern }],
  ["prompts/get", { isServed: hasPrompts, answer: getPromptModern }],
  ["resources/list", { isServed: hasResources, answer: listResourcesModern }],
  ["resources/templates/list", { isServed: hasResources, answer: listTemplatesModern }],
  ["resources/read", { isServed: hasResources, answer: readResourceModern }],
  ["completion/complete", { isServed: hasCompletions, answer: completeModern }],
  ["subscriptions/listen", { isServed: () => true, answer: listen }],
  ["tasks/get", { isServed: hasTasks, answer: getTaskModern }],
  ["tasks/update", { isServed: hasTasks, answer: updateTask }],
  ["tasks/cancel", { isServed: hasTasks, answer: cancelTaskModern }],
]);

/** Asks what the server is: answered by {@linkcode answerDiscover}, ahead of all that takes time. */
export const DISCOVER = "server/discover";

/** Whether `method` exists. */
export function servesModern(catalog: Catalog, method: string): boolean {
  return method === DISCOVER || (METHODS.get(method)?.isServed(catalog) ?? false);
}

/**
 * Answers `server/discover` without the store, be it slow or away: a client that gets no answer takes the server for
 * an older one.
 */
export function answerDiscover(
  id: RequestId,
  info: Implementation,
  about: DiscoveredServer,
): JsonRpcResponse {
  return toResult(id, withServerInfo(info, discover(about)));
}

/** Answers any other request. Never rejects. */
export function dispatchModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonRpcResponse> {
  const { id } = request;
  const { runtime, emit } = services.options;
  // Chained, not awaited: a subscription may last for days, and a frame would hold the request for all of them.
  return answer(services, request, meta, exchange).then(
    (result) => toResult(id, withServerInfo(services.info, result)),
    (error) => toEraFailure(VERSION_2026, toErrorResponse(id, error, runtime, emit, exchange)),
  );
}

// Async so that what a method throws rejects; no await, for the reason above.
// deno-lint-ignore require-await
async function answer(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  const method = METHODS.get(request.method);
  if (method === undefined) throw methodNotFound('Method not found: "method" names none that is served');
  return method.answer(services, request, meta, exchange);
}
