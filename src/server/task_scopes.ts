/**
 * Scopes and tasks: who may not call a tool may not use what somebody else's call of it left, even if both act for
 * the same owner.
 *
 * @module
 */
import type { TaskHead } from "../tasks/mod.ts";
import type { Caller } from "./exchange.ts";
import type { Services } from "./services.ts";

/** Whether the scopes of `caller` allow it to use a task of its owner. */
export function mayUseTask(services: Services, caller: Caller, head: TaskHead): boolean {
  return services.scopes.allows(caller, scopesOf(services, head));
}

/** @throws {AccessRefusedError} If they do not. */
export function demandTaskScopes(services: Services, caller: Caller, head: TaskHead): void {
  services.scopes.demand(caller, scopesOf(services, head), `the task of "${head.name}"`);
}

/** What is not registered here asks for nothing: a rollout that drops a tool leaves its tasks to their owners. */
function scopesOf({ tools, prompts }: Services, { kind, name }: TaskHead): readonly string[] {
  return (kind === "workflow" ? prompts.get(name) : tools.get(name))?.scopes ?? [];
}
