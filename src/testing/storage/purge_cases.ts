import { assert, assertEquals } from "@std/assert";
import { ids, type StorageCases, text } from "./kit.ts";

/** Removal by the engine itself, from `purgeAt` on. */
export const purgeCases: StorageCases = {
  "does not come before its time": async (kit) => {
    await kit.create(kit.key(), { purgeAt: kit.later, dueAt: 1 });
    assertEquals(text(await kit.get(kit.key())), "one");
    await kit.assertDue(["one"]);
  },
  "never comes without a time": async (kit) => {
    await kit.create(kit.key(), { purgeAt: undefined, dueAt: 1, active: true }, 5);
    assertEquals(text(await kit.get(kit.key())), "one");
    await kit.assertDue(["one"]);
    await kit.assertActive(1);
  },
  "of a past time leaves no active record to count": async (kit) => {
    for (const id of ids(3)) {
      await kit.create(kit.key(id), { active: true, purgeAt: kit.runtime.now() - 1000 }, 3);
    }
    await kit.create(kit.key("more"), { active: true }, 1);
    await kit.assertActive(1);
  },
  "of a past time leaves no due entry without a record": async (kit) => {
    for (const id of ids(10)) await kit.create(kit.key(id), { dueAt: 1, purgeAt: kit.runtime.now() - 1000 });
    await kit.create(kit.key("kept"), { dueAt: 1 });
    await kit.eventually(async () => {
      const due = await kit.due();
      const records = await kit.backend.get(due);
      assertEquals(records.filter((record) => record === undefined), []);
      assert(due.some(({ id }) => id === "kept"));
    });
  },
  "of a past time leaves no listed record without a value": async (kit) => {
    for (const id of ids(10)) await kit.create(kit.key(id), { purgeAt: kit.runtime.now() - 1000 });
    await kit.create(kit.key("s"));
    const { records } = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 100 });
    assertEquals(text(records.at(-1)), "s");
    for (const record of records) assertEquals(text(record), record.key.id);
  },
  "of a past time does not hinder an end": async (kit) => {
    const version = await kit.create(kit.key(), { active: true, purgeAt: kit.runtime.now() - 1000 }, 3);
    const result = await kit.tryReplace(kit.key(), version);
    assertEquals(await kit.get(kit.key()) !== undefined, result.ok);
    await kit.assertActive(0);
  },
  "of a past time does not free a place twice": async (kit) => {
    // The lapsed record's place goes to another one; its own end must not free it again.
    const lapsed = await kit.create(
      kit.key("lapsed"),
      { active: true, purgeAt: kit.runtime.now() - 1000 },
      1,
    );
    await kit.create(kit.key("next"), { active: true }, 1);
    await kit.tryReplace(kit.key("lapsed"), lapsed);
    await kit.assertActive(1);
  },
  "of a past time lets a deletion spare another's place": async (kit) => {
    await kit.create(kit.key("lapsed"), { active: true, purgeAt: kit.runtime.now() - 1000 }, 1);
    await kit.create(kit.key("next"), { active: true }, 1);
    await kit.backend.delete([kit.key("lapsed")]);
    await kit.assertActive(1);
  },
  "leaves no record": {
    needs: ["purge"],
    run: async (kit) => {
      await kit.create(kit.key(), { dueAt: 1, active: true }, 5);
      await kit.fixture.purge!(kit.key());
      assertEquals(await kit.get(kit.key()), undefined);
      assertEquals(await kit.listIds(), []);
    },
  },
  "leaves leftovers that nobody sees": {
    needs: ["purge"],
    run: async (kit) => {
      for (const id of ["a", "b", "c"]) await kit.create(kit.key(id), { dueAt: 1, active: true }, 5);
      await kit.fixture.purge!(kit.key("b"));
      await kit.assertDue(["a", "c"]);
      assertEquals(await kit.listIds({ limit: 1 }), ["a", "c"]);
      assertEquals(await kit.listIds({ limit: 1, reverse: true }), ["c", "a"]);
    },
  },
  "does not hinder the next record of the same name": {
    needs: ["purge"],
    run: async (kit) => {
      const old = await kit.create(kit.key(), { dueAt: 1 });
      await kit.fixture.purge!(kit.key());
      assertEquals(await kit.tryReplace(kit.key(), old), { ok: false, reason: "conflict" });
      const version = await kit.create(kit.key(), { dueAt: 500 });
      await kit.assertDue([], 500);
      await kit.assertDue(["one"], 501);
      await kit.replace(kit.key(), version);
      await kit.assertDue([]);
    },
  },
  "does not hinder a deletion": {
    needs: ["purge"],
    run: async (kit) => {
      for (const id of ["a", "b"]) await kit.create(kit.key(id), { dueAt: 1 });
      await kit.fixture.purge!(kit.key("a"));
      await kit.backend.delete([kit.key("a"), kit.key("b")]);
      await kit.assertDue([]);
      assertEquals(await kit.listIds(), []);
    },
  },
};
