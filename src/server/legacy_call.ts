/**
 * `tools/call` of 2025-11-25: plain, or a task if the client asks for one.
 *
 * @module
 */
import {
  internalError,
  invalidParams,
  type JsonObject,
  type JsonRpcRequest,
  type JsonValue,
  META,
  methodNotFound,
  ProtocolError,
  type RequestId,
  VERSION_2025,
} from "../protocol/mod.ts";
import { parseCallToolParams, relatedTaskMeta } from "../protocol/v2025_11_25/mod.ts";
import { toTask2025 } from "../tasks/mod.ts";
import {
  type Answers,
  type Questions,
  type Run,
  type RunHooks,
  type Settled,
  type TaskAbortError,
  toErrorResult,
  ToolError,
} from "../execution/mod.ts";
import type { TaskOutcome } from "../store/mod.ts";
import type { ClientRequests } from "./client_requests.ts";
import { toProtocolError } from "./error_map.ts";
import type { Exchange } from "./exchange.ts";
import { isLoggedAt } from "./log_level.ts";
import { sessionHooks } from "./session_hooks.ts";
import type { Services } from "./services.ts";
import type { InputDelivery } from "./input_delivery.ts";
import type { Session, StoredSession } from "./session_store.ts";
import type { PausingWaits } from "./pausing_wait.ts";
import { createTask, type TaskCall, toNewTask } from "./task_creation.ts";
import type { RegisteredTool } from "./tool_registry.ts";
import { continueWithCall, findContinued, withContinuation } from "./workflow_continuation.ts";

/** What a request of a session is served with. */
export interface LegacyCallContext {
  readonly services: Services;
  readonly session: Session;
  readonly exchange: Exchange;
  readonly clientRequests: ClientRequests;
  readonly delivery: InputDelivery;
  readonly waits: PausingWaits;
  /** The session as it was read. */
  readonly stored: StoredSession;
  /** Aborts when the client cancels this request. A client that leaves cancels nothing (T25-165). */
  readonly cancelled: AbortSignal;
  /** Ends the connection of this request, where its client can come back for the response. */
  readonly closeStream: () => Promise<void>;
}

/** Answers `tools/call`. */
export async function callToolLegacy(
  context: LegacyCallContext,
  request: JsonRpcRequest,
): Promise<JsonObject> {
  const { services, session, exchange } = context;
  const params = parseCallToolParams(request.params);
  const tool = services.tools.get(params.name);
  if (tool === undefined) throw invalidParams('Unknown tool: "name" is none of the tools of this server');
  services.scopes.demand(exchange.caller, tool.scopes, `the tool "${tool.name}"`);
  // Earlier revisions know no tasks: for them the member means nothing (T25-008).
  const asksForTask = params.task !== undefined && session.protocolVersion === VERSION_2025;
  checkTaskSupport(tool, asksForTask);
  const rawArgs = params.arguments ?? {};
  const args = await tool.readArgs(rawArgs);
  if (!args.ok) {
    const message = `Invalid arguments for tool "${tool.name}": ${args.message}`;
    if (asksForTask) throw invalidParams(message);
    return toErrorResult(message);
  }
  const call: TaskCall = {
    tool,
    era: VERSION_2025,
    exchange,
    rawArgs,
    args: args.value,
    clientCapabilities: session.clientCapabilities,
    ttl: params.task?.ttl,
    progressToken: params.progressToken,
    idempotencyKey: params.idempotencyKey,
    continues: await findContinued(services, exchange, params.continuesTaskId),
    sessionId: session.id,
  };
  return asksForTask ? await callAsTask(context, call) : await callPlain(context, call);
}

/** @throws {ProtocolError} -32601, whichever way the tool cannot be called (T25-013, T25-016). */
function checkTaskSupport(tool: RegisteredTool, asksForTask: boolean): void {
  const { support } = tool.task;
  if (asksForTask && support === "forbidden") {
    throw methodNotFound(`Tool "${tool.name}" does not support tasks: call it without "task"`);
  }
  if (!asksForTask && (support === "required" || tool.handler === undefined)) {
    throw methodNotFound(`Tool "${tool.name}" runs only as a task: call it with "task"`);
  }
}

async function callPlain(context: LegacyCallContext, call: TaskCall): Promise<JsonObject> {
  const { services } = context;
  const prepared = await prepareInline(context, call);
  if (prepared !== undefined && "answer" in prepared) return prepared.answer;
  const task = await toNewTask(services, call, prepared?.value);
  const run = services.executor.newInlineRun(call.tool, task, plainHooks(context, call.progressToken));
  const settled = await untilCancelled(
    context,
    run,
    services.executor.execute(run, { tool: call.tool, args: call.args, prepared: prepared?.value }),
  );
  const continuation = await continueWithCall(services, call, settled);
  return withContinuation(toAnswer(settled.outcome), continuation);
}

