/**
 * The server's resources: at fixed URIs, and by templates.
 *
 * @module
 */
import type { Annotations, Icon, ResourceContents } from "../protocol/content.ts";
import type { Resource, ResourceTemplate } from "../protocol/listings.ts";
import type { JsonObject } from "../protocol/mod.ts";
import { assertMetaKeys } from "../protocol/meta_key.ts";
import type { TaskContext } from "../execution/mod.ts";
import { assertFunction } from "./given_function.ts";
import type { Completer } from "./prompt_registry.ts";
import { type ResourceResult, toContents } from "./resource_contents.ts";
import { isUri } from "../protocol/uri.ts";
import { isUriTemplate, parseUriTemplate, type UriTemplate, type UriVariables } from "./uri_template.ts";

/** A resource's description. */
export interface ResourceConfig {
  /** Name for people. */
  readonly title?: string;
  /** What the resource holds. */
  readonly description?: string;
  /** Type of its contents, taken where the handler names none. */
  readonly mimeType?: string;
  /** Size in bytes, if it is known. */
  readonly size?: number;
  /** For whom it is, and how much it matters. */
  readonly annotations?: Annotations;
  /** Icons for people. */
  readonly icons?: readonly Icon[];
  /** Suggestions for a template's variables, by their names. */
  readonly complete?: Readonly<Record<string, Completer>>;
  /**
   * Scopes that callers need to read it, to subscribe to it, and for suggestions. It is listed to everyone.
   * @default {[]}
   */
  readonly scopes?: readonly string[];
  /** `private`: it depends on the caller, and only the caller may keep it. @default {"private"} */
  readonly cacheScope?: "public" | "private";
  /** How long clients may keep it without asking again, in milliseconds. @default {0} */
  readonly cacheTtlMs?: number;
  /** Passed to clients as it is. */
  readonly _meta?: JsonObject;
}

/** Reads a resource. Gets the URI, the template's variables and the context. */
export type ResourceHandler = (
  uri: string,
  variables: UriVariables,
  ctx: TaskContext,
) => ResourceResult | Promise<ResourceResult>;

/** A registered resource or template. */
export interface RegisteredResource {
  readonly name: string;
  readonly config: ResourceConfig;
  readonly uri: string;
  readonly template?: UriTemplate;
  readonly read: (
    uri: string,
    variables: UriVariables,
    ctx: TaskContext,
  ) => Promise<readonly ResourceContents[] | undefined>;
}

/** A resource that a URI names. */
export interface FoundResource {
  readonly resource: RegisteredResource;
  readonly variables: UriVariables;
}

/** Resources by URI, in the order of their registration. */
export class ResourceRegistry {
  readonly #fixed = new Map<string, RegisteredResource>();
  readonly #templates = new Map<string, RegisteredResource>();

  /** Number of resources and templates. */
  get size(): number {
    return this.#fixed.size + this.#templates.size;
  }

  /** Whether any variable has suggestions. */
  get hasCompletions(): boolean {
    return [...this.#templates.values()].some(({ config }) => config.complete !== undefined);
  }

  /** Resources at fixed URIs, as they are listed. */
  listings(): Resource[] {
    return [...this.#fixed.values()].map(({ name, uri, config }) => ({
      ...shared(name, config),
      uri,
      size: config.size,
    }));
  }

  /** Templates, as they are listed. */
  templateListings(): ResourceTemplate[] {
    return [...this.#templates.values()].map(({ name, uri, config }) => ({
      ...shared(name, config),
      uriTemplate: uri,
    }));
  }

  /** The resource that a URI names: one at that URI, else the first template that matches. */
  find(uri: string): FoundResource | undefined {
    if (!isUri(uri)) return undefined;
    const fixed = this.#fixed.get(uri);
    if (fixed !== undefined) return { resource: fixed, variables: {} };
    for (const resource of this.#templates.values()) {
      const variables = resource.template?.match(uri);
      if (variables !== undefined) return { resource, variables };
    }
    return undefined;
  }

  /** A template by its text, or a resource by its URI. */
  byReference(uri: string): RegisteredResource | undefined {
    return this.#templates.get(uri) ?? this.#fixed.get(uri);
  }

  /**
   * Adds a resource, or a template.
   *
   * @throws {TypeError} If the URI is taken, is no URI, the template cannot be read, or it has no variable that is
   * to be completed.
   * @throws {RangeError} If `cacheTtlMs` is not a whole number of at least 0.
   */
  add(name: string, uri: string, config: ResourceConfig, handler: ResourceHandler): void {
    if (name === "") throw new TypeError("Cannot register a resource: its name is empty");
    assertFunction(`register resource "${name}" with its handler`, handler);
    const template = isUriTemplate(uri) ? parseUriTemplate(uri) : undefined;
    if (template === undefined && !isUri(uri)) {
      throw new TypeError(`Cannot register resource "${name}": "${uri}" is not an absolute URI`);
    }
    checkConfig(name, config, template?.names ?? []);
    const registered = template === undefined ? this.#fixed : this.#templates;
    if (registered.has(uri)) throw new TypeError(`Cannot register resource "${name}": "${uri}" is taken`);
    registered.set(uri, {
      name,
      config,
      uri,
      template,
      read: async (asked, variables, ctx) =>
        toContents(asked, config.mimeType, await handler(asked, variables, ctx)),
    });
  }
}

function shared(name: string, config: ResourceConfig): Omit<ResourceTemplate, "uriTemplate"> {
  const { title, description, mimeType, annotations, icons, _meta } = config;
  return { name, title, description, mimeType, annotations, icons, _meta };
}

function checkConfig(name: string, config: ResourceConfig, variables: readonly string[]): void {
  const { cacheTtlMs = 0, complete = {}, _meta = {} } = config;
  assertMetaKeys(`resource "${name}"`, Object.keys(_meta));
  if (!Number.isSafeInteger(cacheTtlMs) || cacheTtlMs < 0) {
    throw new RangeError(
      `Cannot register resource "${name}": cacheTtlMs ${cacheTtlMs} is not a whole number of at least 0`,
    );
  }
  for (const variable of Object.keys(complete)) {
    if (!variables.includes(variable)) {
      throw new TypeError(
        `Cannot register resource "${name}": it completes "${variable}", which its URI does not have`,
      );
    }
  }
}
