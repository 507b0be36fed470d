/**
 * Functions of the author's that answer a request inline, with a context that can ask: prompts and resources.
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
  type RequestId,
  VERSION_2025,
  VERSION_2026,
} from "../protocol/mod.ts";
import type { RequestMeta, RetryParams } from "../protocol/v2026_07_28/mod.ts";
import {
  ReplayMismatchError,
  type Settled,
  StepError,
  type TaskContext,
  ToolError,
} from "../execution/mod.ts";
import { TaskError } from "../tasks/mod.ts";
import type { Exchange } from "./exchange.ts";
import { randomName } from "../runtime.ts";
import { InlinePhase } from "./inline_phase.ts";
import { evaluateLegacy, type LegacyCallContext } from "./legacy_call.ts";
import { askAgain, openRound } from "./rounds.ts";
import type { Services } from "./services.ts";
import { streamHooks } from "./stream_hooks.ts";
import type { TaskCall } from "./task_creation.ts";
import type { CallableTool } from "./tool_registry.ts";

/** A function that answers a request. */
export interface InlineWork {
  /** What runs, for messages. */
  readonly kind: "prompt" | "resource";
  /** What is asked for: a prompt's name, a resource's URI. */
  readonly name: string;
  /** Arguments as sent; a request with others is another request. */
  readonly rawArgs: JsonObject;
  readonly progressToken?: RequestId;
  readonly run: (ctx: TaskContext) => Promise<JsonValue>;
}

/** Answers a 2026-07-28 request: with the value, or with questions. */
export async function answerModern(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
  retry: RetryParams,
  work: InlineWork,
): Promise<{ readonly value: JsonValue } | { readonly asked: JsonObject }> {
  const { name, rawArgs } = work;
  const round = await openRound(services, exchange, request.method, name, rawArgs, retry.requestState);
  const { state } = round;
  const call: TaskCall = {
    ...toCall(services, work, exchange),
    era: VERSION_2026,
    clientCapabilities: meta.clientCapabilities,
    taskId: state.taskId,
  };
  const resumed = { entries: state.entries, answers: { ...retry.inputResponses, ...state.answers } };
  const phase = await InlinePhase.open(services, call, resumed, undefined, streamHooks(meta, exchange));
  const event = await phase.next(
    services.executor.prepare(phase.run, { tool: call.tool, args: undefined }),
    exchange,
  );
  if (event.type === "asked") {
    return { asked: await askAgain(services, call, round, phase, event.questions, undefined) };
  }
  if (event.type !== "done") {
    phase.run.abort("cancelled");
    throw internalError("The request was cancelled", { reason: "cancelled" });
  }
  return { value: toValue(event.value) };
}

/** Answers a 2025-11-25 request; questions go on its stream. */
export async function answerLegacy(context: LegacyCallContext, work: InlineWork): Promise<JsonValue> {
  const { services, exchange, session } = context;
  const call: TaskCall = {
    ...toCall(services, work, exchange),
    era: VERSION_2025,
    clientCapabilities: session.clientCapabilities,
    sessionId: session.id,
  };
  return toValue(await evaluateLegacy(context, call));
}

function toCall(
  services: Services,
  work: InlineWork,
  exchange: Exchange,
): Pick<TaskCall, "tool" | "exchange" | "rawArgs" | "args" | "progressToken"> {
  const { name, rawArgs, progressToken } = work;
  const tool: CallableTool = {
    name,
    task: { support: "forbidden" },
    repeatable: false,
    maxAttempts: 1,
    readArgs: () => Promise.resolve({ ok: true, value: undefined }),
    prepare: (_args, ctx) => runReported(services, work, ctx),
  };
  return { tool, exchange, rawArgs, args: undefined, progressToken };
}

/** What the author did not mean for clients they see as a fixed text, and the operator as an event. */
async function runReported(services: Services, work: InlineWork, ctx: TaskContext): Promise<JsonValue> {
  const { kind, name, run } = work;
  try {
    return await run(ctx);
  } catch (error) {
    const isMeant = error instanceof ProtocolError || error instanceof ToolError ||
      error instanceof StepError || error instanceof ReplayMismatchError || error instanceof TaskError;
    if (isMeant || ctx.signal.aborted) throw error;
    const { runtime, emit } = services.options;
    const correlationId = randomName(runtime, 9);
    const message = `The ${kind} "${name}" threw (correlation id ${correlationId})`;
    emit({ type: `${kind}_threw`, name, message, error });
    throw internalError(`The ${kind} failed unexpectedly (correlation id ${correlationId})`);
  }
}

function toValue(done: { readonly prepared: JsonValue } | { readonly settled: Settled }): JsonValue {
  if ("prepared" in done) return done.prepared;
  const { outcome, statusMessage } = done.settled;
  if (outcome.kind === "rpcError") {
    const { code, message, data } = outcome.error;
    throw new ProtocolError(code, message, data);
  }
  throw internalError(statusMessage ?? "The request failed");
}

/** The error for arguments that a schema refuses. */
export function badArguments(what: string, message: string): ProtocolError {
  return invalidParams(`Invalid arguments for ${what}: ${message}`);
}
