/**
 * How many tasks or sessions an owner may create, or suggestions ask for, in a minute, per process.
 *
 * @module
 */
import type { Runtime } from "../runtime.ts";
import { LimitReachedError } from "../tasks/mod.ts";

const WINDOW_MS = 60_000;
const MAX_OWNERS = 10_000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** A token bucket per owner, full at the start. */
export class CreateRateLimit {
  readonly #runtime: Runtime;
  readonly #perMinute: number;
  readonly #limit: string;
  readonly #buckets = new Map<string, Bucket>();

  /** Allows `perMinute` creations in any minute, on average. `limit`: its name among the options. */
  constructor(runtime: Runtime, perMinute: number, limit = "createsPerMinute") {
    this.#runtime = runtime;
    this.#perMinute = perMinute;
    this.#limit = limit;
  }

  /**
   * Takes one creation from the owner's bucket.
   *
   * @throws {LimitReachedError} If it is empty.
   */
  take(owner: string): void {
    const now = this.#runtime.monotonic();
    const bucket = this.#buckets.get(owner) ?? this.#open(owner, now);
    const rate = this.#perMinute / WINDOW_MS;
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + (now - bucket.filledAt) * rate);
    bucket.filledAt = now;
    if (bucket.tokens < 1) {
      throw new LimitReachedError(this.#limit, this.#perMinute, Math.ceil((1 - bucket.tokens) / rate));
    }
    bucket.tokens--;
  }

  /** Puts back what {@linkcode take} took for something that was not created after all. */
  giveBack(owner: string): void {
    const bucket = this.#buckets.get(owner);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#perMinute, bucket.tokens + 1);
  }

  #open(owner: string, now: number): Bucket {
    if (this.#buckets.size >= MAX_OWNERS) {
      // The oldest bucket is the one that had the most time to fill up again.
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    const bucket = { tokens: this.#perMinute, filledAt: now };
    this.#buckets.set(owner, bucket);
    return bucket;
  }
}
