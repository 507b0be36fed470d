/**
 * The answer to a prompt of a workflow that is a task: the whole conversation, from what is recorded, and the hand-off.
 *
 * @module
 */
import type { CallToolResult, JsonObject, PromptMessage } from "../protocol/mod.ts";
import type { TaskHead } from "../tasks/mod.ts";
import { type PauseReason, workflowOf, type WorkflowState, type WorkflowStepState } from "../tasks/mod.ts";
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
  const told = await Promise.all(workflow.steps.map((step) => tell(options, step)));
  const known: Known = { arguments: args, outputs: await outputsFor(options, workflow), variables };
  const remaining = remainingSteps(definition, workflow, known, underWay);
  const handoff = { taskId: head.id, status: head.status, workflow, remaining, underWay };
  const last = handoffMessage(handoff);
  const messages = [
    intentMessage(definition, args),
    planMessage(definition, options.describe),
    ...told.flat(),
    ...unfinished,
    ...(last === undefined ? [] : [last]),
  ];
  return { description: definition.description, messages, _meta: handoffMeta(handoff) };
}

/** What is told of a step. What a client has done is recorded by its call alone. */
async function tell(
  { definition, args, head, steps }: ReportOptions,
  state: WorkflowStepState,
): Promise<readonly PromptMessage[]> {
  const messages = await steps.messages(head, state);
  const step = definition.steps.find(({ name }) => name === state.name);
  const guidance = state.by === "client" && step !== undefined ? guidanceMessage(step, args) : undefined;
  return guidance === undefined ? messages : [guidance, ...messages];
}

/** Outputs that steps which are left refer to. */
async function outputsFor(
  { definition, head, steps }: ReportOptions,
  workflow: WorkflowState,
): Promise<ReadonlyMap<string, CallToolResult>> {
  const isDone = new Set(workflow.steps.flatMap(({ name, status }) => status === "completed" ? [name] : []));
  const left = definition.steps.filter(({ name }) => !isDone.has(name));
  const wanted = new Set(
    left.flatMap(({ args }) =>
      args.flatMap(([, source]) => source.from === "output" ? [source.binding] : [])
    ),
  );
  const outputs = definition.steps.map(async ({ name, binding }) => {
    const state = workflow.steps.find((step) => step.name === name && step.status === "completed");
    if (state === undefined || binding === undefined || !wanted.has(binding)) return [];
    const result = await steps.result(head, state);
    return result === undefined ? [] : [[binding, result] as const];
  });
  return new Map((await Promise.all(outputs)).flat());
}
