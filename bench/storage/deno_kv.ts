import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import type { RecordWrite } from "../../src/store/backend.ts";
import { encodeEntry } from "../../backends/deno_kv_layout.ts";
import { concurrently, perSecond } from "../support.ts";
import { compare, CONCURRENCY, headWrite, newId, VALUE_BYTES } from "./sample.ts";

const COUNT = 1500;

/** Deno KV on a file next to a bare `atomic()` with the same checks and entries. */
export async function benchDenoKv(): Promise<void> {
  const folder = await Deno.makeTempDir();
  const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));
  const ours = await Deno.openKv(`${folder}/ours.kv`);
  const bare = await Deno.openKv(`${folder}/bare.kv`);
  const backend = denoKv(ours);
  const write = (owner: string): RecordWrite => headWrite({ owner, kind: "task", id: newId() }, value);
  const run = (work: (i: number) => Promise<unknown>) => {
    let n = 0;
    return perSecond(COUNT, () => concurrently(CONCURRENCY, COUNT, () => work(n++)));
  };
  const created: RecordWrite[] = [];
  await compare(
    "Deno KV file, create",
    "bare atomic with the same entries",
    0.8,
    (round) => run(() => backend.put(write(`owner${round}`), { absent: true, activeLimit: COUNT * 2 })),
    (round) =>
      run((i) => {
        const put = write(`owner${round}`);
        created.push(put);
        const { key: { owner, kind, id }, dueAt, purgeAt } = put;
        const facts = { dueAt, purgeAt, slot: i, slotStamp: undefined, parts: 0 };
        const purge = new Uint8Array(new Float64Array([purgeAt!]).buffer);
        const expiry = { expireIn: purgeAt! - Date.now() };
        return bare.atomic()
          .check({ key: ["perdure", "r", owner, kind, id], versionstamp: null })
          .check({ key: ["perdure", "a", owner, i], versionstamp: null })
          .set(["perdure", "a", owner, i], purge, expiry)
          .set(["perdure", "r", owner, kind, id], encodeEntry(facts, value), expiry)
          .set(["perdure", "d", dueAt!, owner, kind, id], purge, expiry)
          .commit();
      }),
  );
  const keys = created.slice(0, COUNT).map(({ key }) => key);
  for (const key of keys) await backend.put(headWrite(key, value), { absent: true });
  await compare(
    "Deno KV file, get",
    "bare get",
    0.8,
    () => run((i) => backend.get([keys[i]!])),
    () => run((i) => bare.get(["perdure", "r", keys[i]!.owner, keys[i]!.kind, keys[i]!.id])),
  );
  ours.close();
  bare.close();
  await Deno.remove(folder, { recursive: true });
}
