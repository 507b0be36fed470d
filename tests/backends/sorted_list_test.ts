import { assertEquals } from "@std/assert";
import { SortedList } from "../../backends/shared/sorted_list.ts";
import { Timeline, type TimelineEntry } from "../../backends/shared/timeline.ts";

const STEPS = 6000;

/** Numbers that look random and are the same in every run. */
function* numbers(): Generator<number, never> {
  for (let x = 1;; x = (Math.imul(x, 1664525) + 1013904223) >>> 0) yield x >>> 8;
}

Deno.test("SortedList agrees with a sorted array after every kind of change", () => {
  const list = new SortedList<number>((a, b) => a - b);
  const model = new Set<number>();
  const random = numbers();
  for (let step = 0; step < STEPS; step++) {
    const item = random.next().value % 4000;
    const isGrowing = step < STEPS / 2;
    if (random.next().value % 4 < (isGrowing ? 3 : 1)) {
      if (!model.has(item)) list.add(item);
      model.add(item);
    } else {
      list.remove(item);
      model.delete(item);
    }
    if (step % 200 !== 0) continue;
    const sorted = [...model].sort((a, b) => a - b);
    assertEquals([...list.ascending()], sorted);
    assertEquals([...list.descending()], sorted.toReversed());
    assertEquals([...list.ascending(item)], sorted.filter((other) => other > item));
    assertEquals([...list.descending(item)], sorted.filter((other) => other < item).reverse());
  }
});

Deno.test("SortedList keeps order across many chunks of appended items", () => {
  const list = new SortedList<number>((a, b) => a - b);
  for (let i = 0; i < 5000; i++) list.add(i * 2);
  for (let i = 0; i < 5000; i++) list.add(i * 2 + 1);
  assertEquals([...list.ascending()], Array.from({ length: 10_000 }, (_, i) => i));
  list.retain((item) => item % 3 === 0);
  assertEquals([...list.ascending(2990)].slice(0, 3), [2991, 2994, 2997]);
  assertEquals([...list.descending(9)], [6, 3, 0]);
});

Deno.test("SortedList is empty when everything was removed", () => {
  const list = new SortedList<number>((a, b) => a - b);
  for (let i = 0; i < 2000; i++) list.add(i);
  for (let i = 1999; i >= 0; i--) list.remove(i);
  assertEquals([...list.ascending()], []);
  assertEquals([...list.descending(5)], []);
});

Deno.test("Timeline agrees with a sorted array while entries come and go", () => {
  const timeline = new Timeline<string>();
  const model = new Set<TimelineEntry<string>>();
  const random = numbers();
  for (let step = 0; step < STEPS; step++) {
    const value = random.next().value;
    if (value % 3 > 0 || model.size === 0) {
      model.add(timeline.add(random.next().value % 50, `item${step}`));
    } else {
      const entry = [...model][value % model.size]!;
      timeline.drop(entry);
      timeline.drop(entry);
      model.delete(entry);
    }
    if (step % 300 !== 0) continue;
    const sorted = [...model].filter(({ at }) => at < 30).sort((a, b) => a.at - b.at || a.order - b.order);
    assertEquals([...timeline.before(30)].map(({ item }) => item), sorted.map(({ item }) => item));
    const middle = sorted[sorted.length >> 1];
    if (middle === undefined) continue;
    const rest = sorted.slice((sorted.length >> 1) + 1).map(({ item }) => item);
    assertEquals([...timeline.before(30, middle)].map(({ item }) => item), rest);
  }
});
