/**
 * Content that travels in results and messages of both revisions.
 *
 * Whatever we send is declared as a type alias, not as an interface: only so does TypeScript accept it where a
 * {@linkcode JsonObject} is asked for.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "./json.ts";

/** Who speaks in a conversation. */
export type Role = "user" | "assistant";

/** Hints on how a host should use a piece of content. */
export type Annotations = {
  /** Whom the content is meant for. */
  readonly audience?: readonly Role[];
  /** ISO 8601 instant of the last change. */
  readonly lastModified?: string;
  /** 0 (optional) to 1 (effectively required). */
  readonly priority?: number;
};

/** An image a host may show beside a tool, prompt, resource or server. */
export type Icon = {
  /** `https:` or `data:` URI. */
  readonly src: string;
  readonly mimeType?: string;
  /** Sizes such as `"48x48"`, or `"any"`. */
  readonly sizes?: readonly string[];
  readonly theme?: "dark" | "light";
};

/** Name and version of a client or server. */
export type Implementation = {
  readonly name: string;
  readonly version: string;
  /** Name for people. */
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly websiteUrl?: string;
};

/** Plain text. */
export type TextContent = {
  readonly type: "text";
  readonly text: string;
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
};

/** An image. */
export type ImageContent = {
  readonly type: "image";
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
};

/** A sound. */
export type AudioContent = {
  readonly type: "audio";
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
};

/** Text of a resource. */
export type TextResourceContents = {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text: string;
  readonly _meta?: JsonObject;
};

/** Bytes of a resource. */
export type BlobResourceContents = {
  readonly uri: string;
  readonly mimeType?: string;
  /** Base64. */
  readonly blob: string;
  readonly _meta?: JsonObject;
};

/** What a resource holds. */
export type ResourceContents = TextResourceContents | BlobResourceContents;

/** A resource carried along in whole. */
export type EmbeddedResource = {
  readonly type: "resource";
  readonly resource: ResourceContents;
  readonly annotations?: Annotations;
  readonly _meta?: JsonObject;
};

/** A resource named for the host to read. */
export type ResourceLink = {
  readonly type: "resource_link";
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

/** One block of a tool result or prompt message. */
export type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;

/** What a tool returns, in either revision. */
export type CallToolResult = {
  readonly content: readonly ContentBlock[];
  /** Any JSON in 2026-07-28; an object in 2025-11-25. */
  readonly structuredContent?: JsonValue;
  /** The tool failed in its own terms: a result all the same, not a protocol error. @default {false} */
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
};

/** Hints about a tool; never to be trusted for decisions. */
export type ToolAnnotations = {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
};
