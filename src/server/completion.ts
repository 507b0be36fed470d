/**
 * `completion/complete`, alike in both revisions.
 *
 * @module
 */
import { invalidParams, type JsonObject, type JsonRpcRequest, methodNotFound } from "../protocol/mod.ts";
import { parseComplete, type RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import { hasCompletions } from "./capabilities.ts";
import type { Caller, Exchange } from "./exchange.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Completer } from "./prompt_registry.ts";
import { demandScopes } from "./resource_methods.ts";
import type { Services } from "./services.ts";

/** Values in one answer at most (T25-226, T26-256). */
const MAX_VALUES = 100;

/**
 * Suggestions for an argument of a prompt, or for a variable of a resource template.
 *
 * @throws {ProtocolError} -32601 if nothing here has suggestions, -32602 for an unknown prompt or resource.
 * @throws {AccessRefusedError} If the caller lacks a scope of the prompt or resource.
 * @throws {LimitReachedError} If the caller asks too often.
 */
export async function complete(
  services: Services,
  request: JsonRpcRequest,
  caller: Caller,
): Promise<JsonObject> {
  if (!hasCompletions(services)) throw methodNotFound("Method not found: nothing here has suggestions");
  const { ref, argument, context = {} } = parseComplete(request.params);
  const completer = ref.type === "ref/prompt"
    ? promptCompleter(services, caller, ref.name, argument.name)
    : resourceCompleter(services, caller, ref.uri, argument.name);
  // Anonymous callers cannot be told apart: together they share one allowance.
  services.completions.take(caller === undefined ? "anonymous" : await ownerKeyFor(caller, ""));
  const values = await completer?.(argument.value, context, { auth: caller }) ?? [];
  if (!Array.isArray(values) || !values.every((value) => typeof value === "string")) {
    throw new TypeError(`The suggestions for "${argument.name}" must be a list of strings`);
  }
  return {
    completion: {
      values: values.slice(0, MAX_VALUES).map((value) => value.toWellFormed()),
      total: values.length,
      hasMore: values.length > MAX_VALUES,
    },
  };
}

/** `completion/complete` of 2026-07-28. */
export async function completeModern(
  services: Services,
  request: JsonRpcRequest,
  _meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  return { resultType: "complete", ...await complete(services, request, exchange.caller) };
}

function promptCompleter(
  services: Services,
  caller: Caller,
  name: string,
  argument: string,
): Completer | undefined {
  const prompt = services.prompts.get(name);
  if (prompt === undefined) {
    throw invalidParams('Unknown prompt: "ref.name" is none of the prompts of this server');
  }
  services.scopes.demand(caller, prompt.scopes, `the prompt "${name}"`);
  return Object.hasOwn(prompt.complete, argument) ? prompt.complete[argument] : undefined;
}

function resourceCompleter(
  services: Services,
  caller: Caller,
  uri: string,
  variable: string,
): Completer | undefined {
  const resource = services.resources.byReference(uri);
  if (resource === undefined) {
    throw invalidParams('Unknown resource: "ref.uri" is none of the resources and templates of this server');
  }
  demandScopes(services, caller, resource);
  const { complete = {} } = resource.config;
  return Object.hasOwn(complete, variable) ? complete[variable] : undefined;
}
