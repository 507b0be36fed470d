/**
 * How many tasks or sessions an owner may create, or suggestions ask for, in a minute, per process.
 *
 * @module
 */
import type { Runtime } from "../runtime.ts";
import { LimitReachedError } from "../tasks/mod.ts";
import { RecentMap } from "./recent_map.ts";

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
  /** Whoever took nothing for longest has the fullest bucket: forgetting it gives away least. */
  readonly #buckets: RecentMap<Bucket>;

  /** Allows `perMinute` creations in any minute, on average. `limit`: its name among the options. */
  constructor(runtime: Runtime, perMinute: number, limit = "createsPerMinute") {
    this.#runtime = runtime;
    this.#perMinute = perMinute;
    this.#limit = limit;
    this.#buckets = new RecentMap(
      MAX_OWNERS,
      () => ({ tokens: perMinute, filledAt: runtime.monotonic() }),
    );
  }

  /**
   * Takes one creation from the owner's bucket.
   *
   * @throws {LimitReachedError} If it is empty.
   */
  take(owner: string): void {
    const now = this.#runtime.monotonic();
    const bucket = this.#buckets.use(owner);
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
    const bucket = this.#buckets.peek(owner);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#perMinute, bucket.tokens + 1);
  }
}
