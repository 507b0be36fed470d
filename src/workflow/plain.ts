/**
 * A workflow that leaves nothing behind: its steps are run while the client waits for the prompt.
 *
 * @module
 */
import type { CallToolResult, JsonObject, JsonValue, PromptMessage } from "../protocol/mod.ts";
import { scopeContext, type TaskContext } from "../execution/mod.ts";
import type { Progress } from "../tasks/mod.ts";
import type { ArgumentValues } from "./arguments.ts";
import type { WorkflowDefinition, WorkflowStep } from "./definition.ts";
import type { WorkflowHost } from "./host.ts";
import { performStep, type StepOutcome, withOutput } from "./perform.ts";
import type { Known } from "./resolve.ts";
import { intentMessage, planMessage } from "./trace.ts";

/** A prompt's answer. */
export type WorkflowPrompt = {
  readonly description: string;
  readonly messages: readonly PromptMessage[];
};

/** What is recorded of a step: its outcome, and all variables where it changed them. */
interface StepRecord extends Pick<StepOutcome, "messages" | "stop"> {
  /** As JSON text: a result may nest as deep as can be recorded at all. */
  readonly result?: string;
  readonly variables?: JsonObject;
}

/**
 * Runs the steps in order, until one cannot be done; the client goes on from there.
 *
 * A finished step is recorded: where the prompt asks the client and is asked for again with the answer, it is not run
 * twice.
 *
 * @throws {TaskAbortError} If the work was asked to stop.
 */
export async function runPlain(
  definition: WorkflowDefinition,
  args: ArgumentValues,
  host: WorkflowHost,
  ctx: TaskContext,
): Promise<WorkflowPrompt> {
  const { steps } = definition;
  const messages = [
    intentMessage(definition, args),
    planMessage(definition, (tool) => host.tool(tool)?.description),
  ];
  let known: Known = { arguments: args, outputs: new Map(), variables: {} };
  let stoppedAt: string | undefined;
  for (const [i, step] of steps.entries()) {
    ctx.signal.throwIfAborted();
    await ctx.progress(i, steps.length, stepText(i, steps.length, step));
    known = { ...known, variables: await ctx.variables.all() };
    const outcome = await runRecorded(definition, i, known, host, ctx);
    messages.push(...outcome.messages);
    if (outcome.stop !== undefined) {
      stoppedAt = step.name;
      break;
    }
    known = withOutput(known, step, outcome.result);
  }
  const end = stoppedAt === undefined
    ? "Workflow execution complete"
    : `Workflow stopped at step: ${stoppedAt}`;
  await ctx.progress(steps.length, steps.length, end);
  return { description: definition.description, messages };
}

/** What is told of a step that begins. */
export function stepText(index: number, total: number, { name }: WorkflowStep): string {
  return `Step ${index + 1}/${total}: ${name}`;
}

/** Progress of the workflow while a step reports its own: as much of the step as it says. */
export function progressWithin(
  index: number,
  total: number,
  step: WorkflowStep,
): (own: Progress) => Progress {
  return ({ progress, total: ownTotal, message }) => {
    const part = ownTotal === undefined || ownTotal <= 0 ? 0 : Math.min(Math.max(progress / ownTotal, 0), 1);
    const text = stepText(index, total, step);
    return {
      progress: index + part,
      total,
      message: message === undefined ? text : `${text}: ${message}`,
    };
  };
}

async function runRecorded(
  definition: WorkflowDefinition,
  index: number,
  known: Known,
  host: WorkflowHost,
  ctx: TaskContext,
): Promise<StepOutcome> {
  const step = definition.steps[index]!;
  const toProgress = progressWithin(index, definition.steps.length, step);
  let hasRun = false;
  const recorded = await ctx.step<JsonValue>(step.name, async () => {
    hasRun = true;
    const scoped = scopeContext(ctx, { name: step.name, toProgress });
    const { messages, result, stop } = await performStep(step, {
      definition,
      known,
      isTask: false,
      tool: step.tool === undefined ? undefined : host.tool(step.tool),
      call: (tool, args) => host.callTool(tool, args, scoped),
      read: (uri) => host.readResource(uri, scoped),
    });
    const variables = await ctx.variables.all();
    const isChanged = JSON.stringify(variables) !== JSON.stringify(known.variables);
    const record: StepRecord = {
      messages,
      result: result && JSON.stringify(result),
      stop,
      variables: isChanged ? variables : undefined,
    };
    return record as unknown as JsonValue;
  });
  const record = recorded as unknown as StepRecord;
  // Variables of a call that is no task live only as long as its round.
  if (!hasRun && record.variables !== undefined) await restore(ctx, known.variables, record.variables);
  const { messages, result, stop } = record;
  return { messages, result: result === undefined ? undefined : JSON.parse(result) as CallToolResult, stop };
}

async function restore(ctx: TaskContext, before: JsonObject, after: JsonObject): Promise<void> {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  await ctx.variables.set({ ...after, ...Object.fromEntries(gone.map((name) => [name, null])) });
}
