/**
 * Durable Model Context Protocol tasks for every fetch runtime.
 *
 * Write a slow tool as one ordinary async function; Perdure makes it a task that clients of both protocol
 * revisions can start, watch, answer, cancel and fetch later, from any instance.
 *
 * @module
 */
export { McpServer, type McpServerOptions } from "./src/handler/mcp_server.ts";
export type {
  Authentication,
  CallerCheckOptions,
  CorsOptions,
  FetchHandler,
  FetchHandlerOptions,
  OriginCheckOptions,
} from "./src/handler/mod.ts";
export type {
  Caller,
  MirroredParam,
  Principal,
  RepeatOptions,
  ServerCoreOptions,
  ServerLimits,
  TaskAccess,
  TaskHandle,
  TaskOptions,
  TaskSupport,
  ToolConfig,
  ToolHandler,
} from "./src/server/mod.ts";
export {
  type AbortReason,
  type AnswersTo,
  type AskOptions,
  elicit,
  type FormAnswer,
  type FormQuestion,
  fromJsonSchema,
  type Infer,
  type Jsonify,
  type LogLevel,
  type Question,
  ReplayMismatchError,
  type RetryOptions,
  roots,
  sample,
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  StepError,
  type StepOptions,
  TaskAbortError,
  type TaskContext,
  type TaskVariables,
  ToolError,
  type UrlAnswer,
  type UrlQuestion,
} from "./src/execution/mod.ts";
export {
  type BackendTraits,
  type DuePage,
  type DueQuery,
  type EventSink,
  type ListPage,
  type ListQuery,
  type OwnerKey,
  type PerdureEvent,
  type PutCondition,
  type PutResult,
  type RecordKey,
  type RecordKind,
  type RecordWrite,
  type StorageBackend,
  StorageError,
  StorageUnavailableError,
  type StoredRecord,
  type Version,
} from "./src/store/mod.ts";
export {
  ConcurrentModificationError,
  InvalidTransitionError,
  LeaseLostError,
  LimitReachedError,
  type LoadedOutcome,
  MissingCapabilityError,
  TaskError,
  type TaskHead,
  TaskNotFoundError,
  TaskNotReadyError,
  type TaskStatus,
  TooLargeError,
  VariableLimitError,
  type VariableLimits,
  type VariablePatch,
} from "./src/tasks/mod.ts";
export {
  type JsonObject,
  type JsonValue,
  ProtocolError,
  type ProtocolErrorOptions,
} from "./src/protocol/mod.ts";
export { type Runtime, systemRuntime } from "./src/runtime.ts";
