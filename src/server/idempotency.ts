/**
 * Idempotency keys of calls: a call sent again gets the task that the first one made.
 *
 * @module
 */
import { invalidParams } from "../protocol/mod.ts";
import type { TaskHead } from "../tasks/mod.ts";
import { createOnce, type MakeTask, sha256OfTexts, toCanonicalJson } from "../store/mod.ts";
import { ownerKeyFor } from "./owner.ts";
import type { Services } from "./services.ts";
import type { TaskCall } from "./task_creation.ts";

/**
 * Creates the task of a keyed call, or finds it.
 *
 * @throws {ProtocolError} -32602 with reason `idempotency_anonymous` if the caller is anonymous: strangers could not be
 * told apart.
 * @throws {IdempotencyConflictError} If the key was used with other arguments.
 */
export async function createKeyedTask(
  services: Services,
  call: TaskCall,
  idempotencyKey: string,
  make: MakeTask,
): Promise<TaskHead> {
  if (call.exchange.caller === undefined) {
    throw invalidParams("An idempotency key needs a caller that can be told from others", {
      reason: "idempotency_anonymous",
    });
  }
  const owner = await ownerKeyFor(call.exchange.caller, "");
  const id = `${call.tool.name}/${await sha256OfTexts([idempotencyKey])}`;
  const argsHash = await sha256OfTexts([toCanonicalJson(call.rawArgs)]);
  return await createOnce(services.store, { owner, kind: "idem", id }, argsHash, make);
}
