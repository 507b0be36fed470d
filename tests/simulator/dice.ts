/**
 * Chance that depends on nothing but numbers: a stream from a seed, and single values from a name.
 *
 * Values by name keep their meaning when other parts of a schedule are left out, which is what makes
 * shrinking work.
 *
 * @module
 */
import { seededRandom } from "../support/seeded_random.ts";

/** A 32 bit number decided by all `parts` and their order. */
export function mix(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part >>> 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** A number in [0, 1) decided by all `parts`. */
export function chanceOf(...parts: readonly number[]): number {
  return mix(...parts) / 2 ** 32;
}

/** A 32 bit hash of a text. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A stream of random numbers. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** In [0, 1). */
  next(): number {
    return this.#random();
  }

  /** `true` with this probability. */
  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** A whole number in [0, `end`). */
  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /** A whole number in [`low`, `high`]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
