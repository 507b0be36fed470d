/**
 * One server that lives long: what it keeps of requests that are over. Needs `--v8-flags=--expose-gc`.
 *
 * @module
 */
import type { TaskContext } from "../../mod.ts";
import { turn } from "../support/settle.ts";
import { generate } from "./generate.ts";
import { play } from "./play.ts";

/** What is left once everything has ended and expired. */
export interface Leftovers {
  /** Requests there were. */
  readonly requests: number;
  /** Bytes kept, by request. */
  readonly bytesPerRequest: number;
  /** Runs of tools there were. */
  readonly runs: number;
  /** Runs that something still holds. */
  readonly heldRuns: number;
}

const WARM_UP_STEPS = 2000;

/**
 * Plays a long plan on one server, and looks at what is left.
 *
 * @throws {Error} If a promise is broken, or nothing collects garbage.
 */
export async function measureLeftovers(seed: number, steps: number): Promise<Leftovers> {
  // What is compiled and cached once is no growth.
  await play(generate(seed, WARM_UP_STEPS));
  // Texts pieced together take more room once they have been read: a copy is in one piece.
  const plan = JSON.parse(JSON.stringify(generate(seed, steps)));
  const sizes: number[] = [];
  const runs: WeakRef<TaskContext>[] = [];
  let heldRuns = 0;
  const { violation, requests } = await play(plan, {
    onRun: (ctx) => void runs.push(new WeakRef(ctx)),
    onRest: async () => {
      await collectGarbage();
      sizes.push(Deno.memoryUsage().heapUsed);
      heldRuns = runs.filter((run) => run.deref() !== undefined).length;
    },
  });
  if (violation !== undefined) throw new Error(`Cannot measure: ${violation.oracle}: ${violation.message}`);
  const [before = 0, after = 0] = sizes;
  const count = requests["2025"] + requests["2026"];
  return { requests: count, bytesPerRequest: (after - before) / count, runs: runs.length, heldRuns };
}

async function collectGarbage(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure: garbage is not collected, run with --v8-flags=--expose-gc");
  }
  for (let i = 0; i < 3; i++) {
    // A reference that was looked at stays until the next turn.
    await turn();
    gc();
  }
}
