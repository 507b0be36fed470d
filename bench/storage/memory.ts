import { memory } from "@perdure/mcp-tasks/memory";
import type { RecordWrite } from "../../src/store/backend.ts";
import { concurrently, perSecond } from "../support.ts";
import { compare, CONCURRENCY, headWrite, newId, VALUE_BYTES } from "./sample.ts";

const COUNT = 30_000;
const ROUNDS = 21;

/** Memory next to a `Map` that keeps a copy of the same bytes under the same ids. Both are emptied after each round. */
export async function benchMemory(): Promise<void> {
  const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));
  const backend = memory();
  const map = new Map<string, Uint8Array>();
  const newWrites = (): RecordWrite[] =>
    Array.from({ length: COUNT }, () => headWrite({ owner: "owner", kind: "task", id: newId() }, value));
  const run = (work: (i: number) => Promise<unknown>) => {
    let n = 0;
    return perSecond(COUNT, () => concurrently(CONCURRENCY, COUNT, () => work(n++)));
  };
  const bareSet = async (writes: readonly RecordWrite[]) => {
    // deno-lint-ignore require-await
    const rate = await run(async (i) => map.set(writes[i]!.key.id, writes[i]!.value.slice()));
    map.clear();
    return rate;
  };
  await compare(
    "memory, create",
    "bare Map.set of the same bytes",
    0.7,
    async () => {
      const writes = newWrites();
      const rate = await run((i) => backend.put(writes[i]!, { absent: true, activeLimit: COUNT + 1 }));
      await backend.delete(writes.map(({ key }) => key));
      return rate;
    },
    () => bareSet(newWrites()),
    ROUNDS,
  );
  await compare("memory, replace", "bare Map.set of the same bytes", 0.7, async () => {
    const writes = newWrites();
    const versions: string[] = [];
    for (const write of writes) {
      const result = await backend.put(write, { absent: true });
      versions.push(result.ok ? result.version : "");
    }
    const rate = await run((i) => backend.put(writes[i]!, { version: versions[i]! }));
    await backend.delete(writes.map(({ key }) => key));
    return rate;
  }, () => {
    const writes = newWrites();
    for (const { key, value } of writes) map.set(key.id, value.slice());
    return bareSet(writes);
  }, ROUNDS);
}
