/**
 * `tools/call` of 2026-07-28: inline, promoted to a task when slow, or a task from the start; questions by
 * round trips, with the journal in the client's hands.
 *
 * @module
 */
import {
  internalError,
  invalidParams,
  type JsonObject,
  type JsonRpcRequest,
  type JsonValue,
  ProtocolError,
} from "../protocol/mod.ts";
import {
  declaresTasks,
  missingCapability,
  parseCallToolParams,
  type RequestMeta,
  TASKS_CAPABILITY,
} from "../protocol/v2026_07_28/mod.ts";
import { type TaskHead, TaskIdTakenError, toTask2026 } from "../tasks/mod.ts";
import {
  type Answers,
  type Questions,
  type RunHooks,
  type Settled,
  toErrorResult,
} from "../execution/mod.ts";
import type { TaskOutcome } from "../store/mod.ts";
import { toProtocolError } from "./error_map.ts";
import type { Exchange } from "./exchange.ts";
import { InlinePhase, type PhaseState } from "./inline_phase.ts";
import { askAgain, type OpenedRound, openRound } from "./rounds.ts";
import type { RoundState } from "./request_state.ts";
import { streamHooks } from "./stream_hooks.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import {
  activeLimitFor,
  createTask,
  finishInBackground,
  type FreePlace,
  takePlace,
  type TaskCall,
} from "./task_creation.ts";
import { continueWithCall, findContinued, withContinuation } from "./workflow_continuation.ts";

/** Answers `tools/call`. */
export async function callToolModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  const params = parseCallToolParams(request.params);
  const tool = services.tools.get(params.name);
  if (tool === undefined) throw invalidParams('Unknown tool: "name" is none of the tools of this server');
  services.scopes.demand(exchange.caller, tool.scopes, `the tool "${tool.name}"`);
  const hasTasks = declaresTasks(meta.clientCapabilities);
  // A key asks for one task however often the request comes: an inline answer would keep no trace of it.
  const isKeyed = params.idempotencyKey !== undefined;
  const isSoon = isKeyed || (tool.task.inlineMs ?? services.options.inlineMs) === 0;
  const isChosen = hasTasks && tool.task.support === "optional" && isSoon;
  const needsTask = tool.task.support === "required" || tool.handler === undefined || isChosen;
  if (needsTask && !hasTasks) throw missingCapability(TASKS_CAPABILITY);
  const rawArgs = params.arguments ?? {};
  const args = await tool.readArgs(rawArgs);
  if (!args.ok) return complete(toErrorResult(`Invalid arguments for tool "${tool.name}": ${args.message}`));

  const opened = await openRound(services, exchange, request.method, tool.name, rawArgs, params.requestState);
  const { state } = opened;
  const call: TaskCall = {
    tool,
    era: "2026-07-28",
    exchange,
    rawArgs,
    args: args.value,
    clientCapabilities: meta.clientCapabilities,
    progressToken: params.progressToken,
    idempotencyKey: params.idempotencyKey,
    taskId: state.taskId,
    continues: await findContinued(services, exchange, params.continuesTaskId),
  };
  const round = new Round(services, call, opened, streamHooks(meta, exchange));
  const given = params.inputResponses ?? {};
  const preparation = await round.prepare(state, given);
  if ("answer" in preparation) return preparation.answer;
  const { prepared, phase } = preparation;
  if (needsTask) return await round.create(prepared);
  return await round.handle(phase, prepared, hasTasks && tool.task.support === "optional");
}

/** One round of a call. */
class Round {
  readonly #services: Services;
  readonly #call: TaskCall;
  readonly #round: OpenedRound;
  readonly #hooks: RunHooks;
  /** Why no task could be made of the call. */
  #refusal: unknown;

  constructor(services: Services, call: TaskCall, round: OpenedRound, hooks: RunHooks) {
    this.#services = services;
    this.#call = call;
    this.#round = round;
    this.#hooks = hooks;
  }

