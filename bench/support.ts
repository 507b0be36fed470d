/**
 * Measuring rates and printing them as ratios.
 *
 * @module
 */

/** Runs `work` `count` times, `concurrency` at a time. */
export async function concurrently(
  concurrency: number,
  count: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (left-- > 0) await work();
  }));
}

/**
 * Operations per second of `run`, which does `count` of them. With `--v8-flags=--expose-gc` it begins with a clean
 * heap: whoever is measured pays for the garbage of its own, not of whoever was measured before.
 */
export async function perSecond(count: number, run: () => Promise<void>): Promise<number> {
  collectGarbage();
  const start = performance.now();
  await run();
  return count * 1000 / (performance.now() - start);
}

/** Does what it says where `--v8-flags=--expose-gc` allows it. */
export function collectGarbage(): void {
  (globalThis as { readonly gc?: () => void }).gc?.();
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Prints one line: our rate, the bare rate, the ratio, and whether it reaches the goal. */
export function report(
  what: string,
  rate: number,
  unit: string,
  bareWhat: string,
  bare: number,
  ratio: number,
  goal: number,
  direction: "at least" | "at most" = "at least",
): void {
  const isReached = direction === "at least" ? ratio >= goal : ratio <= goal;
  const verdict = isReached ? "reached" : "MISSED";
  console.log(
    `${what}: ${Math.round(rate)} ${unit}; ${bareWhat}: ${Math.round(bare)} ${unit}; ratio ${
      ratio.toFixed(2)
    } (goal ${direction} ${goal}: ${verdict})`,
  );
}
