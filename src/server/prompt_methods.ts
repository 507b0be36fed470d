/**
 * `prompts/list` and `prompts/get` of both revisions.
 *
 * @module
 */
import { invalidParams, type JsonObject, type JsonRpcRequest } from "../protocol/mod.ts";
import { parsePromptsGet as parseGetLegacy } from "../protocol/v2025_11_25/mod.ts";
import { parsePromptsGet as parseGetModern, type RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { answerLegacy, answerModern, badArguments, type InlineWork } from "./inline_answer.ts";
import type { LegacyCallContext } from "./legacy_call.ts";
import { CACHEABLE, pageOf } from "./listing.ts";
import type { Services } from "./services.ts";

/** `prompts/list`; the caching hints are for 2026-07-28. */
export async function listPrompts(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  const { items, nextCursor } = await pageOf(services, request, services.prompts.all());
  return { prompts: items.map(({ listing }) => listing as unknown as JsonObject), nextCursor };
}

/** `prompts/list` of 2026-07-28. */
export async function listPromptsModern(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  return { resultType: "complete", ...await listPrompts(services, request), ...CACHEABLE };
}

/** `prompts/get` of 2026-07-28. */
export async function getPromptModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  const params = parseGetModern(request.params);
  const work = await toWork(services, exchange.caller, params);
  const answer = await answerModern(services, request, meta, exchange, params, work);
  return "asked" in answer ? answer.asked : { ...(answer.value as JsonObject), resultType: "complete" };
}

/** `prompts/get` of 2025-11-25. */
export async function getPromptLegacy(
  context: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  const { services, exchange } = context;
  const work = await toWork(services, exchange.caller, parseGetLegacy(request.params));
  return await answerLegacy(context, work) as JsonObject;
}

async function toWork(
  services: Services,
  caller: Caller,
  params: ReturnType<typeof parseGetLegacy>,
): Promise<InlineWork> {
  const prompt = services.prompts.get(params.name);
  if (prompt === undefined) {
    throw invalidParams('Unknown prompt: "name" is none of the prompts of this server');
  }
  services.scopes.demand(caller, prompt.scopes, `the prompt "${prompt.name}"`);
  const rawArgs: JsonObject = { ...params.arguments };
  const args = await prompt.readArgs(rawArgs);
  if (!args.ok) throw badArguments(`prompt "${prompt.name}"`, args.message);
  return {
    kind: "prompt",
    name: prompt.name,
    rawArgs,
    progressToken: params.progressToken,
    run: (ctx) => prompt.handler(args.value, ctx),
  };
}
