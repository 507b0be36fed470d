import { memory } from "@perdure/mcp-tasks/memory";
import { concurrently, perSecond } from "../support.ts";
import { compare, CONCURRENCY, headWrite, newId, VALUE_BYTES } from "./sample.ts";

const COUNT = 30_000;

/** Memory next to a `Map` that keeps a copy of the same bytes under the same names. */
export async function benchMemory(): Promise<void> {
  const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));
  const writes = Array.from(
    { length: COUNT },
    () => headWrite({ owner: "owner", kind: "task", id: newId() }, value),
  );
  const names = writes.map(({ key }) => `${key.owner}/${key.kind}/${key.id}`);
  const run = (work: (i: number) => Promise<unknown>) => {
    let n = 0;
    return perSecond(COUNT, () => concurrently(CONCURRENCY, COUNT, () => work(n++)));
  };
  const bareSet = () => {
    const map = new Map<string, Uint8Array>();
    // deno-lint-ignore require-await
    return run(async (i) => map.set(names[i]!, value.slice()));
  };
  await compare("memory, create", "bare Map.set of the same bytes", 0.7, () => {
    const backend = memory();
    return run((i) => backend.put(writes[i]!, { absent: true, activeLimit: COUNT + 1 }));
  }, bareSet);
  await compare("memory, replace", "bare Map.set of the same bytes", 0.7, async () => {
    const backend = memory();
    const versions: string[] = [];
    for (const write of writes) {
      const result = await backend.put(write, { absent: true });
      versions.push(result.ok ? result.version : "");
    }
    return await run((i) => backend.put(writes[i]!, { version: versions[i]! }));
  }, () => {
    const map = new Map(names.map((name) => [name, value]));
    // deno-lint-ignore require-await
    return run(async (i) => map.set(names[i]!, value.slice()));
  });
}
