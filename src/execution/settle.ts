/**
 * From what a handler returned or threw to the one outcome of its call.
 *
 * A string becomes a text block, a call result stays as it is, anything else needs an output schema. A
 * throw is an outcome too: it is never a reason to run the handler again.
 *
 * @module
 */
import {
  type Era,
  internalError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  ProtocolError,
} from "../protocol/mod.ts";
import { faultOfCallToolResult } from "../protocol/content_guard.ts";
import { missingCapability } from "../protocol/v2026_07_28/mod.ts";
import { MissingCapabilityError, TooLargeError } from "../tasks/mod.ts";
import { type EventSink, type TaskOutcome, toJsonText } from "../store/mod.ts";
import { randomName, type Runtime } from "../runtime.ts";
import { ReplayMismatchError, StepError, ToolError } from "./errors.ts";

/** What has to be known to settle a call. */
export interface SettleContext {
  readonly name: string;
  readonly taskId: string;
  readonly era: Era;
  readonly runtime: Runtime;
  readonly emit: EventSink;
  /** Largest result in bytes of JSON text. */
  readonly maxResultBytes: number;
  /** Aborted once the call was asked to stop: what is thrown then is no news. */
  readonly signal: AbortSignal;
  /** Checks a structured value; absent for a tool without output schema. Throws with a message for the author. */
  readonly checkOutput?: (value: unknown) => Promise<JsonValue>;
}

/** An outcome and the text that tells people about it, if there is one. */
export interface Settled {
  readonly outcome: TaskOutcome;
  readonly statusMessage?: string;
  /** The handler threw; where it was asked to stop, that is no outcome of its own. */
  readonly hasThrown?: boolean;
  /** The handler asked what the client did not declare that it can be asked. */
  readonly hasAskedInVain?: boolean;
}

/** Settles a returned value. */
export async function settleValue(value: unknown, context: SettleContext): Promise<Settled> {
  let result: JsonObject;
  try {
    result = await toCallResult(value, context);
    checkStorable(result, context.maxResultBytes);
  } catch (error) {
    return settleError(error, context);
  }
  return result.isError === true
    ? { outcome: { kind: "result", result }, statusMessage: firstText(result) }
    : { outcome: { kind: "result", result } };
}

/** Settles a thrown error. */
export function settleError(error: unknown, context: SettleContext): Settled {
  return { ...toSettled(error, context), hasThrown: true };
}

function toSettled(error: unknown, context: SettleContext): Settled {
  if (error instanceof ProtocolError) return rpcOutcome(error);
  if (error instanceof MissingCapabilityError) {
    const settled = context.era === "2026-07-28"
      ? rpcOutcome(missingCapability(error.required as JsonObject))
      : toolError(error.message);
    return { ...settled, hasAskedInVain: true };
  }
  if (error instanceof ToolError || error instanceof StepError && error.thrown === "ToolError") {
    return toolError(error.message);
  }
  if (error instanceof TooLargeError) {
    return rpcOutcome(internalError(error.message, { reason: "too_large" }));
  }
  if (error instanceof ReplayMismatchError) {
    return rpcOutcome(internalError(error.message, { reason: "replay_mismatch" }));
  }
  if (context.signal.aborted) return toolError("The call was asked to stop");
  const correlationId = randomName(context.runtime, 9);
  const { name, taskId } = context;
  const message = `Tool "${name}" threw (correlation id ${correlationId})`;
  context.emit({ type: "tool_threw", taskId, name, message, error });
  return toolError(`The tool failed unexpectedly (correlation id ${correlationId})`);
}

/** The `isError` result with one text. */
export function toErrorResult(text: string): JsonObject {
  return { content: [{ type: "text", text: text.toWellFormed() }], isError: true };
}

function toolError(text: string): Settled {
  return { outcome: { kind: "result", result: toErrorResult(text) }, statusMessage: text };
}

function rpcOutcome(error: ProtocolError): Settled {
  return { outcome: { kind: "rpcError", error: error.toJsonRpc() }, statusMessage: error.message };
}

async function toCallResult(value: unknown, context: SettleContext): Promise<JsonObject> {
  // With an output schema a string is a structured value like any other: clients are promised one.
  if (typeof value === "string" && context.checkOutput === undefined) {
    return { content: [{ type: "text", text: value.toWellFormed() }] };
  }
  if (isCallResult(value)) {
    const fault = faultOfCallToolResult(value);
    if (fault !== undefined) {
      throw new TypeError(`Tool "${context.name}" returned a result that no client can read: ${fault}`);
    }
    const isChecked = context.checkOutput !== undefined && value.isError !== true;
    if (!isChecked) return value;
    if (value.structuredContent === undefined) {
      throw new TypeError(
        `Tool "${context.name}" returned no structuredContent, which its output schema demands`,
      );
    }
    return { ...value, structuredContent: await context.checkOutput!(value.structuredContent) };
  }
  if (context.checkOutput === undefined) {
    throw new TypeError(
      `Tool "${context.name}" must return a string or { content }: it has no outputSchema for a structured value`,
    );
  }
  const structuredContent = await context.checkOutput(value);
  return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
}

function isCallResult(value: unknown): value is JsonObject & { readonly content: readonly JsonValue[] } {
  return isJsonObject(value) && Array.isArray(value.content) && value.content.every(isBlock);
}

function isBlock(block: unknown): boolean {
  return isJsonObject(block) && typeof block.type === "string";
}

const encoder = new TextEncoder();

function checkStorable(result: JsonObject, maxBytes: number): void {
  const text = toJsonText(result);
  // A UTF-16 unit is at most three bytes: most results need no second pass.
  const bytes = text.length * 3 <= maxBytes ? text.length : encoder.encode(text).length;
  if (bytes > maxBytes) {
    throw new TooLargeError(`The tool's result is ${bytes} bytes, the limit is ${maxBytes}`);
  }
}

function firstText(result: JsonObject): string {
  for (const block of result.content as readonly JsonValue[]) {
    if (isJsonObject(block) && block.type === "text" && typeof block.text === "string") return block.text;
  }
  return "The tool reported an error";
}
