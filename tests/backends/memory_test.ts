import { assertEquals } from "@std/assert";
import { memory } from "../../backends/memory.ts";
import type { RecordKey } from "../../src/store/backend.ts";
import { seededRandom } from "../support/seeded_random.ts";

const RECORDS = 150;
const STEPS = 4000;

Deno.test("memory() keeps every value apart while records of all sizes come, change and go", async () => {
  const backend = memory();
  const random = seededRandom(3);
  const model = new Map<string, { value: Uint8Array<ArrayBuffer>; version: string }>();
  const key = (id: string): RecordKey => ({ owner: "owner", kind: "task", id });
  const newValue = (step: number) =>
    new Uint8Array(Math.floor(random() * (random() < 0.8 ? 2000 : 12_000))).fill(step & 255);
  for (let step = 0; step < STEPS; step++) {
    const id = `t${Math.floor(random() * RECORDS)}`;
    const known = model.get(id);
    if (known !== undefined && random() < 0.3) {
      await backend.delete([key(id)]);
      model.delete(id);
      continue;
    }
    const value = newValue(step);
    const condition = known === undefined ? { absent: true } as const : { version: known.version };
    const result = await backend.put({ key: key(id), value }, condition);
    if (!result.ok) throw new Error(`Cannot store ${id}: ${result.reason}`);
    model.set(id, { value: value.slice(), version: result.version });
    value.fill(0);
  }
  const { records } = await backend.list({ owner: "owner", kind: "task", limit: 1000 });
  assertEquals(records.length, model.size);
  for (const { key: { id }, value, version } of records) assertEquals({ value, version }, model.get(id));
});
