/**
 * Methods of 2026-07-28.
 *
 * @module
 */
import {
  type JsonObject,
  type JsonRpcRequest,
  type JsonRpcResponse,
  methodNotFound,
  toResult,
} from "../protocol/mod.ts";
import type { RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import { discover, hasTasks, withServerInfo } from "./capabilities.ts";
import { toErrorResponse } from "./error_map.ts";
import type { Exchange } from "./exchange.ts";
import { callToolModern } from "./modern_call.ts";
import type { Services } from "./services.ts";
import { listen } from "./subscriptions.ts";
import { cancelTaskModern, getTaskModern, updateTask } from "./task_methods_2026.ts";
import { listToolsModern } from "./tool_listing.ts";
import type { ToolRegistry } from "./tool_registry.ts";

interface ModernMethod {
  /** Whether the server has what the method is about. */
  readonly isServed: (tools: ToolRegistry) => boolean;
  readonly answer: (
    services: Services,
    request: JsonRpcRequest,
    meta: RequestMeta,
    exchange: Exchange,
  ) => JsonObject | Promise<JsonObject>;
}

const hasTools = (tools: ToolRegistry): boolean => tools.size > 0;

const METHODS: ReadonlyMap<string, ModernMethod> = new Map<string, ModernMethod>([
  ["server/discover", { isServed: () => true, answer: discover }],
  ["tools/list", { isServed: hasTools, answer: listToolsModern }],
  ["tools/call", { isServed: hasTools, answer: callToolModern }],
  ["subscriptions/listen", { isServed: () => true, answer: listen }],
  ["tasks/get", { isServed: hasTasks, answer: getTaskModern }],
  ["tasks/update", { isServed: hasTasks, answer: updateTask }],
  ["tasks/cancel", { isServed: hasTasks, answer: cancelTaskModern }],
]);

/** Whether `method` exists. */
export function servesModern(tools: ToolRegistry, method: string): boolean {
  return METHODS.get(method)?.isServed(tools) ?? false;
}

/** Answers a request. Never rejects. */
export async function dispatchModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonRpcResponse> {
  try {
    const method = METHODS.get(request.method);
    if (method === undefined) throw methodNotFound('Method not found: "method" names none that is served');
    const result = await method.answer(services, request, meta, exchange);
    return toResult(request.id, withServerInfo(services, result));
  } catch (error) {
    const { runtime, emit } = services.options;
    return toErrorResponse(request.id, error, runtime, emit);
  }
}
