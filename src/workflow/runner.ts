/**
 * Runs the steps of a workflow's task under its lease: each is recorded before the next one starts, and every stop has a reason.
 *
 * @module
 */
import type { CallToolResult, JsonObject, PromptMessage } from "../protocol/mod.ts";
import { randomName, sleep } from "../runtime.ts";
import { type Run, scopeContext, type TaskContext, toErrorResult } from "../execution/mod.ts";
import { StorageUnavailableError } from "../store/mod.ts";
import {
  assertHeld,
  firstUnfinished,
  hasWorkflowMark,
  type Holder,
  type Interrupted,
  isTerminal,
  nextStep,
  type Outcome,
  type PauseReason,
  pauseWorkflow,
  recordStep,
  startStep,
  type TaskHead,
  TooLargeError,
  workflowOf,
} from "../tasks/mod.ts";
import type { ArgumentValues } from "./arguments.ts";
import type { NamedSource, WorkflowDefinition, WorkflowStep } from "./definition.ts";
import { isLate } from "./fetch.ts";
import type { ToolCallOutcome, WorkflowHost, WorkflowTool } from "./host.ts";
import { toFailure, toInterruption, toPauseReason } from "./pause.ts";
import { performStep, type StepOutcome } from "./perform.ts";
import { progressWithin, stepText } from "./plain.ts";
import type { Known } from "./resolve.ts";
import { type FinishedStep, type StepStore, toStoredStep } from "./step_store.ts";
import { errorTextOf, resultMessage } from "./trace.ts";
import { completionOf } from "./completion.ts";

/** What a workflow is run with. */
export interface WorkflowRunOptions {
  /** The workflow. */
  readonly definition: WorkflowDefinition;
  /** Arguments of the prompt. */
  readonly args: ArgumentValues;
  /** Where its tools are. */
  readonly host: WorkflowHost;
  /** What finished steps came to. */
  readonly steps: StepStore;
  /** Whether steps are run again that failed before and are retryable. */
  readonly retries: boolean;
  /** Why to stop before the next step, if there is a reason. */
  readonly stopBefore: () => Interrupted["type"] | undefined;
}

/** Longest wait between two tries to store what a step came to, in milliseconds. */
const MAX_BACKOFF_MS = 5000;

/** One run of a workflow. */
export class WorkflowRunner {
  readonly #run: Run;
  readonly #options: WorkflowRunOptions;
  #retries: boolean;
  #underWay: string | undefined;
  #unfinished: readonly PromptMessage[] = [];

  /** A run that is held here. */
  constructor(run: Run, options: WorkflowRunOptions) {
    this.#run = run;
    this.#options = options;
    this.#retries = options.retries;
  }

  /** Name of the step that is being run; absent between steps. */
  get underWay(): string | undefined {
    return this.#underWay;
  }

  /** What is to be told of the step that stopped the workflow, beside what is recorded. */
  get unfinished(): readonly PromptMessage[] {
    return this.#unfinished;
  }

