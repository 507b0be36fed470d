/**
 * From errors of this side to errors of the wire: the one place that picks a number.
 *
 * @module
 */
import {
  internalError,
  invalidParams,
  type JsonObject,
  type JsonRpcFailure,
  ProtocolError,
  type RequestId,
  toFailure,
} from "../protocol/mod.ts";
import { missingCapability } from "../protocol/v2026_07_28/mod.ts";
import { randomName, type Runtime } from "../runtime.ts";
import {
  IdempotencyConflictError,
  LimitReachedError,
  MissingCapabilityError,
  TaskError,
  TaskNotFoundError,
  TooLargeError,
  VariableLimitError,
} from "../tasks/mod.ts";
import { AccessRefusedError } from "./authentication.ts";
import type { Exchange } from "./exchange.ts";
import { type EventSink, StorageError, StorageUnavailableError } from "../store/mod.ts";

/** When trying again makes sense after a fault of the store, in milliseconds. */
const STORE_RETRY_MS = 1000;

/** What is the matter with the parameters of the request. */
const WRONG_PARAMS = [TooLargeError, VariableLimitError, IdempotencyConflictError];

/** The error member for anything that was thrown. What is not ours becomes a fixed text with a correlation id. */
export function toProtocolError(error: unknown, runtime: Runtime, emit: EventSink): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof TaskNotFoundError) return invalidParams(error.message, { reason: "not_found" });
  if (error instanceof LimitReachedError) return limitReached(error);
  if (error instanceof MissingCapabilityError) return missingCapability(error.required as JsonObject);
  if (WRONG_PARAMS.some((kind) => error instanceof kind)) {
    return invalidParams((error as TaskError).message, { reason: (error as TaskError).code });
  }
  if (error instanceof StorageUnavailableError) {
    emit({ type: "store_unavailable", message: "The store did not answer", error });
    return internalError("The task store did not answer: try again", {
      reason: "store_unavailable",
      retryAfterMs: STORE_RETRY_MS,
    });
  }
  if (error instanceof TaskError) return internalError(error.message, { reason: error.code });
  const correlationId = randomName(runtime, 9);
  const what = error instanceof StorageError ? "The task store failed" : "The server failed";
  emit({ type: "defect", message: `${what} (correlation id ${correlationId})`, error });
  return internalError(`${what} (correlation id ${correlationId})`);
}

/** The answer for anything that was thrown while a request was served; its transport hears of a refusal besides. */
export function toErrorResponse(
  id: RequestId,
  error: unknown,
  runtime: Runtime,
  emit: EventSink,
  exchange?: Pick<Exchange, "refuse">,
): JsonRpcFailure {
  if (error instanceof AccessRefusedError) exchange?.refuse?.(error.refusal);
  return toFailure(id, toProtocolError(error, runtime, emit).toJsonRpc());
}

function limitReached(error: LimitReachedError): ProtocolError {
  return internalError(error.message, {
    reason: "limit",
    limit: error.limit,
    retryAfterMs: error.retryAfterMs,
  });
}
