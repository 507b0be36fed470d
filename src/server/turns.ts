/**
 * Work on one thing after the other: what happens in one process need not fight itself in the store.
 *
 * @module
 */

/** Queues by name. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does work once all earlier work of that name has settled. `isFirst`: there was none. */
  take<T>(name: string, work: (isFirst: boolean) => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const done = before === undefined ? work(true) : before.then(() => work(false));
    const settled = done.then(() => {}, () => {});
    this.#last.set(name, settled);
    settled.then(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    return done;
  }
}
