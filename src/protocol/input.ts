/**
 * Questions a server puts to the user, the model or the host: elicitation, sampling, roots. Alike in both revisions,
 * but for `elicitationId`, which only 2025-11-25 has and adds when it sends.
 *
 * @module
 */
import type {
  AudioContent,
  ContentBlock,
  Icon,
  ImageContent,
  Role,
  TextContent,
  ToolAnnotations,
} from "./content.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { ElicitationSchema } from "./elicitation_schema.ts";

/** Asks the user to fill in a form. */
export type ElicitFormParams = {
  readonly mode?: "form";
  readonly message: string;
  /** Flat: an object of primitives and choices. */
  readonly requestedSchema: ElicitationSchema;
};

/** Asks the user to open a page; accepting means consent, not completion (T26-274). */
export type ElicitUrlParams = {
  readonly mode: "url";
  readonly message: string;
  readonly url: string;
};

/** A call of a tool by the model. */
export type ToolUseContent = {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  readonly _meta?: JsonObject;
};

/** What a tool answered to the model. */
export type ToolResultContent = {
  readonly type: "tool_result";
  readonly toolUseId: string;
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: JsonValue;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
};

/** One block of a sampling message. */
export type SamplingContent = TextContent | ImageContent | AudioContent | ToolUseContent | ToolResultContent;

/** One message of a sampled conversation. */
export type SamplingMessage = {
  readonly role: Role;
  readonly content: SamplingContent | readonly SamplingContent[];
  readonly _meta?: JsonObject;
};

/** A tool offered to the model. */
export type SamplingTool = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: { readonly type: "object" } & JsonObject;
  readonly icons?: readonly Icon[];
  readonly annotations?: ToolAnnotations;
};

/** Asks the host's model to go on with a conversation. */
export type CreateMessageParams = {
  readonly messages: readonly SamplingMessage[];
  readonly maxTokens: number;
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly includeContext?: "none" | "thisServer" | "allServers";
  readonly modelPreferences?: {
    readonly hints?: readonly { readonly name?: string }[];
    readonly costPriority?: number;
    readonly speedPriority?: number;
    readonly intelligencePriority?: number;
  };
  readonly tools?: readonly SamplingTool[];
  readonly toolChoice?: { readonly mode?: "auto" | "none" | "required" };
  readonly metadata?: JsonObject;
};

/** A question to the user. */
export type ElicitRequest = {
  readonly method: "elicitation/create";
  readonly params: ElicitFormParams | ElicitUrlParams;
};

/** A question to the model. */
export type CreateMessageRequest = {
  readonly method: "sampling/createMessage";
  readonly params: CreateMessageParams;
};

/** Asks for the directories the host works in. */
export type ListRootsRequest = {
  readonly method: "roots/list";
  readonly params?: JsonObject;
};

/** Anything a server may ask. */
export type InputRequest = ElicitRequest | CreateMessageRequest | ListRootsRequest;

/** One value of a filled-in form. */
export type ElicitedValue = string | number | boolean | readonly string[];

/** The user's answer. */
export type ElicitResult = {
  readonly action: "accept" | "decline" | "cancel";
  /** Only with `accept`, and only of a form. Not yet held against the schema that was asked for. */
  readonly content?: { readonly [name: string]: ElicitedValue };
};

/** The model's answer. */
export type CreateMessageResult = {
  readonly role: Role;
  readonly content: SamplingContent | readonly SamplingContent[];
  readonly model: string;
  /** `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, or a word of the host's. */
  readonly stopReason?: string;
};

/** A directory or file the host works in. */
export type Root = {
  /** `file:` URI. */
  readonly uri: string;
  readonly name?: string;
};

/** The host's answer. */
export type ListRootsResult = {
  readonly roots: readonly Root[];
};

/** Any answer. */
export type InputResponse = ElicitResult | CreateMessageResult | ListRootsResult;

/** The kind of answer a request gets. */
export type ResponseTo<R extends InputRequest> = R extends ElicitRequest ? ElicitResult
  : R extends CreateMessageRequest ? CreateMessageResult
  : R extends ListRootsRequest ? ListRootsResult
  : never;
