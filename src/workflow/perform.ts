/**
 * One step of a workflow: its values, its resources, its tool call, and what is told of each.
 *
 * What runs a workflow decides what lies between: it makes the call, and may record it before and after.
 *
 * @module
 */
import type { CallToolResult, JsonObject, PromptMessage } from "../protocol/mod.ts";
import type { WorkflowDefinition, WorkflowStep } from "./definition.ts";
import type { ResourceOutcome, ToolCallOutcome, WorkflowTool } from "./host.ts";
import { fetchResources, isLate, type ResourceStop } from "./fetch.ts";
import { type Known, missingFields, resolveArgs, type Unresolved } from "./resolve.ts";
import {
  callMessage,
  errorTextOf,
  fetchMessage,
  guidanceMessage,
  refusalMessage,
  resultMessage,
} from "./trace.ts";

/** Why a step came to a stop: what the server cannot do, and somebody else has to. */
export type StepStop =
  | ResourceStop
  /** Arguments of the tool have no value. */
  | { readonly kind: "unresolved"; readonly missing: readonly Unresolved[] }
  /** The tool's schema does not take the arguments; `missingFields`: all required ones that are not there. */
  | { readonly kind: "schema"; readonly missingFields: readonly string[]; readonly message: string }
  /** The tool was run, and failed; `hasAskedInVain`: because it asked what the client cannot be asked. */
  | { readonly kind: "tool"; readonly error: string; readonly hasAskedInVain: boolean }
  /** The tool cannot be run here: it runs only as a task, has no handler in this process, is not there, or not for this caller. */
  | {
    readonly kind: "not_here";
    readonly reason: Exclude<(ToolCallOutcome & { readonly kind: "refused" })["reason"], "arguments">;
    readonly message: string;
  };

/** What came of a step. */
export interface StepOutcome {
  /** What is told of it, in order. */
  readonly messages: readonly PromptMessage[];
  /** Result of its tool, a failure included; absent if none was run. */
  readonly result?: CallToolResult;
  /** Why it is not done. Absent: it is. */
  readonly stop?: StepStop;
}

/** What a step is performed with. */
export interface StepSurroundings {
  /** The workflow. */
  readonly definition: WorkflowDefinition;
  /** What is known by now. */
  readonly known: Known;
  /** Whether the step is part of a stored task. */
  readonly isTask: boolean;
  /** The step's tool; `undefined` if there is none, or it is unknown. */
  readonly tool: WorkflowTool | undefined;
  /** Makes the call. */
  readonly call: (tool: string, args: JsonObject) => Promise<ToolCallOutcome>;
  /** Reads a resource. */
  readonly read: (uri: string) => Promise<ResourceOutcome>;
}

/** Performs a step. Rejects only with what `call` and `read` reject with. */
export async function performStep(step: WorkflowStep, env: StepSurroundings): Promise<StepOutcome> {
  const messages: PromptMessage[] = [];
  const guidance = guidanceMessage(step, env.known.arguments);
  if (guidance !== undefined) messages.push(guidance);
  if (step.tool === undefined) messages.push(fetchMessage(step));

  const early = await fetchResources(step, env, (uri) => !isLate(step, uri));
  messages.push(...early.messages);
  if (early.stop !== undefined) return { messages, stop: early.stop };
  if (step.tool === undefined) return { messages };

  const ready = readyToCall(step, step.tool, env);
  if ("stop" in ready) return { messages, stop: ready.stop };
  messages.push(callMessage(step.tool, ready.args, step.args));
  const outcome = await env.call(step.tool, ready.args);
  if (outcome.kind === "refused") {
    messages.push(refusalMessage(step.tool, outcome.message));
    return { messages, stop: toStop(outcome) };
  }
  const { result } = outcome;
  messages.push(resultMessage(result));
  if (result.isError === true) {
    const { hasAskedInVain = false } = outcome;
    return { messages, result, stop: { kind: "tool", error: errorTextOf(result), hasAskedInVain } };
  }

  const known = withOutput(env.known, step, result);
  const late = await fetchResources(step, { ...env, known }, (uri) => isLate(step, uri));
  messages.push(...late.messages);
  return late.stop === undefined ? { messages, result } : { messages, result, stop: late.stop };
}

/** What is known once a step is done. */
export function withOutput(
  known: Known,
  { binding }: WorkflowStep,
  result: CallToolResult | undefined,
): Known {
  if (binding === undefined || result === undefined) return known;
  return { ...known, outputs: new Map([...known.outputs, [binding, result]]) };
}

/** The arguments to call a step's tool with, or why it cannot be called. Nothing is run. */
export function readyToCall(
  step: WorkflowStep,
  name: string,
  { definition, known, isTask, tool }: Pick<StepSurroundings, "definition" | "known" | "isTask" | "tool">,
): { readonly args: JsonObject } | { readonly stop: StepStop } {
  const resolved = resolveArgs(step, definition.arguments, known);
  if (!resolved.ok) return { stop: { kind: "unresolved", missing: resolved.missing } };
  const { args } = resolved;
  const refused = (reason: "needs_task" | "elsewhere" | "unknown", message: string) => ({
    stop: { kind: "not_here", reason, message } as const,
  });
  if (tool === undefined) return refused("unknown", `There is no tool "${name}"`);
  if (tool.runs === "elsewhere") return refused("elsewhere", `Tool "${name}" has no handler in this process`);
  if (tool.runs === "in_task" && !isTask) return refused("needs_task", `Tool "${name}" runs only as a task`);
  const fields = missingFields(tool.inputSchema, args);
  if (fields.length === 0) return { args };
  const names = fields.map((field) => `"${field}"`).join(", ");
  return { stop: { kind: "schema", missingFields: fields, message: `Tool "${name}" needs ${names}` } };
}

function toStop({ reason, message }: ToolCallOutcome & { readonly kind: "refused" }): StepStop {
  return reason === "arguments"
    ? { kind: "schema", missingFields: [], message }
    : { kind: "not_here", reason, message };
}
