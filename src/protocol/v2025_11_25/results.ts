/**
 * What a server sends under 2025-11-25, tasks and handshake apart.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../json.ts";
import type { Icon, ResourceContents, ToolAnnotations } from "../content.ts";
import type { Completion, Prompt, PromptMessage, Resource, ResourceTemplate } from "../listings.ts";
import type { LoggingLevel } from "../logging.ts";
import type { ProgressToken } from "../fields.ts";
import type { ElicitUrlParams } from "../input.ts";

/** A JSON Schema whose root is an object. */
export type ObjectSchema = JsonObject & { readonly type: "object" };

/** A tool as `tools/list` shows it. */
export type Tool = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly inputSchema: ObjectSchema;
  /** Root `type: "object"` only (T25-199). */
  readonly outputSchema?: ObjectSchema;
  readonly annotations?: ToolAnnotations;
  /** Absent: `forbidden` (T25-011). */
  readonly execution?: { readonly taskSupport?: "forbidden" | "optional" | "required" };
  readonly _meta?: JsonObject;
};

/** Answer of `tools/list`. */
export type ListToolsResult = {
  readonly tools: readonly Tool[];
  readonly nextCursor?: string;
  readonly _meta?: JsonObject;
};

/** Answer of `prompts/list`. */
export type ListPromptsResult = {
  readonly prompts: readonly Prompt[];
  readonly nextCursor?: string;
  readonly _meta?: JsonObject;
};

/** Answer of `prompts/get`. */
export type GetPromptResult = {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
  readonly _meta?: JsonObject;
};

/** Answer of `resources/list`. */
export type ListResourcesResult = {
  readonly resources: readonly Resource[];
  readonly nextCursor?: string;
  readonly _meta?: JsonObject;
};

/** Answer of `resources/templates/list`. */
export type ListResourceTemplatesResult = {
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly nextCursor?: string;
  readonly _meta?: JsonObject;
};

/** Answer of `resources/read`. */
export type ReadResourceResult = {
  readonly contents: readonly ResourceContents[];
  readonly _meta?: JsonObject;
};

/** Answer of `completion/complete`. */
export type CompleteResult = {
  readonly completion: Completion;
  readonly _meta?: JsonObject;
};

/** URL elicitation as this revision sends it: with an id, unique within the server (T25-255). */
export type ElicitUrlParams2025 = ElicitUrlParams & { readonly elicitationId: string };

/** `notifications/progress`. */
export type ProgressNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/progress";
  readonly params: {
    readonly progressToken: ProgressToken;
    /** Grows with each notification (T25-240). */
    readonly progress: number;
    readonly total?: number;
    readonly message?: string;
    readonly _meta?: JsonObject;
  };
};

/** `notifications/message`. */
export type LoggingMessageNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/message";
  readonly params: {
    readonly level: LoggingLevel;
    readonly logger?: string;
    readonly data: JsonValue;
    readonly _meta?: JsonObject;
  };
};

/** `notifications/resources/updated`. */
export type ResourceUpdatedNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/resources/updated";
  readonly params: { readonly uri: string; readonly _meta?: JsonObject };
};

/** `notifications/cancelled` about a request of ours. */
export type CancelledNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/cancelled";
  readonly params: {
    readonly requestId: string | number;
    readonly reason?: string;
    readonly _meta?: JsonObject;
  };
};
