/**
 * A tool whose runs a test holds in its hands.
 *
 * @module
 */
import type { TaskContext } from "../../mod.ts";
import { settle } from "./settle.ts";

/** One run of a tool that waits for the test. */
export interface HeldRun {
  readonly args: unknown;
  readonly ctx: TaskContext;
  /** Lets the run return `value`, and waits for what follows. */
  finish(value: unknown): Promise<void>;
  /** Lets the run throw, and waits for what follows. */
  fail(error: unknown): Promise<void>;
}

/** A handler that waits, and its runs so far. */
export interface Gate {
  readonly runs: HeldRun[];
  readonly handler: (args: unknown, ctx: TaskContext) => Promise<unknown>;
}

/** Makes a gate. Its runs end when the test says so, or reject when their signal aborts. */
export function createGate(): Gate {
  const runs: HeldRun[] = [];
  const handler = (args: unknown, ctx: TaskContext): Promise<unknown> =>
    new Promise((resolve, reject) => {
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason), { once: true });
      runs.push({
        args,
        ctx,
        finish: (value) => (resolve(value), settle()),
        fail: (error) => (reject(error), settle()),
      });
    });
  return { runs, handler };
}
