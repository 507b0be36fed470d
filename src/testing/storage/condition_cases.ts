import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bytes, ids, KINDS, type StorageCase, type StorageCases, text } from "./kit.ts";

const CONFLICT = { ok: false, reason: "conflict" } as const;

/** When a put takes effect. */
export const conditionCases: StorageCases = {
  "creates a record that is absent": async (kit) => {
    const result = await kit.tryCreate(kit.key(), { value: bytes("first") });
    assert(result.ok);
    assertEquals(text(await kit.get(kit.key())), "first");
  },
  "refuses to create a record that is there": async (kit) => {
    await kit.create(kit.key(), { value: bytes("first") });
    assertEquals(await kit.tryCreate(kit.key(), { value: bytes("second") }), CONFLICT);
    assertEquals(text(await kit.get(kit.key())), "first");
  },
  "replaces a record in the expected state": async (kit) => {
    const version = await kit.create(kit.key(), { value: bytes("first") });
    await kit.replace(kit.key(), version, { value: bytes("second") });
    assertEquals(text(await kit.get(kit.key())), "second");
  },
  "refuses to replace a state that is past": async (kit) => {
    const first = await kit.create(kit.key(), { value: bytes("first") });
    const second = await kit.replace(kit.key(), first, { value: bytes("second") });
    assertEquals(await kit.tryReplace(kit.key(), first, { value: bytes("third") }), CONFLICT);
    const record = await kit.stored(kit.key());
    assertEquals([text(record), record.version], ["second", second]);
  },
  "refuses to replace a record that was deleted": async (kit) => {
    const version = await kit.create(kit.key());
    await kit.backend.delete([kit.key()]);
    assertEquals(await kit.tryReplace(kit.key(), version), CONFLICT);
    assertEquals(await kit.get(kit.key()), undefined);
  },
  "refuses the version of another record": async (kit) => {
    const version = await kit.create(kit.key("one"), { value: bytes("same") });
    await kit.create(kit.key("two"), { value: bytes("same") });
    assertEquals(await kit.tryReplace(kit.key("two"), version), CONFLICT);
    assertEquals(text(await kit.get(kit.key("two"))), "same");
  },
  "refuses a version for a record that never was": async (kit) => {
    const version = await kit.create(kit.key("one"));
    assertEquals(await kit.tryReplace(kit.key("two"), version), CONFLICT);
    assertEquals(await kit.get(kit.key("two")), undefined);
  },
  "refuses a put that is sent again": async (kit) => {
    const version = await kit.create(kit.key());
    const write = kit.write(kit.key(), { value: bytes("again") });
    assert((await kit.backend.put(write, { version })).ok);
    assertEquals(await kit.backend.put(write, { version }), CONFLICT);
  },
  "lets one of 16 concurrent creates win": async (kit) => {
    const results = await Promise.all(
      ids(16).map((value) => kit.tryCreate(kit.key(), { value: bytes(value) })),
    );
    const winners = ids(16).filter((_, i) => results[i]!.ok);
    assertEquals([text(await kit.get(kit.key()))], winners);
  },
  "lets one of 16 concurrent active creates win": async (kit) => {
    const results = await Promise.all(
      ids(16).map((value) => kit.tryCreate(kit.key(), { value: bytes(value), active: true }, 100)),
    );
    assertEquals(results.filter(({ ok }) => ok).length, 1);
    assertEquals(results.filter(({ ok }) => !ok), Array(15).fill(CONFLICT));
    await kit.assertActive(1);
  },
  "lets one of 16 concurrent replaces win": async (kit) => {
    const version = await kit.create(kit.key());
    const results = await Promise.all(
      ids(16).map((value) => kit.tryReplace(kit.key(), version, { value: bytes(value) })),
    );
    const winners = ids(16).filter((_, i) => results[i]!.ok);
    assertEquals([text(await kit.get(kit.key()))], winners);
  },
  "lets a create and a deletion in any order leave one state": async (kit) => {
    await kit.create(kit.key());
    const [created] = await Promise.all([kit.tryCreate(kit.key()), kit.backend.delete([kit.key()])]);
    assertEquals(await kit.get(kit.key()) !== undefined, created.ok);
  },
  "goes on from version to version": async (kit) => {
    let version = await kit.create(kit.key());
    for (const value of ids(50)) version = await kit.replace(kit.key(), version, { value: bytes(value) });
    assertEquals(text(await kit.get(kit.key())), "r00049");
  },
  "loses no increment of concurrent writers": async (kit) => {
    await kit.create(kit.key(), { value: new Uint8Array([0]) });
    const increment = async () => {
      while (true) {
        const { value, version } = await kit.stored(kit.key());
        if ((await kit.tryReplace(kit.key(), version, { value: new Uint8Array([value[0]! + 1]) })).ok) return;
      }
    };
    await Promise.all(
      ids(8).map(async () => {
        for (let i = 0; i < 5; i++) await increment();
      }),
    );
    assertEquals((await kit.stored(kit.key())).value[0], 40);
  },
  "lets one of two clients win": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      const version = await kit.create(kit.key());
      const results = await Promise.all(
        [kit.backend, other].map((backend) => backend.put(kit.write(kit.key()), { version })),
      );
      assertEquals(results.map(({ ok }) => ok).sort(), [false, true]);
      await other.close();
    },
  },
  "leaves index facts alone when a create is refused": async (kit) => {
    await kit.create(kit.key(), { dueAt: 10 });
    await kit.tryCreate(kit.key(), { active: true, dueAt: 20 }, 5);
    await kit.assertDue([], 10);
    await kit.assertDue(["one"], 11);
    await kit.assertActive(0);
  },
  "leaves index facts alone when a replace is refused": async (kit) => {
    const version = await kit.create(kit.key(), { dueAt: 10, active: true }, 5);
    await kit.replace(kit.key(), version, { dueAt: 20, active: true });
    assertEquals(await kit.tryReplace(kit.key(), version, { dueAt: 5 }), CONFLICT);
    await kit.assertDue([], 20);
    await kit.assertDue(["one"], 21);
    await kit.assertActive(1);
  },
  ...Object.fromEntries(
    ["", "nope", "~~~~", "*", '"]}\n', "0".repeat(20), "1".repeat(2000)].map((version) => [
      `refuses ${JSON.stringify(version.slice(0, 24))} as a version`,
      refusesVersion(version),
    ]),
  ),
  ...Object.fromEntries(
    KINDS.map((kind) => [`keeps ${kind} records apart from other kinds`, keepsApart(kind)]),
  ),
};

function refusesVersion(version: string): StorageCase["run"] {
  return async (kit) => {
    const current = await kit.create(kit.key(), { value: bytes("kept") });
    assertNotEquals(current, version);
    assertEquals(await kit.tryReplace(kit.key(), version), CONFLICT);
    assertEquals(text(await kit.get(kit.key())), "kept");
  };
}

function keepsApart(kind: (typeof KINDS)[number]): StorageCase["run"] {
  return async (kit) => {
    for (const other of KINDS) await kit.create(kit.key("one", other), { value: bytes(other) });
    const { version } = await kit.stored(kit.key("one", kind));
    await kit.replace(kit.key("one", kind), version, { value: bytes("changed") });
    const records = await kit.backend.get(KINDS.map((other) => kit.key("one", other)));
    assertEquals(records.map(text), KINDS.map((other) => other === kind ? "changed" : other));
  };
}
