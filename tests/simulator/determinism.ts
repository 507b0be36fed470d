/**
 * Makes promises and digests run when the simulator says so.
 *
 * A schedule runs in one synchronous stretch: after each event the queue of microtasks is emptied in place, and
 * SHA-256 is computed in place instead of on another thread. So nothing but the seed decides what follows what.
 * Importing the module replaces the digest for the whole process.
 *
 * @module
 */
import { createHash } from "node:crypto";

interface EventLoop {
  runMicrotasks(): void;
}

function findEventLoop(): EventLoop {
  // Deno's own binding to the engine: nothing public empties the queue from within a callback.
  const internal = Reflect.get(Deno, Reflect.get(Deno, "internal")) as
    | { readonly core?: EventLoop }
    | undefined;
  if (typeof internal?.core?.runMicrotasks !== "function") {
    throw new Error("Cannot simulate: this Deno does not let a program run its microtasks");
  }
  return internal.core;
}

const loop = findEventLoop();

/** Runs every promise reaction that can run. Works only outside of one, such as in a timer's callback. */
export function drainMicrotasks(): void {
  loop.runMicrotasks();
}

/** SHA-256, base64url. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

Reflect.set(SubtleCrypto.prototype, "digest", (algorithm: string, data: Uint8Array): Promise<ArrayBuffer> => {
  if (algorithm !== "SHA-256") throw new Error(`Cannot compute a digest: "${algorithm}" is not simulated`);
  const digest = createHash("sha256").update(data).digest();
  return Promise.resolve(Uint8Array.from(digest).buffer);
});
