/**
 * How long a task lives.
 *
 * @module
 */
import { invalidParams } from "../protocol/mod.ts";

/** Bounds of a task's time to live, in milliseconds. */
export interface TtlLimits {
  /** Taken when the client names none. @default {3_600_000} */
  readonly ttlMs: number;
  /** @default {86_400_000} */
  readonly maxTtlMs: number;
  /** @default {1_000} */
  readonly minTtlMs: number;
}

/** Bounds that hold where the author sets none: 1 h, at most 24 h, at least 1 s. */
export const DEFAULT_TTL_LIMITS: TtlLimits = { ttlMs: 3_600_000, maxTtlMs: 86_400_000, minTtlMs: 1_000 };

/**
 * The time to live that holds for a wish: clamped into the bounds (T25-094, T25-098).
 *
 * @throws {ProtocolError} -32602 if the wish is not a whole number of milliseconds, 0 or more.
 */
export function clampTtl(requested: number | undefined, limits: TtlLimits): number {
  const wish = requested ?? limits.ttlMs;
  if (!Number.isSafeInteger(wish) || wish < 0) {
    throw invalidParams('Invalid params: "task.ttl" must be a whole number of milliseconds, 0 or more');
  }
  return Math.min(Math.max(wish, limits.minTtlMs), limits.maxTtlMs);
}
