/**
 * What all storage measurements have in common.
 *
 * @module
 */
import type { RecordKey, RecordWrite } from "../../src/store/backend.ts";
import { systemRuntime } from "../../src/runtime.ts";
import { median, report } from "../support.ts";

/** Operations under way at the same time. */
export const CONCURRENCY = 64;
/** Bytes of a head with arguments and a few variables. */
export const VALUE_BYTES = 1200;
const ROUNDS = 7;
const WARM_UPS = 2;

/** A task id as the store makes them. */
export function newId(): string {
  return systemRuntime.newTaskId(Date.now());
}

/** A running task's head, as the store puts it. */
export function headWrite(key: RecordKey, value: Uint8Array): RecordWrite {
  const now = Date.now();
  return { key, value, dueAt: now + 35_000, purgeAt: now + 4_200_000, active: true };
}

/** Measures two sides in turns, since the machine is not equally fast all the time, and reports the middle. */
export async function compare(
  what: string,
  bareWhat: string,
  goal: number,
  ours: (round: number) => Promise<number>,
  bare: (round: number) => Promise<number>,
  rounds = ROUNDS,
): Promise<void> {
  const rates: number[] = [];
  const bareRates: number[] = [];
  const ratios: number[] = [];
  // The first rounds of both are for the compiler.
  for (let round = 0; round < WARM_UPS + rounds; round++) {
    const order = round % 2 === 0 ? [ours, bare] : [bare, ours];
    const [first, second] = [await order[0]!(round), await order[1]!(round)];
    const [rate, bareRate] = round % 2 === 0 ? [first, second] : [second, first];
    if (round < WARM_UPS) continue;
    rates.push(rate);
    bareRates.push(bareRate);
    ratios.push(rate / bareRate);
  }
  report(what, median(rates), "per s", bareWhat, median(bareRates), median(ratios), goal);
}
