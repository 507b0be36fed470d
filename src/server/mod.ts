/**
 * Registries, dispatch, sessions, limits: a server without a transport.
 *
 * @module
 */
export type {
  AuthenticatedPrincipal,
  Authentication,
  CredentialRefusal,
  RefusalReason,
} from "./authentication.ts";
export * from "./exchange.ts";
export * from "./options.ts";
export * from "./server_core.ts";
export * from "./task_handle.ts";
export * from "./tool_config.ts";
export * from "./worker.ts";
export * from "./external_tasks.ts";
export type { ListChange } from "./list_changes.ts";
export type {
  Completer,
  CompletionContext,
  PromptConfig,
  PromptHandler,
  PromptResult,
} from "./prompt_registry.ts";
export { type ScopeOptions, ScopeRules } from "./scopes.ts";
export type { ResourceConfig, ResourceHandler } from "./resource_registry.ts";
export type { ResourceResult } from "./resource_contents.ts";
export type { UriVariables } from "./uri_template.ts";
