/**
 * The first state of a task.
 *
 * @module
 */
import type { Era, JsonObject, JsonValue, RequestId } from "../protocol/mod.ts";
import { type InputState, NO_INPUT } from "./input.ts";
import { leased } from "./operations.ts";
import {
  type ExecState,
  HEAD_SCHEMA,
  type Journal,
  type PrincipalSnapshot,
  type Progress,
  type TaskHead,
} from "./record.ts";
import type { WorkflowState } from "./workflow.ts";

/** What is known of a task when it is created. */
export interface NewTask {
  readonly id: string;
  /** Owner key. */
  readonly owner: string;
  readonly kind: "tool" | "workflow";
  readonly name: string;
  readonly namespace: string;
  readonly era: Era;
  readonly args: JsonValue;
  readonly prepared?: JsonValue;
  readonly principal?: PrincipalSnapshot;
  readonly clientCapabilities: JsonObject;
  readonly progressToken?: RequestId;
  readonly sessionId?: string;
  readonly idem?: string;
  /** Time to live in milliseconds, already clamped. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
  readonly variables?: JsonObject;
  readonly publicVariables?: readonly string[];
  readonly executor: ExecState["executor"];
  readonly repeatable: boolean;
  readonly maxAttempts: number;
  /** Leased to the creator at once; absent: queued for a worker. */
  readonly lease?: { readonly leaseOwner: string; readonly leaseMs: number };
  /** State of a call that already ran inline. */
  readonly journal?: Journal;
  readonly input?: InputState;
  readonly statusMessage?: string;
  readonly progress?: Progress;
  /** Of a workflow: its steps. */
  readonly workflow?: WorkflowState;
  /** Workflow that the call continues. */
  readonly continues?: TaskHead["continues"];
}

/** Builds the head of a new task; status `working` (T25-025). */
export function newHead(task: NewTask, now: number, createNonce: string): TaskHead {
  const queued: ExecState = {
    phase: "queued",
    executor: task.executor,
    repeatable: task.repeatable,
    attempt: 0,
    maxAttempts: task.maxAttempts,
    epoch: 0,
  };
  const { lease } = task;
  return {
    schema: HEAD_SCHEMA,
    id: task.id,
    owner: task.owner,
    kind: task.kind,
    name: task.name,
    namespace: task.namespace,
    era: task.era,
    createdAt: now,
    expiresAt: now + task.ttlMs,
    pollIntervalMs: task.pollIntervalMs,
    rev: 0,
    createNonce,
    writeNonce: "",
    idem: task.idem,
    args: { json: task.args },
    prepared: task.prepared === undefined ? undefined : { json: task.prepared },
    principal: task.principal,
    clientCapabilities: task.clientCapabilities,
    progressToken: task.progressToken,
    sessionId: task.sessionId,
    progress: task.progress,
    status: "working",
    statusMessage: task.statusMessage,
    lastUpdatedAt: now,
    variables: { json: task.variables ?? {} },
    publicVariables: task.publicVariables,
    exec: lease === undefined ? queued : leased(queued, lease.leaseOwner, now, lease.leaseMs),
    journal: task.journal ?? { entries: [], pages: [] },
    input: task.input ?? NO_INPUT,
    workflow: task.workflow,
    continues: task.continues,
  };
}
