/**
 * Limits and times of a store.
 *
 * @module
 */
import {
  DEFAULT_TTL_LIMITS,
  DEFAULT_VARIABLE_LIMITS,
  type LeaseTimes,
  leaseTimes,
  type TtlLimits,
  type VariableLimits,
} from "../tasks/mod.ts";

/** Limits and times in force. */
export interface StoreConfig {
  /** Time to live of tasks. */
  readonly ttl: TtlLimits;
  /** Limits on variables. */
  readonly variableLimits: VariableLimits;
  /** Suggested poll interval in milliseconds. @default {1000} */
  readonly pollIntervalMs: number;
  /** Lease length and what derives from it. @default {leaseTimes(30_000)} */
  readonly times: LeaseTimes;
  /** Largest result, argument or step output in bytes of JSON text. @default {16_777_216} */
  readonly maxResultBytes: number;
  /** How long after its expiry the engine may remove a record by itself, in milliseconds. @default {600_000} */
  readonly purgeGraceMs: number;
  /** Attempts of one write before it gives up. @default {16} */
  readonly maxWriteAttempts: number;
}

/** Fills in defaults. */
export function resolveStoreConfig(config: Partial<StoreConfig> = {}): StoreConfig {
  return {
    ttl: config.ttl ?? DEFAULT_TTL_LIMITS,
    variableLimits: config.variableLimits ?? DEFAULT_VARIABLE_LIMITS,
    pollIntervalMs: config.pollIntervalMs ?? 1000,
    times: config.times ?? leaseTimes(30_000),
    maxResultBytes: config.maxResultBytes ?? 16 * 1024 * 1024,
    purgeGraceMs: config.purgeGraceMs ?? 600_000,
    maxWriteAttempts: config.maxWriteAttempts ?? 16,
  };
}
