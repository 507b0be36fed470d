/**
 * What a server lists besides tools: prompts, resources, resource templates, completions. Alike in both revisions.
 *
 * @module
 */
import type { JsonObject } from "./json.ts";
import type { Annotations, ContentBlock, Icon, Role } from "./content.ts";

/** An argument a prompt takes; its value is always a string. */
export type PromptArgument = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** @default {false} */
  readonly required?: boolean;
};

/** A prompt as `prompts/list` shows it. */
export type Prompt = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly arguments?: readonly PromptArgument[];
  readonly _meta?: JsonObject;
};

/** One message of a prompt. */
export type PromptMessage = {
  readonly role: Role;
  readonly content: ContentBlock;
};

/** A resource as `resources/list` shows it. */
export type Resource = {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  /** Size in bytes. */
  readonly size?: number;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
};

/** A family of resources as `resources/templates/list` shows it. */
export type ResourceTemplate = {
  /** RFC 6570 template. */
  readonly uriTemplate: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
};

/** Suggestions for an argument. */
export type Completion = {
  /** Best first; at most 100. */
  readonly values: readonly string[];
  /** How many there are in all. */
  readonly total?: number;
  readonly hasMore?: boolean;
};