async function callAsTask(
  context: LegacyCallContext,
  call: TaskCall,
): Promise<JsonObject> {
  const { services, session } = context;
  const prepared = await prepareInline(context, call);
  if (prepared !== undefined && "answer" in prepared) {
    throw invalidParams(`Tool "${call.tool.name}" could not be prepared: ${textOf(prepared.answer)}`);
  }
  const head = await createTask(
    services,
    call,
    prepared?.value,
    sessionHooks(services, session, call.progressToken),
  );
  services.streams.follow(session.id, head);
  const { immediateResponse } = call.tool.task;
  return {
    task: toTask2025(head, services.options.toolErrorStatus) as unknown as JsonObject,
    _meta: {
      ...relatedTaskMeta(head.id),
      ...(immediateResponse === undefined ? {} : { [META.modelImmediateResponse]: immediateResponse }),
    },
  };
}

/** Runs `task.prepare`, if there is one, with server requests for its questions. */
async function prepareInline(
  context: LegacyCallContext,
  call: TaskCall,
): Promise<{ readonly value: JsonValue } | { readonly answer: JsonObject } | undefined> {
  if (call.tool.prepare === undefined) return undefined;
  const done = await evaluateLegacy(context, call);
  return "settled" in done ? { answer: toAnswer(done.settled.outcome) } : { value: done.prepared };
}

/** Runs what is asked inline and has no task: its questions go on the stream of the request. */
export async function evaluateLegacy(
  context: LegacyCallContext,
  call: TaskCall,
): Promise<{ readonly prepared: JsonValue } | { readonly settled: Settled }> {
  const { services } = context;
  const task = await toNewTask(services, call);
  const run = services.executor.newInlineRun(call.tool, task, plainHooks(context, call.progressToken));
  return await untilCancelled(
    context,
    run,
    services.executor.prepare(run, { tool: call.tool, args: call.args }),
  );
}

async function untilCancelled<T>(context: LegacyCallContext, run: Run, work: Promise<T>): Promise<T> {
  const { cancelled } = context;
  const onCancel = () => run.abort("cancelled");
  if (cancelled.aborted) onCancel();
  cancelled.addEventListener("abort", onCancel, { once: true });
  try {
    const value = await work;
    if (run.signal.aborted && (run.signal.reason as TaskAbortError).reason === "cancelled") {
      throw internalError("The request was cancelled", { reason: "cancelled" });
    }
    return value;
  } finally {
    cancelled.removeEventListener("abort", onCancel);
  }
}

function toAnswer(outcome: TaskOutcome): JsonObject {
  if (outcome.kind === "result") return toResult2025(outcome.result);
  const { code, message, data } = outcome.error;
  throw new ProtocolError(code, message, data);
}

/** A result as this revision has it: structured content is an object there (T25-199). */
export function toResult2025(result: JsonObject): JsonObject {
  const { structuredContent, ...rest } = result;
  const isObject = typeof structuredContent === "object" && structuredContent !== null &&
    !Array.isArray(structuredContent);
  return isObject ? result : rest;
}

function textOf(result: JsonObject): string {
  const [first] = result.content as readonly JsonObject[];
  return typeof first?.text === "string" ? first.text : "it reported an error";
}

/** Hooks of a call that the client waits for: everything goes on the stream of its request. */
function plainHooks(context: LegacyCallContext, progressToken: RequestId | undefined): RunHooks {
  const { exchange, session } = context;
  return {
    onCloseStream: context.closeStream,
    onProgress: (progress) => {
      if (progressToken === undefined) return;
      exchange.send({
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken, ...progress },
      });
    },
    onLog: (level, data, logger) => {
      if (!isLoggedAt(level, session.logLevel ?? "info")) return;
      exchange.send({ jsonrpc: "2.0", method: "notifications/message", params: { level, logger, data } });
    },
    askInline: async (questions, run) => {
      if (exchange.stream?.isCutOff) {
        throw new ToolError("The client could not be asked: the stream of the call is closed");
      }
      const leave = enterWait(context);
      try {
        return await askAll(context, questions, run);
      } finally {
        leave();
      }
    },
  };
}

/** @throws {ProtocolError} -32603 with reason `limit` if the owner has as many streams and waits as allowed. */
function enterWait({ services, stored, exchange }: LegacyCallContext): () => void {
  try {
    return services.subscriptions.enter(stored.owner, exchange.caller === undefined);
  } catch (error) {
    throw toProtocolError(error, services.store.runtime, services.store.emit);
  }
}

/** Puts questions on the stream of the call; resolves with those answers that came in time. */
async function askAll(
  { stored, exchange, clientRequests }: LegacyCallContext,
  questions: Questions,
  run: Run,
): Promise<Answers> {
  const { outstanding } = run.head.input;
  const answers = Object.entries(questions).map(async ([key, question]) => {
    const value = await clientRequests.ask(stored, question, {
      send: (message) => exchange.send(message),
      signal: run.signal,
      deadline: outstanding[key]?.deadline,
    });
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries((await Promise.all(answers)).flat());
}
