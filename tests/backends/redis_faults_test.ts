import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { redis } from "../../backends/redis.ts";
import { StorageUnavailableError } from "../../src/store/backend.ts";
import type { RecordKey, StorageBackend } from "../../src/testing/mod.ts";
import { redisMissing, startRedis } from "../contract/fixtures/redis_server.ts";
import { startProxy } from "./support/cut_proxy.ts";
import { connectRedis, until } from "./support/redis.ts";

const ownServerMissing = Deno.env.get("REDIS_URL") === undefined
  ? redisMissing
  : "these tests stop their server; get it with: apt install redis-server, without REDIS_URL";

function redisTest(name: string, fn: () => Promise<void>): void {
  const ignore = ownServerMissing !== undefined;
  Deno.test({
    name: ignore ? `${name} [not run: ${ownServerMissing}]` : name,
    ignore,
    fn,
    sanitizeOps: false,
    sanitizeResources: false,
  });
}

function task(id: string, owner = "owner"): RecordKey {
  return { owner, kind: "task", id };
}

function create(backend: StorageBackend, id: string): ReturnType<StorageBackend["put"]> {
  return backend.put({ key: task(id), value: new TextEncoder().encode(id), dueAt: 1, active: true }, {
    absent: true,
  });
}

redisTest(
  "redis() loses and doubles nothing when its server is killed and started again under load",
  async () => {
    const server = await startRedis({ appendonly: "yes", appendfsync: "always" });
    const backend = redis({ port: server.port }, { timeoutMs: 30_000 });
    const acknowledged = new Set<string>();
    const refused: string[] = [];
    let isDone = false;
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = 0; !isDone; i++) {
        const id = `w${worker}-${String(i).padStart(6, "0")}`;
        try {
          const result = await create(backend, id);
          // The same create sent again by the adapter itself must not show as a conflict.
          if (result.ok) acknowledged.add(id);
          else refused.push(id);
        } catch (error) {
          assert(error instanceof StorageUnavailableError, String(error));
        }
      }
    });
    for (let round = 1; round <= 3; round++) {
      await until(() => acknowledged.size >= round * 100);
      await server.kill();
      await server.restart();
    }
    await until(() => acknowledged.size >= 400);
    isDone = true;
    await Promise.all(workers);
    assertEquals(refused, []);
    const keys = [...acknowledged].map((id) => task(id));
    const records = await backend.get(keys);
    assertEquals(records.filter((record) => record === undefined).length, 0);
    const stored = new Set<string>();
    let after: string | undefined;
    do {
      const page = await backend.list({ owner: "owner", kind: "task", limit: 1000, after });
      for (const { key } of page.records) {
        assert(!stored.has(key.id));
        stored.add(key.id);
      }
      after = page.after;
    } while (after !== undefined);
    const active = await connectRedis(
      server.port,
      (client) => client.zcard(`{perdure:${slotOf("owner")}}a|owner`),
    );
    assertEquals(active, stored.size);
    await backend.close();
    await server.kill();
  },
);

redisTest("redis() counts increments once each across killed servers", async () => {
  const server = await startRedis({ appendonly: "yes", appendfsync: "always" });
  const backend = redis({ port: server.port }, { timeoutMs: 30_000 });
  const key = task("counter");
  await backend.put({ key, value: new Uint8Array(4) }, { absent: true });
  let applied = 0;
  let unknown = 0;
  let isDone = false;
  const counting = (async () => {
    while (!isDone) {
      const [record] = await backend.get([key]);
      const value = new Uint8Array(record!.value);
      new DataView(value.buffer).setUint32(0, new DataView(value.buffer).getUint32(0) + 1);
      try {
        if ((await backend.put({ key, value }, { version: record!.version })).ok) applied++;
      } catch (error) {
        assert(error instanceof StorageUnavailableError, String(error));
        const [stored] = await backend.get([key]);
        if (stored!.version === error.attempted) applied++;
        else unknown++;
      }
    }
  })();
  for (let round = 1; round <= 3; round++) {
    await until(() => applied >= round * 50);
    await server.kill();
    await server.restart();
  }
  await until(() => applied >= 200);
  isDone = true;
  await counting;
  const [record] = await backend.get([key]);
  assertEquals(new DataView(record!.value.buffer).getUint32(0), applied);
  assertEquals(unknown, 0);
  await backend.close();
  await server.kill();
});

redisTest("redis() says what is wrong while the connection is cut, and recovers", async () => {
  const server = await startRedis();
  const proxy = await startProxy(server.port);
  const backend = redis({ port: proxy.port }, { timeoutMs: 300 });
  assert((await create(backend, "before")).ok);
  proxy.cut();
  const error = await assertRejects(() => create(backend, "meanwhile"), StorageUnavailableError);
  assertStringIncludes(error.message, 'Cannot store task "meanwhile"');
  await assertRejects(() => backend.get([task("before")]), StorageUnavailableError, "Cannot read a record");
  proxy.mend();
  await until(async () => (await create(backend, "after").catch(() => undefined)) !== undefined);
  const records = await backend.get([task("before"), task("after")]);
  assertEquals(records.map((record) => record?.key.id), ["before", "after"]);
  await backend.close();
  proxy.close();
  await server.kill();
});

