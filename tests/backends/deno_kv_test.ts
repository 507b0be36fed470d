import { assert, assertEquals, assertRejects } from "@std/assert";
import { denoKv } from "../../backends/deno_kv.ts";
import { StorageError, StorageUnavailableError } from "../../src/store/backend.ts";
import { ManualRuntime, type RecordKey } from "../../src/testing/mod.ts";
import { FaultyKv } from "../contract/fixtures/faulty_kv.ts";

function task(id: string): RecordKey {
  return { owner: "owner", kind: "task", id };
}

const VALUE = new Uint8Array([1]);

Deno.test("denoKv() opens its store at the first use, and closes it", async () => {
  const backend = denoKv(":memory:");
  assertEquals(await backend.get([task("a")]), [undefined]);
  await backend.close();
  await assertRejects(() => backend.get([task("a")]), StorageError, "the backend is closed");
});

Deno.test("denoKv() closes no store that it was handed", async () => {
  const kv = await Deno.openKv(":memory:");
  const backend = denoKv(kv);
  await backend.close();
  assertEquals((await kv.get(["x"])).value, null);
  kv.close();
});

Deno.test("denoKv() names the file it cannot open", async () => {
  const backend = denoKv("/nowhere/at/all.kv");
  await assertRejects(() => backend.get([task("a")]), StorageUnavailableError, '"/nowhere/at/all.kv"');
  await backend.close();
});

Deno.test("denoKv() names a file that is no store, and leaves it as it is", async () => {
  const path = await Deno.makeTempFile();
  const text = "the minutes of the meeting ".repeat(200);
  await Deno.writeTextFile(path, text);
  const backend = denoKv(path);
  await assertRejects(() => backend.get([task("a")]), StorageUnavailableError, "file is not a database");
  await backend.close();
  assertEquals(await Deno.readTextFile(path), text);
  await Deno.remove(path);
});

Deno.test("denoKv() keeps two prefixes of one store apart", async () => {
  const kv = await Deno.openKv(":memory:");
  const [a, b] = [denoKv(kv, { prefix: ["a"] }), denoKv(kv, { prefix: ["b"] })];
  assert(
    (await a.put({ key: task("x"), value: VALUE, dueAt: 1, active: true }, { absent: true, activeLimit: 1 }))
      .ok,
  );
  assert(
    (await b.put({ key: task("x"), value: VALUE, dueAt: 1, active: true }, { absent: true, activeLimit: 1 }))
      .ok,
  );
  assertEquals((await a.due({ before: 9, shard: 0, limit: 9 })).keys.length, 1);
  kv.close();
});

Deno.test("denoKv() takes over an active entry whose purge time has passed, in one more read", async () => {
  const runtime = new ManualRuntime(1_000_000);
  const kv = new FaultyKv(await Deno.openKv(":memory:"));
  const write = (id: string) => ({
    key: task(id),
    value: VALUE,
    active: true,
    purgeAt: runtime.now() + 5000,
  });
  const first = denoKv(kv, { runtime });
  const lapsing = await first.put(write("a"), { absent: true, activeLimit: 1 });
  assert(lapsing.ok);
  // Another process does not know that the entry is taken, and then that it has lapsed.
  const second = denoKv(kv, { runtime });
  assertEquals(await second.put(write("b"), { absent: true, activeLimit: 1 }), {
    ok: false,
    reason: "limit",
  });
  await runtime.advance(5001);
  assert((await second.put(write("b"), { absent: true, activeLimit: 1 })).ok);
  // The lapsed record may still end, and must not free what is another's now.
  assert((await first.put({ ...write("a"), active: false }, { version: lapsing.version })).ok);
  assertEquals(await second.put(write("c"), { absent: true, activeLimit: 1 }), {
    ok: false,
    reason: "limit",
  });
  kv.close();
});

Deno.test("denoKv() gives a record whose active entry lapsed another one when it stays active", async () => {
  const runtime = new ManualRuntime(1_000_000);
  const kv = await Deno.openKv(":memory:");
  const backend = denoKv(kv, { runtime });
  const write = (id: string, purgeAt: number) => ({ key: task(id), value: VALUE, active: true, purgeAt });
  const lapsing = await backend.put(write("a", runtime.now() + 1000), { absent: true, activeLimit: 2 });
  assert(lapsing.ok);
  await runtime.advance(1001);
  const later = runtime.now() + 60_000;
  for (const id of ["b", "c"]) {
    assert((await backend.put(write(id, later), { absent: true, activeLimit: 2 })).ok);
  }
  assert((await backend.put(write("a", later), { version: lapsing.version })).ok);
  assertEquals(await backend.put(write("d", later), { absent: true, activeLimit: 3 }), {
    ok: false,
    reason: "limit",
  });
  assert((await backend.put(write("d", later), { absent: true, activeLimit: 4 })).ok);
  kv.close();
});

Deno.test("denoKv() does not commit a create whose time passes while the file is locked", async () => {
  const runtime = new ManualRuntime(1_000_000);
  const kv = new FaultyKv(await Deno.openKv(":memory:"));
  const backend = denoKv(kv, { runtime });
  await backend.get([task("a")]);
  kv.faults = 1;
  const notAfter = runtime.now();
  const refused = assertRejects(
    () => backend.put({ key: task("a"), value: VALUE, notAfter }, { absent: true }),
    StorageUnavailableError,
    "the time allowed for it has passed",
  );
  await runtime.advance(100);
  await refused;
  assertEquals(await backend.get([task("a")]), [undefined]);
  kv.close();
});

Deno.test("denoKv() tells where to enable Deno KV when the runtime has it not", async () => {
  const script = `
    import { denoKv } from ${JSON.stringify(new URL("../../backends/deno_kv.ts", import.meta.url).href)};
    await denoKv("./x.kv").get([{ owner: "o", kind: "task", id: "x" }]).catch((error) => console.log(error.message));
  `;
  const folder = await Deno.makeTempDir();
  const config = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  // The package's own configuration, without the flag.
  const imports = {
    ...config.imports,
    "@std/ulid": new URL("../../links/std-ulid/mod.ts", import.meta.url).href,
  };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports }));
  await Deno.writeTextFile(`${folder}/main.ts`, script);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--config", `${folder}/deno.json`, `${folder}/main.ts`],
    cwd: folder,
    stderr: "inherit",
  }).output();
  assertEquals(
    new TextDecoder().decode(stdout).trim(),
    'Cannot open Deno KV: this runtime has it not enabled; add the line "unstable": ["kv"] in deno.json',
  );
  await Deno.remove(folder, { recursive: true });
});
