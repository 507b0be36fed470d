/**
 * The wire: JSON-RPC, both revisions' types and guards, names and numbers.
 *
 * What only one revision has stands in `v2025_11_25/mod.ts` and `v2026_07_28/mod.ts`.
 *
 * @module
 */
export {
  isJsonObject,
  jsonDepth,
  JsonDepthError,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "./json.ts";
export {
  isRequestId,
  type JsonRpcError,
  type JsonRpcFailure,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type JsonRpcResult,
  type ParsedMessage,
  parseMessage,
  type RequestId,
  toFailure,
  toResult,
} from "./json_rpc.ts";
export {
  internalError,
  invalidParams,
  methodNotFound,
  ProtocolError,
  type ProtocolErrorOptions,
} from "./errors.ts";
export {
  type Era,
  ERROR,
  HANDSHAKE_VERSIONS,
  META,
  TASKS_EXTENSION,
  VERSION_2025,
  VERSION_2026,
} from "./constants.ts";
export { toEraError, toEraFailure } from "./era_error.ts";
export type {
  Annotations,
  AudioContent,
  BlobResourceContents,
  CallToolResult,
  ContentBlock,
  EmbeddedResource,
  Icon,
  ImageContent,
  Implementation,
  ResourceContents,
  ResourceLink,
  Role,
  TextContent,
  TextResourceContents,
  ToolAnnotations,
} from "./content.ts";
export type {
  Completion,
  Prompt,
  PromptArgument,
  PromptMessage,
  Resource,
  ResourceTemplate,
} from "./listings.ts";
export { isAtLeast, isLoggingLevel, LOGGING_LEVELS, type LoggingLevel } from "./logging.ts";
export {
  isIdempotencyKey,
  isTaskId,
  MAX_CURSOR_LENGTH,
  MAX_TASK_ID_LENGTH,
  MAX_URI_LENGTH,
  type ProgressToken,
} from "./fields.ts";
export { parseRequestExtras, type RequestExtras } from "./params.ts";
export type {
  CreateMessageParams,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitedValue,
  ElicitFormParams,
  ElicitRequest,
  ElicitResult,
  ElicitUrlParams,
  InputRequest,
  InputResponse,
  ListRootsRequest,
  ListRootsResult,
  ResponseTo,
  Root,
  SamplingContent,
  SamplingMessage,
  SamplingTool,
  ToolResultContent,
  ToolUseContent,
} from "./input.ts";
export { declares, requiredCapability, toInputCapabilities } from "./input_capability.ts";
export { parseInputResponse } from "./input_response.ts";
export { faultOfElicitedContent } from "./elicited_content.ts";
export {
  assertFlatElicitationSchema,
  type ElicitationSchema,
  type PrimitiveSchema,
} from "./elicitation_schema.ts";