  /**
   * Runs steps until the workflow is completed or has to stop; either is stored when this resolves.
   *
   * @throws {TaskAbortError} If the task is held here no longer.
   */
  async go(ctx: TaskContext): Promise<void> {
    const { steps } = this.#options.definition;
    while (!isTerminal(this.#run.head.status)) {
      const before = this.#run.head;
      const workflow = workflowOf(before);
      const next = nextStep(workflow, this.#retries);
      if (next.kind === "done") return;
      const interruption = next.kind === "run" ? this.#options.stopBefore() : undefined;
      const reason = interruption !== undefined
        ? toInterruption(interruption, workflow.steps[next.index])
        : next.kind === "failed"
        ? await this.#failureAt(before, next.index)
        : await this.#advance(ctx, before, next.index);
      if (reason !== undefined && await this.#pause(before, next.index, reason)) return;
    }
    await ctx.progress(steps.length, steps.length, "Workflow execution complete");
  }

  /** The head to store when the run leaves because its step waits for an answer; nothing, if it waits for anything else. */
  park(head: TaskHead, holder: Holder, now: number): TaskHead | undefined {
    if (head.status !== "input_required") return undefined;
    const step = workflowOf(head).steps.find(({ name }) => name === this.#underWay);
    // What a client has done meanwhile needs no answer any more.
    const reason: PauseReason = step === undefined || step.status === "completed"
      ? toInterruption(this.#options.stopBefore() ?? "timeLimit", firstUnfinished(workflowOf(head)))
      : { type: "inputRequired", blockedStep: step.name, isOpen: true, suggestedTool: step.tool };
    return pauseWorkflow(head, holder, now, reason);
  }

  /** Runs one step. `undefined`: it is done. */
  async #advance(ctx: TaskContext, head: TaskHead, index: number): Promise<PauseReason | undefined> {
    const { definition, host } = this.#options;
    const step = definition.steps[index]!;
    const state = workflowOf(head).steps[index]!;
    const attempt = state.status === "failed" ? state.attempt + 1 : state.attempt;
    const total = definition.steps.length;
    this.#underWay = step.name;
    try {
      await ctx.progress(index, total, stepText(index, total, step));
      const known = await this.#knownFor(ctx, head, [...step.args, ...step.templateBindings]);
      const toProgress = progressWithin(index, total, step);
      const first = scopeContext(ctx, { name: step.name, toProgress });
      // What a failed attempt has recorded would make the next one fail alike; what it is for is the same.
      const scoped = attempt === 1 ? first : scopeContext(ctx, {
        name: `${step.name}#${attempt}`,
        idempotencyKey: first.idempotencyKey,
        toProgress,
      });
      const tool = step.tool === undefined ? undefined : host.tool(step.tool);
      const outcome = await performStep(step, {
        definition,
        known,
        isTask: true,
        tool,
        call: (name, args) => this.#call({ index, attempt, step, tool: tool! }, name, args, scoped),
        read: (uri) => host.readResource(uri, scoped),
      });
      return await this.#settle(index, attempt, outcome);
    } finally {
      this.#underWay = undefined;
    }
  }

  /** Calls a step's tool, unless it is known what the call came to. */
  async #call(
    { index, attempt, step, tool }: StepCall,
    name: string,
    args: JsonObject,
    ctx: TaskContext,
  ): Promise<ToolCallOutcome> {
    const earlier = await this.#resultAt(this.#run.head, index, ["pending", "completed"]);
    if (earlier !== undefined) return { kind: "result", result: earlier };
    if (!tool.repeatable && !step.retryable) {
      const head = await this.#persist(() =>
        this.#run.apply((fresh, holder) => startStep(fresh, holder, index))
      );
      const mine = await this.#resultAt(head, index, ["completed"]);
      if (mine !== undefined) return { kind: "result", result: mine };
    }
    const outcome = await this.#options.host.callTool(name, args, ctx);
    const hasMore = step.resources.some(({ uri }) => isLate(step, uri));
    if (hasMore && outcome.kind === "result" && outcome.result.isError !== true) {
      await this.#record(index, attempt, "pending", { result: outcome.result, messages: [] });
    }
    return outcome;
  }

  /** Records what a step came to, and tells why the workflow stops at it, if it does. */
  async #settle(index: number, attempt: number, outcome: StepOutcome): Promise<PauseReason | undefined> {
    const { definition } = this.#options;
    const { messages, result, stop } = outcome;
    this.#unfinished = messages;
    const finished: FinishedStep = { messages, ...(result === undefined ? {} : { result }) };
    if (stop === undefined) {
      await this.#record(index, attempt, "completed", finished);
      this.#unfinished = [];
      return undefined;
    }
    const reason = toPauseReason(stop, definition.steps[index]!, definition, workflowOf(this.#run.head));
    if (reason.type !== "toolError") return reason;
    this.#retries = false;
    await this.#record(index, attempt, "failed", finished);
    this.#unfinished = [];
    return reason;
  }

  async #record(
    index: number,
    attempt: number,
    status: "completed" | "failed" | "pending",
    finished: FinishedStep,
  ): Promise<void> {
    const run = this.#run;
    const { runtime } = run.store;
    const nonce = randomName(runtime, 9);
    const record = { status, attempt, nonce, ...toStoredStep(finished) };
    const { name, steps } = this.#options.definition;
    const outcome: Outcome = completionOf(name, steps.length, `${run.head.exec.epoch}.${nonce}`);
    try {
      await this.#persist(() =>
        run.conclude(
          (head, holder, now) => recordStep(head, holder, now, index, record, outcome),
          (head) => hasWorkflowMark(head, nonce),
        )
      );
    } catch (error) {
      if (!(error instanceof TooLargeError) || status === "failed") throw error;
      const result = toErrorResult(`The step was run, and what it gave is not kept: ${error.message}`);
      return await this.#record(index, attempt, "failed", failureOf(result as unknown as CallToolResult));
    }
    this.#options.steps.keep(nonce, finished);
  }

  /** Stops. `false`: what the reason was told from has changed meanwhile, and it is to be looked at again. */
  async #pause(before: TaskHead, index: number, reason: PauseReason): Promise<boolean> {
    const seen = workflowOf(before).steps;
    const isStale = ({ workflow }: TaskHead) =>
      workflow!.steps.some(({ status }, i) =>
        i === index ? status === "completed" : status !== seen[i]?.status
      );
    const head = await this.#persist(() =>
      this.#run.conclude((fresh, holder, now) => {
        assertHeld(fresh, holder);
        return isStale(fresh) ? fresh : pauseWorkflow(fresh, holder, now, reason);
      })
    );
    return head.exec.phase !== "running";
  }

  async #failureAt(head: TaskHead, index: number): Promise<PauseReason> {
    const state = workflowOf(head).steps[index]!;
    const result = await this.#options.steps.result(head, state);
    return toFailure(state, result === undefined ? "" : errorTextOf(result));
  }

  async #resultAt(
    head: TaskHead,
    index: number,
    statuses: readonly string[],
  ): Promise<CallToolResult | undefined> {
    const state = workflowOf(head).steps[index]!;
    if (!statuses.includes(state.status)) return undefined;
    return await this.#options.steps.result(head, state);
  }

  async #knownFor(ctx: TaskContext, head: TaskHead, sources: readonly NamedSource[]): Promise<Known> {
    const { definition, args, steps } = this.#options;
    const bindings = new Set(
      sources.flatMap(([, source]) => source.from === "output" ? [source.binding] : []),
    );
    const needsVariables = sources.some(([, source]) => source.from === "variable");
    const outputs = new Map<string, CallToolResult>();
    for (const [i, { binding }] of definition.steps.entries()) {
      const state = workflowOf(head).steps[i]!;
      if (binding === undefined || !bindings.has(binding) || state.status !== "completed") continue;
      const result = await steps.result(head, state);
      if (result !== undefined) outputs.set(binding, result);
    }
    return { arguments: args, outputs, variables: needsVariables ? await ctx.variables.all() : {} };
  }

  /** Writes, again and again while the store is away and the task is held here. */
  async #persist<T>(write: () => Promise<T>): Promise<T> {
    const { store: { runtime, emit }, head: { id, name } } = this.#run;
    for (let attempt = 0;; attempt++) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) throw error;
        const message = "The store is away: what a step came to waits";
        emit({ type: "step_delayed", taskId: id, name, message, error });
        await sleep(runtime, Math.min(MAX_BACKOFF_MS, 100 * 2 ** attempt), this.#run.signal);
      }
    }
  }
}

interface StepCall {
  readonly index: number;
  readonly attempt: number;
  readonly step: WorkflowStep;
  readonly tool: WorkflowTool;
}

function failureOf(result: CallToolResult): FinishedStep {
  return { result, messages: [resultMessage(result)] };
}
