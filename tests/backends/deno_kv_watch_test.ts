import { assertEquals } from "@std/assert";
import { denoKv, type DenoKvOptions, type KvLike } from "../../backends/deno_kv.ts";

/** How often the store's own `watch` is called for one watcher. */
async function watchesOf(options: DenoKvOptions): Promise<number> {
  const kv = await Deno.openKv(":memory:");
  let watches = 0;
  const counted = new Proxy(kv as unknown as KvLike, {
    get(target, name) {
      if (name === "watch") watches++;
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const backend = denoKv(counted, options);
  const key = { owner: "a", kind: "task", id: "t" } as const;
  const leaving = new AbortController();
  const hints = backend.watch(key, leaving.signal)[Symbol.asyncIterator]();
  const hint = hints.next();
  await backend.put({ key, value: new Uint8Array([1]) }, { absent: true });
  assertEquals((await hint).done, false, "puts of this process are told in any case");
  leaving.abort();
  while (!(await hints.next()).done);
  await backend.close();
  kv.close();
  return Math.min(watches, 1);
}

Deno.test("denoKv() takes the engine's hints on Deno, and none where told so", async () => {
  assertEquals([await watchesOf({}), await watchesOf({ watch: false })], [1, 0]);
});
