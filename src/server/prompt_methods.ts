/**
 * `prompts/list` and `prompts/get` of both revisions.
 *
 * @module
 */
import { invalidParams, type JsonObject, type JsonRpcRequest, VERSION_2025 } from "../protocol/mod.ts";
import { parsePromptsGet as parseGetLegacy } from "../protocol/v2025_11_25/mod.ts";
import {
  parsePromptsGet as parseGetModern,
  type RequestMeta,
  type RetryParams,
} from "../protocol/v2026_07_28/mod.ts";
import type { GetPromptParams } from "../protocol/params.ts";
import type { ArgumentValues } from "../workflow/mod.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { answerLegacy, answerModern, badArguments, type InlineWork } from "./inline_answer.ts";
import type { LegacyCallContext } from "./legacy_call.ts";
import { CACHEABLE, pageOf } from "./listing.ts";
import type { RegisteredPrompt } from "./prompt_registry.ts";
import type { Services } from "./services.ts";
import { getWorkflowLegacy, getWorkflowModern, type WorkflowPromptRequest } from "./workflow_methods.ts";

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
  const prompt = findPrompt(services, exchange.caller, params.name);
  const workflow = toWorkflow(services, prompt, params);
  const told = workflow && await getWorkflowModern(services, request, meta, exchange, workflow);
  if (told !== undefined) return told;
  const work = await toWork(prompt, params);
  const answer = await answerModern(services, request, meta, exchange, params, work);
  return "asked" in answer ? answer.asked : { ...(answer.value as JsonObject), resultType: "complete" };
}

/** `prompts/get` of 2025-11-25. */
export async function getPromptLegacy(
  context: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  const { services, exchange, session } = context;
  const params = parseGetLegacy(request.params);
  const prompt = findPrompt(services, exchange.caller, params.name);
  // Earlier revisions know no tasks.
  const workflow = session.protocolVersion === VERSION_2025
    ? toWorkflow(services, prompt, params)
    : undefined;
  const told = workflow && await getWorkflowLegacy(context, workflow);
  if (told !== undefined) return told;
  const work = await toWork(prompt, params);
  return await answerLegacy(context, work) as JsonObject;
}

function findPrompt(services: Services, caller: Caller, name: string): RegisteredPrompt {
  const prompt = services.prompts.get(name);
  if (prompt === undefined) {
    throw invalidParams('Unknown prompt: "name" is none of the prompts of this server');
  }
  services.scopes.demand(caller, prompt.scopes, `the prompt "${prompt.name}"`);
  return prompt;
}

/** A prompt whose workflow has a task; `undefined` for any other. */
function toWorkflow(
  { workflows }: Services,
  prompt: RegisteredPrompt,
  params: GetPromptParams & RetryParams,
): WorkflowPromptRequest | undefined {
  const definition = workflows.get(prompt.name);
  if (definition?.task === undefined) return undefined;
  return {
    definition,
    params,
    readArgs: async () => await readArgs(prompt, { ...params.arguments }) as ArgumentValues,
  };
}

async function toWork(prompt: RegisteredPrompt, params: GetPromptParams): Promise<InlineWork> {
  const rawArgs: JsonObject = { ...params.arguments };
  const args = await readArgs(prompt, rawArgs);
  return {
    kind: "prompt",
    name: prompt.name,
    rawArgs,
    progressToken: params.progressToken,
    run: (ctx) => prompt.handler(args, ctx),
  };
}

/** @throws {ProtocolError} -32602 if they do not fit. */
async function readArgs(prompt: RegisteredPrompt, rawArgs: JsonObject): Promise<unknown> {
  const args = await prompt.readArgs(rawArgs);
  if (!args.ok) throw badArguments(`prompt "${prompt.name}"`, args.message);
  return args.value;
}
