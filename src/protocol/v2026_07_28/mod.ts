/**
 * Protocol 2026-07-28 with the Tasks extension: guards for what a client sends, types for what a server sends.
 *
 * @module
 */
export {
  type Acknowledgement,
  type CreateTaskResult,
  declaresTasks,
  type DetailedTask,
  type GetTaskResult,
  type InputRequests,
  type Task,
  type TaskFields,
  type TaskNotification,
  TASKS_CAPABILITY,
  type TaskStatus,
} from "./tasks.ts";
export type {
  Cacheable,
  CancelledNotification,
  Complete,
  CompleteCallToolResult,
  CompleteResult,
  DiscoverResult,
  GetPromptResult,
  InputRequiredResult,
  ListenResult,
  ListPromptsResult,
  ListResourcesResult,
  ListResourceTemplatesResult,
  ListToolsResult,
  LoggingMessageNotification,
  ProgressNotification,
  ReadResourceResult,
  ServerCapabilities,
  SubscriptionAcknowledgedNotification,
  SubscriptionFilter,
  Tool,
} from "./results.ts";
export { headerMismatch, missingCapability, unsupportedVersion } from "./errors.ts";
export { parseRequestMeta, type RequestMeta } from "./request_meta.ts";
export {
  type InputResponses,
  MAX_RESPONSE_BYTES,
  MAX_RESPONSE_DEPTH,
  MAX_RESPONSES,
  MAX_RESPONSES_BYTES,
} from "./input_responses.ts";
export {
  type CallToolParams,
  type ListenParams,
  MAX_REQUEST_STATE_LENGTH,
  parseCallToolParams,
  parseListenParams,
  parsePromptsGet,
  parseReadResource,
  parseUpdateTaskParams,
  type RetryParams,
  type UpdateTaskParams,
} from "./params.ts";
export {
  type CompleteParams,
  type CompletionReference,
  type GetPromptParams,
  type ListParams,
  parseComplete,
  parseListParams,
  parseTaskIdParams,
  type ResourceParams,
  type TaskIdParams,
} from "../params.ts";