redisTest("redis() stores once when the answer of a put is lost", async () => {
  const server = await startRedis();
  const proxy = await startProxy(server.port);
  const backend = redis({ port: proxy.port }, { timeoutMs: 20_000 });
  assert((await create(backend, "first")).ok);
  proxy.dropAnswers();
  const putting = create(backend, "second");
  await until(() =>
    connectRedis(server.port, async (client) => await client.zcard(`{perdure:${slotOf("owner")}}d`) === 2)
  );
  proxy.cut();
  proxy.mend();
  assertEquals((await putting).ok, true);
  const { records } = await backend.list({ owner: "owner", kind: "task", limit: 10 });
  assertEquals(records.map(({ key }) => key.id), ["first", "second"]);
  await backend.close();
  proxy.close();
  await server.kill();
});

redisTest("redis() names wrong credentials", async () => {
  const server = await startRedis({ requirepass: "right" });
  for (const password of [undefined, "wrong"]) {
    const backend = redis({ port: server.port, password }, { timeoutMs: 3000 });
    await assertRejects(
      () => create(backend, "a"),
      StorageUnavailableError,
      "check the user name and password",
    );
    await backend.close();
  }
  const backend = redis({ port: server.port, password: "right" });
  assert((await create(backend, "a")).ok);
  await backend.close();
  await server.kill();
});

redisTest("redis() names an unreachable server", async () => {
  const server = await startRedis();
  await server.kill();
  const backend = redis({ port: server.port }, { timeoutMs: 300 });
  await assertRejects(
    () => create(backend, "a"),
    StorageUnavailableError,
    `Cannot store task "a": Redis cannot be reached: connect ECONNREFUSED 127.0.0.1:${server.port}`,
  );
  await backend.close();
});

redisTest("redis() names a read-only replica", async () => {
  const primary = await startRedis();
  const replica = await startRedis({ replicaof: `127.0.0.1 ${primary.port}` });
  const backend = redis({ port: replica.port });
  await assertRejects(() => create(backend, "a"), Error, "read-only replica");
  await backend.close();
  await replica.kill();
  await primary.kill();
});

redisTest(
  "redis() names a primary that became a replica, and goes on once it is a primary again",
  async () => {
    const [primary, other] = [await startRedis(), await startRedis()];
    const backend = redis({ port: primary.port }, { timeoutMs: 3000 });
    assert((await create(backend, "a")).ok);
    await connectRedis(primary.port, (client) => client.replicaof("127.0.0.1", other.port));
    await assertRejects(() => create(backend, "b"), StorageUnavailableError, "read-only replica");
    await connectRedis(primary.port, (client) => client.replicaof("NO", "ONE"));
    await until(async () => (await create(backend, "c").catch(() => undefined))?.ok === true);
    await backend.close();
    await primary.kill();
    await other.kill();
  },
);

redisTest(
  "redis() works with the rights that the documentation lists, and names what is not allowed",
  async () => {
    const docs = await Deno.readTextFile(new URL("../../docs/backends.md", import.meta.url));
    const rights = /^ACL SETUSER tasks on >secret (.*)$/m.exec(docs)![1]!.split(" ");
    const server = await startRedis();
    const allow = (...rights: string[]) =>
      connectRedis(
        server.port,
        (client) => client.call("ACL", "SETUSER", "tasks", "on", ">secret", ...rights),
      );
    await allow(...rights);
    const backend = redis({ port: server.port, username: "tasks", password: "secret" }, { timeoutMs: 5000 });
    const watching = backend.watch(task("a"), new AbortController().signal)[Symbol.asyncIterator]().next();
    const write = { key: task("a"), value: new Uint8Array(1), dueAt: 1, purgeAt: Date.now() + 60_000 };
    const limits = { absent: true, activeLimit: 2 } as const;
    const created = await backend.put({ ...write, active: true, notAfter: Date.now() + 60_000 }, limits);
    assert(created.ok);
    assert((await backend.put({ ...write, purgeAt: undefined }, { version: created.version })).ok);
    assertEquals((await backend.get([task("a")])).length, 1);
    assertEquals((await backend.get([task("a"), task("b")])).length, 2);
    assertEquals((await backend.list({ owner: "owner", kind: "task", limit: 2 })).records.length, 1);
    assertEquals((await backend.due({ before: 2, shard: slotOf("owner"), limit: 2 })).keys.length, 1);
    await watching;
    await backend.delete([task("a")]);
    assertEquals(
      await connectRedis(server.port, (client) => client.call("ACL", "LOG")),
      [],
    );
    await allow("-hset");
    await assertRejects(() => create(backend, "b"), StorageUnavailableError, "allow this user what docs/");
    await backend.close();
    await server.kill();
  },
);

