/**
 * Items in the order of an instant each, for a process that adds and drops far more than it reads.
 *
 * @module
 */
import { SortedList } from "./sorted_list.ts";

const MIN_DROPPED = 1024;

/** One item at one instant. */
export interface TimelineEntry<T> {
  readonly at: number;
  /** Breaks ties: entries of one instant keep the order in which they were added. */
  readonly order: number;
  /** Absent once the entry was dropped. */
  item: T | undefined;
}

/** Entries by instant. Dropped ones are swept out now and then. */
export class Timeline<T> {
  readonly #sorted = new SortedList<TimelineEntry<T>>((a, b) => a.at - b.at || a.order - b.order);
  #added = 0;
  #live = 0;
  #dropped = 0;

  /** Adds an item. */
  add(at: number, item: T): TimelineEntry<T> {
    const entry = { at, order: this.#added++, item };
    this.#sorted.add(entry);
    this.#live++;
    return entry;
  }

  /** Takes an entry out. */
  drop(entry: TimelineEntry<T>): void {
    if (entry.item === undefined) return;
    entry.item = undefined;
    this.#live--;
    if (++this.#dropped > MIN_DROPPED && this.#dropped > this.#live) this.#sweep();
  }

  /** Entries before the instant `end`, earliest first, behind the place `after`. */
  *before(end: number, after?: Pick<TimelineEntry<T>, "at" | "order">): Generator<TimelineEntry<T>> {
    for (const entry of this.#sorted.ascending(after && { ...after, item: undefined })) {
      if (entry.at >= end) return;
      if (entry.item !== undefined) yield entry;
    }
  }

  #sweep(): void {
    this.#sorted.retain(isLive);
    this.#dropped = 0;
  }
}

function isLive(entry: TimelineEntry<unknown>): boolean {
  return entry.item !== undefined;
}
