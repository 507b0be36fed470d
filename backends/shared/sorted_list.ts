/**
 * A sorted list in chunks, for a process that adds far more often than it reads: an addition costs next to
 * nothing, and what was added is put in order when the list is next read or shortened.
 *
 * @module
 */

const CHUNK = 512;

/** Orders two items: negative, zero or positive. */
export type Compare<T> = (a: T, b: T) => number;

/** Distinct items in ascending order. */
export class SortedList<T> {
  readonly #compare: Compare<T>;
  /** In order; no chunk is empty. */
  #chunks: T[][] = [];
  /** Added since the order was last needed. */
  #fresh: T[] = [];

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  /** Adds an item that is not in the list. */
  add(item: T): void {
    this.#fresh.push(item);
  }

  /** Removes an item; does nothing when it is not there. */
  remove(item: T): void {
    this.#arrange();
    const at = this.#chunkOf(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const index = this.#indexIn(chunk, item);
    if (index === chunk.length || this.#compare(chunk[index]!, item) !== 0) return;
    if (chunk.length === 1) this.#chunks.splice(at, 1);
    else chunk.splice(index, 1);
  }

  /** Keeps only the items that `keep` accepts. */
  retain(keep: (item: T) => boolean): void {
    this.#fresh = this.#fresh.filter(keep);
    this.#chunks = this.#chunks.map((chunk) => chunk.filter(keep)).filter((chunk) => chunk.length > 0);
  }

  /** Ascending items, only those behind `bound` when it is given. The list must not change meanwhile. */
  *ascending(bound?: T): Generator<T> {
    this.#arrange();
    let at = bound === undefined ? 0 : this.#chunkOf(bound);
    let index = 0;
    if (bound !== undefined && at < this.#chunks.length) {
      const chunk = this.#chunks[at]!;
      index = this.#indexIn(chunk, bound);
      if (index < chunk.length && this.#compare(chunk[index]!, bound) === 0) index++;
    }
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at]!;
      while (index < chunk.length) yield chunk[index++]!;
    }
  }

  /** Descending items, only those before `bound` when it is given. The list must not change meanwhile. */
  *descending(bound?: T): Generator<T> {
    this.#arrange();
    const chunks = this.#chunks;
    let at = bound === undefined ? chunks.length - 1 : Math.min(this.#chunkOf(bound), chunks.length - 1);
    if (at < 0) return;
    let index = bound === undefined ? chunks[at]!.length : this.#indexIn(chunks[at]!, bound);
    while (true) {
      const chunk = chunks[at]!;
      while (index > 0) yield chunk[--index]!;
      if (--at < 0) return;
      index = chunks[at]!.length;
    }
  }

  #arrange(): void {
    if (this.#fresh.length === 0) return;
    const items = this.#fresh;
    this.#fresh = [];
    for (const item of items.sort(this.#compare)) this.#place(item);
  }

  #place(item: T): void {
    const chunks = this.#chunks;
    const last = chunks[chunks.length - 1];
    if (last === undefined) {
      chunks.push([item]);
    } else if (this.#compare(last[last.length - 1]!, item) < 0) {
      // Most keys grow with time: a full last chunk stays full instead of being split.
      if (last.length < CHUNK) last.push(item);
      else chunks.push([item]);
    } else {
      this.#insert(item);
    }
  }

  /** First chunk whose last item is not before `item`; the number of chunks if there is none. */
  #chunkOf(item: T): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle]!;
      if (this.#compare(chunk[chunk.length - 1]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** First index whose item is not before `item`. */
  #indexIn(chunk: readonly T[], item: T): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(chunk[middle]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(item: T): void {
    const at = this.#chunkOf(item);
    const chunk = this.#chunks[at]!;
    chunk.splice(this.#indexIn(chunk, item), 0, item);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK >>> 1));
  }
}
