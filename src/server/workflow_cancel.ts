/**
 * How a client ends a workflow: by cancelling its task, or by completing it with a result of its own.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import { finishWorkflow, type Mutated, type Versioned } from "../store/mod.ts";
import { toResult } from "../workflow/mod.ts";
import type { Services } from "./services.ts";

/**
 * Cancels a task. A workflow is completed with `result`, if there is one; of no other task's outcome a client has a say.
 *
 * @returns The task, and whether this ended it: `false`, it had ended before.
 * @throws {TooLargeError} If the result is too large to be kept. Nothing is changed then.
 */
export function cancelOrFinish(
  { store }: Services,
  found: Versioned,
  result: JsonValue | undefined,
): Promise<Mutated<boolean>> {
  const { owner, id, kind } = found.head;
  if (kind !== "workflow" || result === undefined || result === null) return store.cancel(owner, id, found);
  return finishWorkflow(store, found, toResult(result));
}
