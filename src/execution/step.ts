/**
 * A durable step: run once, recorded, and given back from the record ever after.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { sleep } from "../runtime.ts";
import { TooLargeError } from "../tasks/mod.ts";
import { toJsonText } from "../store/mod.ts";
import { StepError, ToolError } from "./errors.ts";
import type { Run } from "./run.ts";

/** How often a step is tried before its error counts. */
export interface RetryOptions {
  /** Tries in all, at least 1. @default {3} */
  readonly attempts?: number;
  /** Longest wait before the second try, in milliseconds; doubled for each further one, with full jitter. @default {200} */
  readonly backoffMs?: number;
  /** Longest wait between two tries, in milliseconds. @default {10_000} */
  readonly maxBackoffMs?: number;
}

/** Options of {@linkcode TaskContext.step}. */
export interface StepOptions {
  /** Absent: the first error counts. */
  readonly retry?: RetryOptions;
}

/** Runs a step, or gives back what is recorded of it. `key`: identity of the call. */
export async function runStep(
  run: Run,
  key: string,
  fn: () => unknown,
  options: StepOptions,
): Promise<JsonValue> {
  await run.ready();
  const entry = run.journal.find(key, "step");
  if (entry?.error !== undefined) throw new StepError(key, entry.error);
  if (entry !== undefined) return entry.value === undefined ? null : await run.load(entry.value);
  let value: JsonValue;
  const endWork = run.work();
  try {
    value = toJson(key, await tryStep(run, fn, options.retry));
  } catch (error) {
    await run.ready();
    const recorded = toRecordedError(error);
    await run.record({ key, kind: "step", error: recorded });
    tellFailure(run, key, error);
    throw new StepError(key, recorded, { cause: error });
  } finally {
    endWork();
  }
  await run.record({ key, kind: "step", value: { json: value } });
  return value;
}

/** A tool may catch what a step throws, or not await it: nobody else would hear of it. */
function tellFailure(run: Run, key: string, error: unknown): void {
  if (error instanceof ToolError) return;
  const { id, name } = run.head;
  run.store.emit({
    type: "step_failed",
    taskId: id,
    name,
    message: `Step "${key}" of "${name}" failed`,
    error,
  });
}

async function tryStep(run: Run, fn: () => unknown, retry: RetryOptions | undefined): Promise<unknown> {
  const { attempts = 3, backoffMs = 200, maxBackoffMs = 10_000 } = retry ?? { attempts: 1 };
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new RangeError("Cannot retry a step: attempts must be 1 or more");
  }
  const { runtime } = run.store;
  for (let attempt = 1;; attempt++) {
    try {
      return await fn();
    } catch (error) {
      await run.ready();
      if (attempt >= attempts) throw error;
      const wait = runtime.random() * Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1));
      await sleep(runtime, wait, run.signal);
    }
  }
}

/** The value as every later attempt will see it. */
function toJson(key: string, value: unknown): JsonValue {
  try {
    return JSON.parse(toJsonText(value));
  } catch (cause) {
    if (cause instanceof TooLargeError) throw cause;
    throw new TypeError(`Cannot record step "${key}": its value is not JSON`, { cause });
  }
}

function toRecordedError(error: unknown): { name: string; message: string } {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error).slice(0, 1024).toWellFormed() };
  }
  return { name: error.name, message: error.message.slice(0, 1024).toWellFormed() };
}
