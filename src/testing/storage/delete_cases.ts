import { assertEquals } from "@std/assert";
import { ids, KINDS, pattern, type StorageCases, text } from "./kit.ts";

/** Removal of records together with their index entries. */
export const deleteCases: StorageCases = {
  "takes no keys": async ({ backend }) => await backend.delete([]),
  "passes by a record that never was": async (kit) => {
    await kit.create(kit.key("a"));
    await kit.backend.delete([kit.key("b")]);
    assertEquals(await kit.listIds(), ["a"]);
  },
  "takes the record": async (kit) => {
    await kit.create(kit.key());
    await kit.backend.delete([kit.key()]);
    assertEquals(await kit.get(kit.key()), undefined);
    assertEquals(await kit.listIds(), []);
  },
  "takes the due entry": async (kit) => {
    await kit.create(kit.key(), { dueAt: 1 });
    await kit.backend.delete([kit.key()]);
    await kit.assertDue([]);
  },
  "takes the due entry of a record that was put often": async (kit) => {
    let version = await kit.create(kit.key(), { dueAt: 1 });
    for (let dueAt = 2; dueAt < 10; dueAt++) version = await kit.replace(kit.key(), version, { dueAt });
    await kit.backend.delete([kit.key()]);
    await kit.assertDue([]);
  },
  "gives the place back": async (kit) => {
    await kit.create(kit.key(), { active: true }, 5);
    await kit.backend.delete([kit.key()]);
    await kit.assertActive(0);
  },
  "gives the place back of a record that was put often": async (kit) => {
    let version = await kit.create(kit.key(), { active: true }, 5);
    for (let i = 0; i < 5; i++) version = await kit.replace(kit.key(), version, { active: true, dueAt: i });
    await kit.backend.delete([kit.key()]);
    await kit.assertActive(0);
  },
  "does it twice without harm": async (kit) => {
    await kit.create(kit.key("a"), { active: true }, 5);
    await kit.create(kit.key("b"), { active: true }, 5);
    await kit.backend.delete([kit.key("a")]);
    await kit.backend.delete([kit.key("a")]);
    await kit.assertActive(1);
  },
  "takes a key named twice": async (kit) => {
    await kit.create(kit.key("a"), { active: true, dueAt: 1 }, 5);
    await kit.backend.delete([kit.key("a"), kit.key("a")]);
    assertEquals(await kit.listIds(), []);
    await kit.assertDue([]);
    await kit.assertActive(0);
  },
  "takes 120 records of all kinds at once, and no more": async (kit) => {
    const keys = ids(24).flatMap((id) => KINDS.map((kind) => kit.key(id, kind)));
    await Promise.all(keys.map((key) => kit.create(key, { dueAt: 1 })));
    await kit.create(kit.key("kept"), { dueAt: 1 });
    await kit.backend.delete([...keys, kit.key("missing")]);
    for (const kind of KINDS) assertEquals(await kit.listIds({ kind }), kind === "task" ? ["kept"] : []);
    await kit.assertDue(["kept"]);
  },
  "takes all of a large value": async (kit) => {
    const key = kit.key("p", "payload");
    await kit.create(key, { value: pattern(200 * 1024) });
    await kit.backend.delete([key]);
    await kit.create(key, { value: pattern(3) });
    assertEquals((await kit.stored(key)).value.length, 3);
  },
  "takes records of several owners": async (kit) => {
    const keys = ["o1", "o2", "o3"].map((owner) => kit.key("x", "task", owner));
    for (const key of keys) await kit.create(key, { dueAt: 1, active: true }, 5);
    await kit.backend.delete(keys);
    await kit.assertDue([]);
    for (const owner of ["o1", "o2", "o3"]) await kit.assertActive(0, owner);
  },
  "leaves room for a new record of the same name": async (kit) => {
    await kit.create(kit.key(), { dueAt: 1 });
    await kit.backend.delete([kit.key()]);
    await kit.create(kit.key(), { dueAt: 500 });
    assertEquals(text(await kit.get(kit.key())), "one");
    await kit.assertDue([], 500);
    await kit.assertDue(["one"], 501);
  },
  "leaves the same id in other kinds and owners": async (kit) => {
    await kit.create(kit.key("x", "task"));
    await kit.create(kit.key("x", "session"));
    await kit.create(kit.key("x", "task", "other"));
    await kit.backend.delete([kit.key("x", "task")]);
    assertEquals(await kit.listIds({ kind: "session" }), ["x"]);
    assertEquals(await kit.listIds({ owner: "other" }), ["x"]);
  },
};