redisTest("redis() stores nothing while memory is used up, still reads, and goes on with more", async () => {
  const server = await startRedis({ "maxmemory-policy": "noeviction" });
  const backend = redis({ port: server.port });
  assert((await create(backend, "a")).ok);
  await connectRedis(server.port, (client) => client.config("SET", "maxmemory", "1"));
  await assertRejects(() => create(backend, "b"), StorageUnavailableError, "maxmemory: raise it");
  assertEquals((await backend.get([task("a"), task("b")])).map((record) => record?.key.id), ["a", undefined]);
  await connectRedis(server.port, (client) => client.config("SET", "maxmemory", "0"));
  assert((await create(backend, "b")).ok);
  await backend.close();
  await server.kill();
});

redisTest("redis() names a server without memory, and an eviction policy that would lose tasks", async () => {
  const server = await startRedis({ maxmemory: "1000", "maxmemory-policy": "noeviction" });
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const full = redis({ port: server.port }, { warn });
  await assertRejects(() => create(full, "a"), StorageUnavailableError, "maxmemory: raise it");
  assertEquals(warnings, []);
  await full.close();
  await server.kill();
  const evicting = await startRedis({ "maxmemory-policy": "allkeys-lru" });
  const backend = redis({ port: evicting.port }, { warn });
  assert((await create(backend, "a")).ok);
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!, 'set it to "noeviction"');
  await backend.close();
  await evicting.kill();
});

redisTest("redis() refuses data that were laid out with another number of slots", async () => {
  const server = await startRedis();
  const first = redis({ port: server.port }, { slots: 8 });
  await create(first, "a");
  const second = redis({ port: server.port }, { slots: 16 });
  await assertRejects(() => create(second, "b"), Error, 'the data behind "perdure:slots" have 8');
  await first.close();
  await second.close();
  await server.kill();
});

redisTest("redis() answers a replicated put once the replica has it, and not without one", async () => {
  const primary = await startRedis();
  const replica = await startRedis({
    replicaof: `127.0.0.1 ${primary.port}`,
    "repl-diskless-sync-delay": "0",
  });
  const backend = redis({ port: primary.port }, { durability: "replicated", timeoutMs: 2000 });
  await until(() => connectRedis(primary.port, async (client) => await client.wait(1, 100) === 1));
  for (let i = 0; i < 20; i++) {
    assert((await create(backend, `t${i}`)).ok);
    const isThere = await connectRedis(
      replica.port,
      (client) => client.exists(`{perdure:${slotOf("owner")}}r|task|owner|t${i}`),
    );
    assertEquals(isThere, 1);
  }
  await replica.kill();
  const error = await assertRejects(
    () => create(backend, "late"),
    StorageUnavailableError,
    "replicas confirmed it",
  );
  const [late] = await backend.get([task("late")]);
  assertEquals(late?.version, error.attempted);
  await backend.close();
  await primary.kill();
});

redisTest("redis() expires records in milliseconds, and clears an expiry that is left out", async () => {
  const server = await startRedis();
  const backend = redis({ port: server.port });
  const purgeAt = Date.now() + 600_000.25;
  const write = { key: task("a"), value: new Uint8Array(), active: true };
  const created = await backend.put({ ...write, purgeAt }, { absent: true });
  const record = `{perdure:${slotOf("owner")}}r|task|owner|a`;
  const expiry = () => connectRedis(server.port, (client) => client.pexpiretime(record));
  assertEquals(await expiry(), Math.ceil(purgeAt));
  assert(created.ok);
  await backend.put(write, { version: created.version });
  assertEquals(await expiry(), -1);
  await backend.close();
  await server.kill();
});

redisTest("redis() leaves no key of an owner behind when the server has expired the records", async () => {
  const server = await startRedis();
  const backend = redis({ port: server.port });
  const keys = () => connectRedis(server.port, (client) => client.keys("*"));
  const putTwo = async (purgeAt: number) => {
    for (const id of ["a", "b"]) {
      const write = { key: task(id), value: new Uint8Array(), active: true, purgeAt };
      await backend.put(write, { absent: true, activeLimit: 9 });
    }
    return (await keys()).length;
  };
  // A machine that is busy may be too slow to see them before they expire.
  let lifeMs = 150;
  while (await putTwo(Date.now() + lifeMs) < 5) {
    await until(async () => (await keys()).length === 1);
    lifeMs *= 4;
  }
  await until(async () => (await keys()).length === 1);
  assertEquals(await keys(), ["perdure:slots"]);
  await backend.close();
  await server.kill();
});

function slotOf(owner: string): number {
  let hash = 0x811c9dc5;
  for (const char of owner) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % 64;
}
