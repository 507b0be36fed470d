/**
 * Handing a workflow over: the last message, for models, and `_meta`, for programs.
 *
 * @module
 */
import { type JsonObject, type JsonValue, META, type PromptMessage } from "../protocol/mod.ts";
import type { PauseReason, TaskStatus, WorkflowState } from "../tasks/mod.ts";
import { quoteInline, toOneLine } from "./quote.ts";
import type { RemainingStep } from "./remaining.ts";
import { message } from "./trace.ts";

/** Longest arguments of a call in the message, in UTF-16 units. */
const MAX_ARGS = 4000;
/** Longest text of an error in the message. */
const MAX_ERROR = 1000;
/** Longest guidance of a step in the message. */
const MAX_NOTE = 1000;

/** What a hand-off is made of. */
export interface Handoff {
  /** Id of the task. */
  readonly taskId: string;
  /** Status of the task. */
  readonly status: TaskStatus;
  /** Where the steps stand. */
  readonly workflow: WorkflowState;
  /** What is left. */
  readonly remaining: readonly RemainingStep[];
  /** Name of the step that is being run at the moment. */
  readonly underWay?: string;
}

/** What programs are told. */
export function handoffMeta({ taskId, status, workflow, remaining, underWay }: Handoff): JsonObject {
  const { steps, pauseReason } = workflow;
  return {
    task_id: taskId,
    task_status: status,
    steps: steps.map((step) => ({
      name: step.name,
      status: step.name === underWay ? "running" : step.status,
    })),
    ...(pauseReason === undefined ? {} : { pause_reason: pauseReason as unknown as JsonValue }),
    remaining_steps: remaining.map(toRemainingMeta),
    [META.taskId]: taskId,
  };
}

/** What models are told; nothing of a workflow that is completed. The id of the task is never part of it. */
export function handoffMessage(handoff: Handoff): PromptMessage | undefined {
  const { status, workflow: { pauseReason }, remaining } = handoff;
  if (status === "completed") return undefined;
  if (status === "cancelled" || status === "failed") {
    return message("assistant", `The workflow was ended before all of its steps were done: it is ${status}.`);
  }
  if (pauseReason === undefined) {
    const what = handoff.underWay === undefined ? "" : ` at step ${name(handoff.underWay)}`;
    return message(
      "assistant",
      `The workflow is being run${what}. Ask for this prompt again, with its task, to see how it went on.`,
    );
  }
  const paragraphs = [reasonText(pauseReason, handoff.underWay), ...callsText(remaining)];
  return message("assistant", paragraphs.join("\n\n"));
}

function toRemainingMeta(step: RemainingStep): JsonObject {
  const { tool, placeholders, resources, guidance } = step;
  return {
    name: step.name,
    ...(tool === undefined ? {} : { tool }),
    arguments: step.arguments,
    ...(Object.keys(placeholders).length === 0 ? {} : { placeholders }),
    ...(resources.length === 0 ? {} : { resources }),
    ...(guidance === undefined ? {} : { guidance }),
    for_client: step.isForClient,
  };
}

/** What failed, or is missing. */
function reasonText(reason: PauseReason, underWay: string | undefined): string {
  switch (reason.type) {
    case "toolError": {
      const failed = `Step ${name(reason.failedStep)} failed: ${sentence(reason.error)}`;
      return reason.retryable ? `${failed} This step is retryable.` : failed;
    }
    case "unresolvableParams":
      return `Could not resolve parameter '${reason.missingParam}' for step ${name(reason.blockedStep)}.` +
        listed(reason.missing.map(({ parameter, message }) => `${parameter}: ${toOneLine(message)}`));
    case "schemaMismatch":
      return reason.missingFields.length > 0
        ? `Step ${name(reason.blockedStep)} has missing required fields: {${
          reason.missingFields.join(", ")
        }}.`
        : `Step ${name(reason.blockedStep)} has arguments that its tool does not take: ` +
          sentence(reason.message ?? "");
    case "unresolvedDependency":
      return `Step ${name(reason.blockedStep)} depends on output '${reason.missingOutput}' from step ` +
        `${name(reason.producingStep)}, which did not complete.`;
    case "resourceError":
      return `Step ${name(reason.blockedStep)} could not read resource ${quoteInline(reason.uri)}: ` +
        sentence(reason.error);
    case "inputRequired":
      return reason.isOpen
        ? `Step ${name(reason.blockedStep)} waits for an answer. Once it is given, ask for this prompt again.`
        : `Step ${name(reason.blockedStep)} asks what this client cannot be asked.`;
    case "toolUnavailable":
      return `Step ${name(reason.blockedStep)} cannot be run as a part of the workflow: ` +
        sentence(reason.message);
    case "workflowChanged":
      return `The workflow stopped before step ${name(reason.nextStep)}: ${INTERRUPTIONS[reason.type]}. ` +
        "This server cannot go on with it; ask for this prompt without its task to begin it anew.";
    default:
      return underWay === undefined
        ? `The workflow stopped before step ${name(reason.nextStep)}: ${INTERRUPTIONS[reason.type]}. ` +
          "Ask for this prompt again, with its task, to let it go on."
        : `Step ${name(underWay)} is still running: ${INTERRUPTIONS[reason.type]}. ` +
          "Ask for this prompt again, with its task, to see how it went on.";
  }
}

const INTERRUPTIONS = {
  cancelled: "the request was cancelled",
  timeLimit: "the prompt took as long as it may",
  closing: "the server closes",
  workerLost: "the process running it was lost",
  storeUnavailable: "what it came to could not be stored yet",
  workflowChanged: "its steps are not those it was begun with",
} as const;

/** The calls to make, and what the server does by itself afterwards. */
function callsText(remaining: readonly RemainingStep[]): string[] {
  if (remaining.length === 0) return [];
  const mine = remaining.filter(({ isForClient }) => isForClient);
  const others = remaining.filter(({ isForClient }) => !isForClient);
  const lines = [...mine, ...others].map((step, i) => callText(step, i + 1));
  const calls = (from: number, to?: number) => lines.slice(from, to).join("\n");
  if (mine.length === 0) {
    return ["The server runs what is left when it goes on. Without it, make these tool calls:", calls(0)];
  }
  const first = ["To continue the workflow, make these tool calls:", calls(0, mine.length)];
  if (others.length === 0) return first;
  const then =
    "Once these calls have come with the task of this workflow, the server goes on by itself with what follows; " +
    "otherwise, make these tool calls too:";
  return [...first, then, calls(mine.length)];
}

function callText(step: RemainingStep, number: number): string {
  const { tool, guidance, resources } = step;
  const call = tool === undefined
    ? `${number}. Read the resources of step ${name(step.name)}`
    : `${number}. Call ${tool} with ${quoteInline(step.call, MAX_ARGS)}`;
  const notes = [
    ...resources.map((uri) => `   Resource: ${toOneLine(uri, MAX_NOTE)}`),
    ...(guidance === undefined ? [] : [`   Note: ${toOneLine(guidance, MAX_NOTE)}`]),
  ];
  return [call, ...notes].join("\n");
}

/** On one line, with one stop. */
function sentence(text: string): string {
  return `${toOneLine(text, MAX_ERROR).replace(/\.+$/, "")}.`;
}

function name(step: string): string {
  return `'${step}'`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? "" : ` In all: ${items.join("; ")}.`;
}
