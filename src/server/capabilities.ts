/**
 * What a server says it can do, in each revision, from what is registered.
 *
 * @module
 */
import type { Implementation } from "../protocol/content.ts";
import {
  HANDSHAKE_VERSIONS,
  type JsonObject,
  META,
  TASKS_EXTENSION,
  VERSION_2025,
  VERSION_2026,
} from "../protocol/mod.ts";
import type { ServerCapabilities as Capabilities2025 } from "../protocol/v2025_11_25/mod.ts";
import type { ServerCapabilities as Capabilities2026 } from "../protocol/v2026_07_28/mod.ts";
import { CACHEABLE } from "./listing.ts";
import type { PromptRegistry } from "./prompt_registry.ts";
import type { ResourceRegistry } from "./resource_registry.ts";
import type { ToolRegistry } from "./tool_registry.ts";
import type { WorkflowRegistry } from "./workflow_registry.ts";

/** Every version served, newest first. */
export const SUPPORTED_VERSIONS: readonly string[] = [VERSION_2026, ...HANDSHAKE_VERSIONS];

/** Whether anything here makes tasks: calls of tools, or prompts of workflows. */
export function hasTasks({ tools, workflows }: Pick<Catalog, "tools" | "workflows">): boolean {
  return hasTaskTools(tools) || workflows.hasTasks;
}

function hasTaskTools(tools: ToolRegistry): boolean {
  return tools.all().some(({ task }) => task.support !== "forbidden");
}

/** What is registered. */
export interface Catalog {
  readonly tools: ToolRegistry;
  readonly prompts: PromptRegistry;
  readonly resources: ResourceRegistry;
  readonly workflows: WorkflowRegistry;
}

/** Whether any argument of a prompt or variable of a resource has suggestions. */
export function hasCompletions({ prompts, resources }: Pick<Catalog, "prompts" | "resources">): boolean {
  return prompts.all().some(({ complete }) => Object.keys(complete).length > 0) || resources.hasCompletions;
}

/** Capabilities that both revisions spell alike. */
function listCapabilities(catalog: Catalog): Capabilities2026 {
  const { tools, prompts, resources } = catalog;
  return {
    ...(tools.size > 0 ? { tools: { listChanged: true } } : {}),
    ...(prompts.size > 0 ? { prompts: { listChanged: true } } : {}),
    ...(resources.size > 0 ? { resources: { subscribe: true, listChanged: true } } : {}),
    ...(hasCompletions(catalog) ? { completions: {} } : {}),
    logging: {},
  };
}

/** Capabilities of `initialize`. Tasks exist from 2025-11-25 on; a list only where callers can be told apart. */
export function capabilities2025(
  catalog: Catalog,
  version: string,
  isAnonymous: boolean,
): Capabilities2025 {
  const tasks = {
    ...(isAnonymous ? {} : { list: {} }),
    cancel: {},
    ...(hasTaskTools(catalog.tools) ? { requests: { tools: { call: {} } } } : {}),
  };
  return {
    ...listCapabilities(catalog),
    ...(version === VERSION_2025 && hasTasks(catalog) ? { tasks } : {}),
  };
}

/** Capabilities of `server/discover`: tasks by extension only (T26-001, T26-014). */
export function capabilities2026(catalog: Catalog): Capabilities2026 {
  return {
    ...listCapabilities(catalog),
    ...(hasTasks(catalog) ? { extensions: { [TASKS_EXTENSION]: {} } } : {}),
  };
}

/** What `server/discover` tells of. */
export interface DiscoveredServer extends Catalog {
  readonly instructions: string | undefined;
}

/** Result of `server/discover`. */
export function discover(about: DiscoveredServer): JsonObject {
  return {
    resultType: "complete",
    supportedVersions: SUPPORTED_VERSIONS,
    capabilities: capabilities2026(about) as unknown as JsonObject,
    instructions: about.instructions,
    ...CACHEABLE,
  };
}

/** A result with the server's name in its `_meta` (T26-129). */
export function withServerInfo(info: Implementation, result: JsonObject): JsonObject {
  const meta = result._meta as JsonObject | undefined;
  return { ...result, _meta: { ...meta, [META.serverInfo]: info as unknown as JsonObject } };
}
