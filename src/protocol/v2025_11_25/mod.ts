/**
 * Protocol 2025-11-25: guards for what a client sends, types for what a server sends.
 *
 * @module
 */
export type {
  CancelTaskResult,
  CreateTaskResult,
  GetTaskResult,
  ListTasksResult,
  Task,
  TaskStatus,
  TaskStatusNotification,
} from "./tasks.ts";
export { relatedTaskMeta } from "./tasks.ts";
export type { ClientCapabilities, InitializeResult, ServerCapabilities } from "./capabilities.ts";
export type {
  CancelledNotification,
  CompleteResult,
  ElicitUrlParams2025,
  GetPromptResult,
  ListPromptsResult,
  ListResourcesResult,
  ListResourceTemplatesResult,
  ListToolsResult,
  LoggingMessageNotification,
  ObjectSchema,
  ProgressNotification,
  ReadResourceResult,
  ResourceUpdatedNotification,
  Tool,
} from "./results.ts";
export {
  type CallToolParams,
  type CancelledParams,
  type CancelTaskParams,
  type InitializeParams,
  parseCallToolParams,
  parseCancelledNotification,
  parseCancelTaskParams,
  parseInitializeParams,
  parseProgressNotification,
  parseSetLevel,
  parseSubscribe,
  type ProgressParams,
  type TaskMetadata,
} from "./params.ts";
export {
  type CompleteParams,
  type CompletionReference,
  type GetPromptParams,
  type ListParams,
  parseComplete,
  parseListParams,
  parsePromptsGet,
  parseReadResource,
  parseTaskIdParams,
  type ResourceParams,
  type TaskIdParams,
} from "../params.ts";
