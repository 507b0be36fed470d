/**
 * The answer to a prompt of a workflow that is a task: the whole conversation, from what is recorded, and the hand-off.
 *
 * @module
 */
import type { CallToolResult, JsonObject, PromptMessage } from "../protocol/mod.ts";
import type { TaskHead } from "../tasks/mod.ts";
import { type PauseReason, workflowOf } from "../tasks/mod.ts";
import type { ArgumentValues } from "./arguments.ts";
import type { WorkflowDefinition } from "./definition.ts";
import { handoffMessage, handoffMeta } from "./handoff.ts";
import type { Known } from "./resolve.ts";
import { remainingSteps } from "./remaining.ts";
import type { StepStore } from "./step_store.ts";
import { guidanceMessage, intentMessage, planMessage } from "./trace.ts";

/** What a report is made of. */
export interface ReportOptions {
  /** The workflow. */
  readonly definition: WorkflowDefinition;
  /** Arguments of the prompt. */
  readonly args: ArgumentValues;
  /** The task. */
  readonly head: TaskHead;
  /** What finished steps came to. */
  readonly steps: StepStore;
  /** Variables of the task. */
  readonly variables: JsonObject;
  /** Description of a tool. */
  readonly describe: (tool: string) => string | undefined;
  /** Name of the step that is being run at the moment. */
  readonly underWay?: string;
  /** What is to be told of the step that stopped the workflow, beside what is recorded. */
  readonly unfinished?: readonly PromptMessage[];
  /** Why it stopped, where that is not recorded. */
  readonly pauseReason?: PauseReason;
}

/** A prompt's answer. */
export interface WorkflowReport {
  /** Description of the workflow. */
  readonly description: string;
  /** The conversation. */
  readonly messages: readonly PromptMessage[];
  /** What programs are told. */
  readonly _meta: JsonObject;
}

/**
 * Tells a workflow from its record: whoever tells it, and how often it was interrupted, it is told alike.
 *
 * @throws {UndecodableRecordError} If a client has replaced what is recorded since the head was read.
 */
export async function reportWorkflow(options: ReportOptions): Promise<WorkflowReport> {
  const { definition, args, head, variables, underWay, unfinished = [] } = options;
  const state = workflowOf(head);
  const workflow = options.pauseReason === undefined ? state : { ...state, pauseReason: options.pauseReason };
  const outputs = new Map<string, CallToolResult>();
  const told: PromptMessage[] = [];
  for (const step of workflow.steps) {
    if (step.nonce === undefined) continue;
    const { result, messages } = await options.steps.read(head, step);
    const declared = definition.steps.find(({ name }) => name === step.name);
    // What a client has done is told by its call alone.
    const guidance = step.by === "client" && declared !== undefined
      ? guidanceMessage(declared, args)
      : undefined;
    if (guidance !== undefined) told.push(guidance);
    told.push(...messages);
    const binding = declared?.binding;
    if (binding !== undefined && result !== undefined && step.status === "completed") {
      outputs.set(binding, result);
    }
  }
  const known: Known = { arguments: args, outputs, variables };
  const remaining = remainingSteps(definition, workflow, known, underWay);
  const handoff = { taskId: head.id, status: head.status, workflow, remaining, underWay };
  const last = handoffMessage(handoff);
  const messages = [
    intentMessage(definition, args),
    planMessage(definition, options.describe),
    ...told,
    ...unfinished,
    ...(last === undefined ? [] : [last]),
  ];
  return { description: definition.description, messages, _meta: handoffMeta(handoff) };
}
