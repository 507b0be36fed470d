import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { StorageUnavailableError } from "../../mod.ts";
import { SessionStore } from "../../src/server/session_store.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { MirrorBackend } from "../support/mirror_backend.ts";
import { user } from "../support/test_server.ts";

const FACTS = {
  protocolVersion: "2025-11-25",
  clientCapabilities: {},
  clientInfo: { name: "test", version: "1.0.0" },
};

function createStore() {
  const runtime = new FakeRuntime();
  const backend = new MirrorBackend(runtime);
  const limits = { sessionsPerMinute: 1, anonymousSessionsPerMinute: 1 };
  const store = new SessionStore(backend, {
    runtime,
    ttlMs: 60_000,
    anonymousTtlMs: 1000,
    graceMs: 1000,
    limits,
  });
  return { store, backend, runtime };
}

Deno.test("a session of a connection is its owner's alone, and ends with a word", async () => {
  const { store, backend, runtime } = createStore();
  const { id } = await store.create(user("ada"), FACTS, "connection");
  await runtime.advance(86_400_000);
  assertNotEquals(await store.find(user("ada"), id), undefined);
  assertEquals(await store.find(user("bob"), id), undefined);
  assertEquals(await store.find(undefined, id), undefined);
  await store.end((await store.find(user("ada"), id))!);
  assertEquals(await store.find(user("ada"), id), undefined);
  assertEquals(backend.keys(), []);
});

Deno.test("changes of a connection's session are kept, each on what is there", async () => {
  const { store, backend, runtime } = createStore();
  const { id } = await store.create(user("ada"), FACTS, "connection");
  const first = (await store.find(user("ada"), id))!;
  await store.amend(first, (session) => ({ ...session, logLevel: "error" }));
  assertEquals(await store.update(first, first.session), false);
  await runtime.drive(store.amend(first, (session) => ({ ...session, subscriptions: ["test://a"] })));
  const { session } = (await store.find(user("ada"), id))!;
  assertEquals([session.logLevel, session.subscriptions], ["error", ["test://a"]]);
  assertEquals(backend.keys(), []);
});

Deno.test("changes of a session by many at once are all kept", async () => {
  const { store, runtime } = createStore();
  const { id } = await store.create(user("ada"), FACTS);
  const stored = (await store.find(user("ada"), id))!;
  const uris = Array.from({ length: 10 }, (_, i) => `test://${i}`);
  const changes = uris.map((uri) =>
    store.amend(stored, (session) => ({ ...session, subscriptions: [...session.subscriptions ?? [], uri] }))
  );
  await runtime.drive(Promise.all(changes));
  const { session } = (await store.find(user("ada"), id))!;
  assertEquals([...session.subscriptions ?? []].sort(), uris);
});

Deno.test("a change of a session that others keep changing is refused, not forgotten", async () => {
  const { store, runtime, backend } = createStore();
  const { id } = await store.create(user("ada"), FACTS);
  const stored = (await store.find(user("ada"), id))!;
  backend.put = () => Promise.resolve({ ok: false, reason: "conflict" });
  const change = store.amend(stored, (session) => ({ ...session, logLevel: "error" }));
  await assertRejects(() => runtime.drive(change), StorageUnavailableError, "changed 12 times meanwhile");
});

Deno.test("sessions of connections are not counted: each costs its client a connection", async () => {
  const { store } = createStore();
  for (let i = 0; i < 3; i++) await store.create(user("ada"), FACTS, "connection");
  await store.create(user("ada"), FACTS);
});