  /** Runs `task.prepare`, unless an earlier round has; tells what the handler starts with. */
  async prepare(
    state: RoundState,
    given: Answers,
  ): Promise<
    { readonly answer: JsonObject } | { readonly prepared?: JsonValue; readonly phase: PhaseState }
  > {
    const { tool } = this.#call;
    // First answers count: what an earlier round accepted is not overwritten.
    const resumed: PhaseState = { entries: state.entries, answers: { ...given, ...state.answers } };
    if (tool.prepare === undefined) return { phase: resumed };
    if (state.prepared !== undefined) return { prepared: state.prepared.value, phase: resumed };
    const phase = await InlinePhase.open(this.#services, this.#call, resumed, undefined, this.#hooks);
    const work = this.#services.executor.prepare(phase.run, { tool, args: this.#call.args });
    const event = await phase.next(work, this.#call.exchange);
    if (event.type !== "done") return { answer: await this.#leave(phase, event, undefined) };
    if ("settled" in event.value) return { answer: toAnswer(event.value.settled.outcome) };
    const asked = new Set(phase.state.entries.map(({ key }) => key));
    const unused = Object.entries(given).filter(([key]) => !asked.has(key));
    return { prepared: event.value.prepared, phase: { entries: [], answers: Object.fromEntries(unused) } };
  }

  /** Makes a task of the call. */
  async create(prepared: JsonValue | undefined): Promise<JsonObject> {
    try {
      return created(await createTask(this.#services, this.#call, prepared, {}));
    } catch (error) {
      return created(await this.#madeEarlier(error));
    }
  }

  /** Runs the handler inline; makes a task of the call when it is slow or has to wait, where it may. */
  async handle(state: PhaseState, prepared: JsonValue | undefined, mayPromote: boolean): Promise<JsonObject> {
    const { tool, args, exchange } = this.#call;
    const { options, executor, store: { runtime } } = this.#services;
    const phase = await InlinePhase.open(this.#services, this.#call, state, prepared, this.#hooks);
    const endsAt = runtime.monotonic() + options.inlineMaxMs;
    const settled = executor.execute(phase.run, { tool, args, prepared });
    const inlineMs = tool.task.inlineMs ?? options.inlineMs;
    let event = await phase.next(settled, exchange, mayPromote ? inlineMs : undefined);
    const wantsTask = event.type === "slow" ||
      event.type === "asked" && mayPromote && phase.run.journal.hasSteps;
    if (wantsTask) {
      const head = await this.#promote(phase, settled);
      if (head !== undefined) return created(head);
      if (phase.run.signal.reason?.reason === "lease_lost") return await this.#answerStopped(phase, settled);
      if (event.type === "slow") {
        event = await phase.next(settled, exchange, Math.max(1, endsAt - runtime.monotonic()));
      }
    }
    if (event.type === "done") return await this.#finish(event.value);
    return await this.#leave(phase, event, prepared);
  }

  /** The answer, once the workflow that the call names knows of it. */
  async #finish(settled: Settled): Promise<JsonObject> {
    const continuation = await continueWithCall(this.#services, this.#call, settled);
    return withContinuation(toAnswer(settled.outcome), continuation);
  }

  /** `undefined`: no task can be made of the call now, and it stays inline. */
  async #promote(phase: InlinePhase, settled: Promise<Settled>): Promise<TaskHead | undefined> {
    const { exchange, tool } = this.#call;
    const { run } = phase;
    let head: TaskHead;
    let freePlace: FreePlace = () => {};
    try {
      if (exchange.signal.aborted) return undefined;
      freePlace = takePlace(this.#services, exchange, run.head);
      head = await run.promote(activeLimitFor(this.#services, exchange));
    } catch (error) {
      freePlace(error);
      if (error instanceof TaskIdTakenError) {
        run.abort("lease_lost");
        return await this.#madeEarlier(error);
      }
      // Whatever the fault, it is none of the work's: that goes on, and may end in time.
      this.#refusal = error;
      const message = "A slow call stays inline: no task could be made of it";
      this.#services.store.emit({
        type: "promotion_failed",
        taskId: run.head.id,
        name: tool.name,
        message,
        error,
      });
      return undefined;
    }
    phase.releaseQuestions();
    finishInBackground(this.#services, exchange, run, settled, freePlace);
    // The client left before it could learn the id: nobody will ever ask for the task.
    if (exchange.signal.aborted) await this.#services.store.cancel(head.owner, head.id);
    return head;
  }

  /** For a run that had to stop, since others may go on with it: what it has come to by now is its answer all the same. */
  async #answerStopped(phase: InlinePhase, settled: Promise<Settled>): Promise<JsonObject> {
    const event = await phase.next(settled, this.#call.exchange, 0);
    if (event.type === "done" && event.value.hasThrown !== true) {
      return await this.#finish(event.value);
    }
    throw this.#refusal;
  }

  /** The task that this round made when it came the first time, its answer lost (T26-194). */
  async #madeEarlier(error: unknown): Promise<TaskHead> {
    if (!(error instanceof TaskIdTakenError)) throw error;
    const { store } = this.#services;
    const taskId = this.#call.taskId!;
    const made = await store.find(await ownerKeyFor(this.#call.exchange.caller, taskId), taskId);
    if (made === undefined) throw error;
    return made.head;
  }

  /** Ends the round without a result. */
  async #leave(
    phase: InlinePhase,
    event: { readonly type: "asked"; readonly questions: Questions } | { readonly type: "slow" | "gone" },
    prepared: JsonValue | undefined,
  ): Promise<JsonObject> {
    if (event.type === "asked") return await this.#ask(phase, event.questions, prepared);
    phase.run.abort("cancelled");
    if (event.type === "gone") throw internalError("The call was cancelled", { reason: "cancelled" });
    const { options, store } = this.#services;
    const { data } = toProtocolError(this.#refusal, store.runtime, store.emit);
    const message = `The call took longer than ${options.inlineMaxMs} ms and no task could be made of it`;
    throw internalError(message, data);
  }

  #ask(phase: InlinePhase, questions: Questions, prepared: JsonValue | undefined): Promise<JsonObject> {
    return askAgain(this.#services, this.#call, this.#round, phase, questions, prepared);
  }
}

/** The ordinary result. */
function complete(result: JsonObject): JsonObject {
  return { ...result, resultType: "complete" };
}

/** `CreateTaskResult`: flat, without details (T26-022 to T26-028). */
function created(head: TaskHead): JsonObject {
  return { ...toTask2026(head), resultType: "task" };
}

function toAnswer(outcome: TaskOutcome): JsonObject {
  if (outcome.kind === "result") return complete(outcome.result);
  const { code, message, data } = outcome.error;
  throw new ProtocolError(code, message, data);
}
