/**
 * What a server sends under 2026-07-28, tasks apart.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../json.ts";
import type { CallToolResult, Icon, ResourceContents, ToolAnnotations } from "../content.ts";
import type { Completion, Prompt, PromptMessage, Resource, ResourceTemplate } from "../listings.ts";
import type { LoggingLevel } from "../logging.ts";
import type { ProgressToken } from "../fields.ts";
import type { RequestId } from "../json_rpc.ts";
import type { InputRequests } from "./tasks.ts";

/** Members of every ordinary result (T26-109). */
export type Complete = {
  readonly resultType: "complete";
  readonly _meta?: JsonObject;
};

/** How long and by whom a result may be kept (T26-214). */
export type Cacheable = Complete & {
  /** Milliseconds from receipt, 0 or more; not a task's retention. */
  readonly ttlMs: number;
  /** `private`: it depends on the caller (T26-220). */
  readonly cacheScope: "public" | "private";
};

/** What a server can do. Legacy `tasks` capabilities do not appear here (T26-014). */
export type ServerCapabilities = {
  readonly tools?: { readonly listChanged?: boolean };
  readonly prompts?: { readonly listChanged?: boolean };
  readonly resources?: { readonly subscribe?: boolean; readonly listChanged?: boolean };
  readonly completions?: JsonObject;
  readonly logging?: JsonObject;
  readonly experimental?: { readonly [name: string]: JsonObject };
  readonly extensions?: { readonly [name: string]: JsonObject };
};

/** Answer of `server/discover` (T26-135); who we are stands in `_meta`. */
export type DiscoverResult = Cacheable & {
  readonly supportedVersions: readonly string[];
  readonly capabilities: ServerCapabilities;
  readonly instructions?: string;
};

/** A tool as `tools/list` shows it; there is no `execution` here (T26-231). */
export type Tool = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly inputSchema: JsonObject & { readonly type: "object" };
  /** Any 2020-12 schema (T26-228). */
  readonly outputSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  readonly _meta?: JsonObject;
};

/** Answer of `tools/list`. */
export type ListToolsResult = Cacheable & { readonly tools: readonly Tool[]; readonly nextCursor?: string };

/** Answer of `tools/call` that is neither a question nor a task. */
export type CompleteCallToolResult = CallToolResult & { readonly resultType: "complete" };

/** Answer of `prompts/list`. */
export type ListPromptsResult = Cacheable & {
  readonly prompts: readonly Prompt[];
  readonly nextCursor?: string;
};

/** Answer of `prompts/get`. */
export type GetPromptResult = Complete & {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
};

/** Answer of `resources/list`. */
export type ListResourcesResult = Cacheable & {
  readonly resources: readonly Resource[];
  readonly nextCursor?: string;
};

/** Answer of `resources/templates/list`. */
export type ListResourceTemplatesResult = Cacheable & {
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly nextCursor?: string;
};

/** Answer of `resources/read`. */
export type ReadResourceResult = Cacheable & { readonly contents: readonly ResourceContents[] };

/** Answer of `completion/complete`. */
export type CompleteResult = Complete & { readonly completion: Completion };

/** A question instead of an answer (T26-186): at least one of the two optional members is there (T26-188). */
export type InputRequiredResult = {
  readonly resultType: "input_required";
  readonly inputRequests?: InputRequests;
  /** Opaque to the client, which sends it back unchanged. */
  readonly requestState?: string;
  readonly _meta?: JsonObject;
};

/** What a subscription is about; also what we agreed to (T26-205). */
export type SubscriptionFilter = {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
  /** Of the Tasks extension (T26-090). */
  readonly taskIds?: readonly string[];
};

/** First message of a subscription (T26-202). */
export type SubscriptionAcknowledgedNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/subscriptions/acknowledged";
  readonly params: { readonly notifications: SubscriptionFilter; readonly _meta: JsonObject };
};

/** Answer of `subscriptions/listen`, sent when we end it (T26-209). */
export type ListenResult = { readonly resultType: "complete"; readonly _meta: JsonObject };

/** `notifications/progress`, on the stream of the request it is about (T26-260). */
export type ProgressNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/progress";
  readonly params: {
    readonly progressToken: ProgressToken;
    readonly progress: number;
    readonly total?: number;
    readonly message?: string;
    readonly _meta?: JsonObject;
  };
};

/** `notifications/message`, only for a request that set a log level (T26-265). */
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

/** `notifications/cancelled`: the server ends a subscription, and nothing else (T26-210, T26-211). */
export type CancelledNotification = {
  readonly jsonrpc: "2.0";
  readonly method: "notifications/cancelled";
  readonly params: { readonly requestId: RequestId; readonly reason?: string; readonly _meta?: JsonObject };
};
