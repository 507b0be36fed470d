/**
 * Names and numbers that both sides of the wire agree on.
 *
 * @module
 */

/** The two protocol revisions served, by the name they go by on the wire. */
export type Era = "2025-11-25" | "2026-07-28";

/** Revision with a handshake, sessions and experimental tasks in the core. */
export const VERSION_2025 = "2025-11-25";
/** Stateless revision, tasks by extension. */
export const VERSION_2026 = "2026-07-28";
/** Versions that `initialize` agrees to, newest first. Tasks exist from 2025-11-25 on. */
export const HANDSHAKE_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;

/** Identifier of the Tasks extension (SEP-2663). */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** Keys under `_meta`. */
export const META = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  logLevel: "io.modelcontextprotocol/logLevel",
  subscriptionId: "io.modelcontextprotocol/subscriptionId",
  relatedTask: "io.modelcontextprotocol/related-task",
  modelImmediateResponse: "io.modelcontextprotocol/model-immediate-response",
  /** Ours: makes a creation idempotent. */
  idempotencyKey: "io.perdure/idempotencyKey",
  /** Ours: continues a workflow task. */
  taskId: "io.perdure/taskId",
  /** Ours: what became of a call that continues a workflow task. */
  workflow: "io.perdure/workflow",
  /** Ours: where the steps of a workflow stand, in the `_meta` of its task. */
  workflowProgress: "io.perdure/workflow.progress",
  /** Ours: why a workflow stopped, in the `_meta` of its task. */
  workflowPause: "io.perdure/workflow.pause_reason",
} as const;

/** JSON-RPC error codes. */
export const ERROR = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** 2026-07-28: a header is missing or disagrees with the body; HTTP 400. */
  headerMismatch: -32020,
  /** 2026-07-28: the request lacks a client capability; HTTP 400. */
  missingCapability: -32021,
  /** 2026-07-28: version not served; HTTP 400. */
  unsupportedVersion: -32022,
  /** 2025-11-25: no such resource. */
  resourceNotFound: -32002,
} as const;
