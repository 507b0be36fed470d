import { assertEquals, assertStrictEquals } from "@std/assert";
import { ids, KINDS, type Kit, type StorageCase, type StorageCases, text } from "./kit.ts";

/** Reading by key. */
export const getCases: StorageCases = {
  "answers no keys with no records": async ({ backend }) => assertEquals(await backend.get([]), []),
  "answers undefined for a record that never was": async (kit) =>
    assertStrictEquals(await kit.get(kit.key()), undefined),
  "keeps the order of the keys": async (kit) => {
    for (const id of ["b", "a", "c"]) await kit.create(kit.key(id));
    const records = await kit.backend.get(["c", "missing", "a", "b"].map((id) => kit.key(id)));
    assertEquals(records.map(text), ["c", undefined, "a", "b"]);
  },
  "answers a key asked twice twice": async (kit) => {
    await kit.create(kit.key());
    const records = await kit.backend.get([kit.key(), kit.key()]);
    assertEquals(records.map(text), ["one", "one"]);
  },
  "reads kinds and owners in one call": async (kit) => {
    await kit.create(kit.key("a", "task"));
    await kit.create(kit.key("b", "session"));
    await kit.create(kit.key("c", "task", "someone-else"));
    const records = await kit.backend.get([
      kit.key("a", "task"),
      kit.key("b", "session"),
      kit.key("c", "task", "someone-else"),
      kit.key("c", "task"),
    ]);
    assertEquals(records.map(text), ["a", "b", "c", undefined]);
  },
  "gives the key with the record": async (kit) => {
    for (const kind of KINDS) await kit.create(kit.key("one", kind));
    const records = await kit.backend.get(KINDS.map((kind) => kit.key("one", kind)));
    assertEquals(records.map((record) => record?.key), KINDS.map((kind) => kit.key("one", kind)));
  },
  "sees a put as soon as it was answered": async (kit) => {
    let version = await kit.create(kit.key());
    for (let i = 0; i < 20; i++) {
      version = await kit.replace(kit.key(), version, { value: new Uint8Array([i]) });
      assertEquals((await kit.stored(kit.key())).value[0], i);
    }
  },
  "is not disturbed by a kind that has no such record": async (kit) => {
    await kit.create(kit.key("one", "task"));
    assertStrictEquals(await kit.get(kit.key("one", "payload")), undefined);
  },
  "sees at once what another client put": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      let version = await kit.create(kit.key());
      for (let i = 0; i < 20; i++) {
        version = await kit.replace(kit.key(), version, { value: new Uint8Array([i]) });
        assertEquals((await kit.get(kit.key(), other))?.value[0], i);
      }
      await other.close();
    },
  },
  "finds what an earlier client left": {
    needs: ["another"],
    run: async (kit) => {
      await kit.create(kit.key(), { dueAt: 5 });
      const other = await kit.fixture.another!();
      assertEquals(text(await kit.get(kit.key(), other)), "one");
      const [first] = (await other.list({ owner: kit.owner, kind: "task", limit: 5 })).records;
      assertEquals(first?.key.id, "one");
      await other.close();
    },
  },
  ...Object.fromEntries(
    [1, 2, 10, 11, 100, 250].map((count) => [`reads ${count} records in one call`, readsMany(count)]),
  ),
};

function readsMany(count: number): StorageCase["run"] {
  return async (kit: Kit) => {
    const names = ids(count);
    await Promise.all(names.map((id) => kit.create(kit.key(id))));
    const records = await kit.backend.get(names.map((id) => kit.key(id)));
    assertEquals(records.map(text), names);
  };
}
