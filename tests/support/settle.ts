import { setImmediate } from "node:timers";
import { pendingCrypto } from "./pending_crypto.ts";

/** Lets the event loop turn once; every promise that can settle without it has settled by then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(() => resolve()));
}

/**
 * Waits until promises, streams and Web Crypto calls under way have come to rest.
 *
 * What waits for a timer, a file, a database or another process is not waited for: use {@linkcode until}.
 */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet++) {
    await turn();
    if (pendingCrypto() > 0) quiet = -1;
  }
}

/** Options for {@linkcode until}. */
export interface UntilOptions {
  /** What is waited for, for the message. @default {"condition"} */
  readonly what?: string;
  /** Real milliseconds after which the wait is given up; only a hanging test gets there. @default {20_000} */
  readonly limitMs?: number;
}

/**
 * Lets the event loop turn until `condition` holds.
 *
 * @throws {Error} If it still does not hold after the limit.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { what = "condition", limitMs = 20_000 }: UntilOptions = {},
): Promise<void> {
  const start = performance.now();
  while (!await condition()) {
    if (performance.now() - start > limitMs) {
      throw new Error(`Cannot go on: ${what} does not hold after ${limitMs} ms`);
    }
    await turn();
  }
}
