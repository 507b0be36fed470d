/**
 * `completion/complete`, alike in both revisions.
 *
 * @module
 */
import { invalidParams, type JsonObject, type JsonRpcRequest } from "../protocol/mod.ts";
import { parseComplete } from "../protocol/v2026_07_28/mod.ts";
import type { Completer } from "./prompt_registry.ts";
import type { Services } from "./services.ts";

/** Values in one answer at most (T25-226, T26-256). */
const MAX_VALUES = 100;

/** Suggestions for an argument of a prompt, or for a variable of a resource template. */
export async function complete(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  const { ref, argument, context } = parseComplete(request.params);
  const completer = ref.type === "ref/prompt"
    ? promptCompleter(services, ref.name, argument.name)
    : resourceCompleter(services, ref.uri, argument.name);
  const values = await completer?.(argument.value, context ?? {}) ?? [];
  return {
    completion: {
      values: values.slice(0, MAX_VALUES),
      total: values.length,
      hasMore: values.length > MAX_VALUES,
    },
  };
}

/** `completion/complete` of 2026-07-28. */
export async function completeModern(services: Services, request: JsonRpcRequest): Promise<JsonObject> {
  return { resultType: "complete", ...await complete(services, request) };
}

function promptCompleter(services: Services, name: string, argument: string): Completer | undefined {
  const prompt = services.prompts.get(name);
  if (prompt === undefined) {
    throw invalidParams('Unknown prompt: "ref.name" is none of the prompts of this server');
  }
  return Object.hasOwn(prompt.complete, argument) ? prompt.complete[argument] : undefined;
}

function resourceCompleter(services: Services, uri: string, variable: string): Completer | undefined {
  const resource = services.resources.byReference(uri);
  if (resource === undefined) {
    throw invalidParams('Unknown resource: "ref.uri" is none of the resources and templates of this server');
  }
  const { complete = {} } = resource.config;
  return Object.hasOwn(complete, variable) ? complete[variable] : undefined;
}
