/**
 * What is remembered of callers: of so many at most, those that came last.
 *
 * @module
 */

/** A map that forgets the key not used for longest when there are too many. */
export class RecentMap<Value> {
  readonly #max: number;
  readonly #create: () => Value;
  readonly #entries = new Map<string, Value>();

  /** Holds at most `max` values; `create` makes the value of a key that has none. */
  constructor(max: number, create: () => Value) {
    this.#max = max;
    this.#create = create;
  }

  /** The value of a key, made if there is none, as the one used last. */
  use(key: string): Value {
    let value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
    } else {
      if (this.#entries.size >= this.#max) this.#forgetOldest();
      value = this.#create();
    }
    // A map keeps its keys in the order in which they were set.
    this.#entries.set(key, value);
    return value;
  }

  /** The value of a key, if there is one. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}
