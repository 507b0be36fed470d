/** What happens later, by time and then by order of arrival. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #arrivals = 0;

  /** How many events wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** Time of the next event. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  /** Adds an event. */
  push(at: number, run: () => void): void {
    const heap = this.#heap;
    const entry: Entry = { at, order: this.#arrivals++, run };
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes the next event. */
  pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** One event. */
export interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || a.at === b.at && a.order < b.order;
}
