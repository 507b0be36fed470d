/**
 * Why a workflow stopped, in a form for programs: part of the task's record, and sent to clients as it is.
 *
 * @module
 */

/** Longest text of an error or a URI in a reason, in UTF-16 units. */
export const MAX_REASON_TEXT = 1000;
/** Most parameters or fields that a reason names. */
export const MAX_REASON_ITEMS = 32;

/** A parameter of a tool that has no value. */
export interface MissingParameter {
  /** Name of the parameter. */
  readonly parameter: string;
  /** Why it has none, as a sentence without its stop. */
  readonly message: string;
}

/** Parameters of the next step cannot be had. */
export interface UnresolvableParams {
  /** Which reason this is. */
  readonly type: "unresolvableParams";
  /** The step that cannot start. */
  readonly blockedStep: string;
  /** The first parameter that is really missing. */
  readonly missingParam: string;
  /** All that are missing, at most 32. */
  readonly missing: readonly MissingParameter[];
  /** Tool to call with them. Absent: the step only reads resources. */
  readonly suggestedTool?: string;
}

/** The arguments that can be had are not all that the tool's schema demands. */
export interface SchemaMismatch {
  /** Which reason this is. */
  readonly type: "schemaMismatch";
  /** The step that cannot start. */
  readonly blockedStep: string;
  /** Every field that is demanded and not there, at most 32; none if a value does not fit. */
  readonly missingFields: readonly string[];
  /** What the schema says, where a value does not fit. */
  readonly message?: string;
  /** Tool to call with the right arguments. */
  readonly suggestedTool: string;
}

/** A tool failed. */
export interface ToolFailure {
  /** Which reason this is. */
  readonly type: "toolError";
  /** The step that failed. */
  readonly failedStep: string;
  /** What the tool said, at most 1000 characters. */
  readonly error: string;
  /** Whether the call may be made again. */
  readonly retryable: boolean;
  /** Tool to call. */
  readonly suggestedTool?: string;
  /** `worker_lost`: the process running the tool was lost, and its effects may or may not have taken place. */
  readonly reason?: "worker_lost";
}

/** The next step needs the output of one that failed. */
export interface UnresolvedDependency {
  /** Which reason this is. */
  readonly type: "unresolvedDependency";
  /** The step that cannot start. */
  readonly blockedStep: string;
  /** Binding whose output is missing. */
  readonly missingOutput: string;
  /** The failed step. */
  readonly producingStep: string;
  /** The failed step's tool. */
  readonly suggestedTool?: string;
}

/** A resource of a step could not be read. */
export interface ResourceFailure {
  /** Which reason this is. */
  readonly type: "resourceError";
  /** The step that cannot go on. */
  readonly blockedStep: string;
  /** The resource, at most 1000 characters. */
  readonly uri: string;
  /** What reading it said, at most 1000 characters. */
  readonly error: string;
  /** The step's tool. Absent: the step only reads resources, or its tool has run. */
  readonly suggestedTool?: string;
}

/** A tool asked a question that nobody has answered yet, or that this client cannot be asked. */
export interface InputNeeded {
  /** Which reason this is. */
  readonly type: "inputRequired";
  /** The step that waits. */
  readonly blockedStep: string;
  /** Whether the question is open with the task: once it is answered, the prompt goes on from here. */
  readonly isOpen: boolean;
  /** Tool to call instead. */
  readonly suggestedTool?: string;
}

/** The tool cannot run as a part of this workflow in this process. */
export interface ToolUnavailable {
  /** Which reason this is. */
  readonly type: "toolUnavailable";
  /** The step that cannot start. */
  readonly blockedStep: string;
  /** Why, as a sentence. */
  readonly message: string;
  /** Tool to call. */
  readonly suggestedTool: string;
}

/** Nothing stands in the way of the next step; the server was not to go on, or could not. */
export interface Interrupted {
  /**
   * Which reason this is. `cancelled`: the client cancelled its request, or left. `timeLimit`: the prompt took as long as it
   * may. `closing`: the server closes. `workerLost`: the process that ran the workflow was lost between two steps, or in one that
   * may be run again. `storeUnavailable`: what a step came to could not be stored yet. `workflowChanged`: the workflow
   * has other steps by now than it had when the task was created.
   */
  readonly type:
    | "cancelled"
    | "timeLimit"
    | "closing"
    | "workerLost"
    | "storeUnavailable"
    | "workflowChanged";
  /** The first step that is not done. */
  readonly nextStep: string;
}

/** Why a workflow stopped. */
export type PauseReason =
  | UnresolvableParams
  | SchemaMismatch
  | ToolFailure
  | UnresolvedDependency
  | ResourceFailure
  | InputNeeded
  | ToolUnavailable
  | Interrupted;

/** What a pause comes to, in one sentence for people. */
export function describePause(reason: PauseReason): string {
  switch (reason.type) {
    case "toolError":
      return `Step '${reason.failedStep}' failed: ${reason.error}`;
    case "unresolvableParams":
      return `Could not resolve parameter '${reason.missingParam}' for step '${reason.blockedStep}'`;
    case "schemaMismatch":
      return `Step '${reason.blockedStep}' does not have the arguments that its tool demands`;
    case "unresolvedDependency":
      return `Step '${reason.blockedStep}' depends on output '${reason.missingOutput}' from step ` +
        `'${reason.producingStep}', which did not complete`;
    case "resourceError":
      return `Step '${reason.blockedStep}' could not read resource '${reason.uri}'`;
    case "inputRequired":
      return `Step '${reason.blockedStep}' waits for an answer`;
    case "toolUnavailable":
      return `Step '${reason.blockedStep}' cannot run here`;
    default:
      return `Stopped before step '${reason.nextStep}'`;
  }
}
