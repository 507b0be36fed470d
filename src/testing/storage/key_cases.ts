import { assertEquals, assertRejects } from "@std/assert";
import { bytes, KINDS, type StorageCase, type StorageCases, text } from "./kit.ts";

/** Ids that the interface allows and that a careless adapter would mangle. */
const ALLOWED = [
  ".",
  "..",
  "../x",
  "a/b",
  "a//b",
  "/",
  ":",
  "a:b:c",
  "-",
  "_",
  "__proto__",
  "constructor",
  "0",
  "-1",
  "1e3",
  "a".repeat(512),
];
const REFUSED = [
  "",
  "a".repeat(513),
  "ä",
  "🐟",
  "a b",
  "a\0b",
  "a*",
  "a{b}",
  "a\nb",
  "a#b",
  "\ud800",
  "a%2fb",
  "a\\b",
];

/** Names of records. */
export const keyCases: StorageCases = {
  ...Object.fromEntries(ALLOWED.map((id) => [`allow the id ${JSON.stringify(id.slice(0, 20))}`, allows(id)])),
  ...Object.fromEntries(
    REFUSED.map((
      id,
    ) => [`refuse the id ${JSON.stringify(id.slice(0, 20))} (${id.length})`, refuses(id, "owner")]),
  ),
  ...Object.fromEntries(
    ["", "a b", "a*", "{a}", "ö", "a\0", "a\n"].map((
      owner,
    ) => [`refuse the owner ${JSON.stringify(owner)}`, refuses("id", owner)]),
  ),
  "tell upper from lower case": async (kit) => {
    for (const id of ["id", "ID", "Id"]) await kit.create(kit.key(id), { value: bytes(id) });
    for (const id of ["id", "ID", "Id"]) assertEquals(text(await kit.get(kit.key(id))), id);
  },
  "tell an id from its beginnings": async (kit) => {
    const all = ["a", "a-", "a.", "a/", "a0", "a:", "aA", "a_", "aa"];
    for (const id of all) await kit.create(kit.key(id), { dueAt: 1 });
    await kit.backend.delete([kit.key("a")]);
    assertEquals(await kit.listIds(), all.slice(1));
    await kit.assertDue(all.slice(1));
  },
  "do not confuse where owner ends and id begins": async (kit) => {
    const pairs = [["o", "a/b"], ["o/a", "b"], ["o:a", "b"], ["o", "a:b"], ["o.a", "b"], ["o", "task/a"], [
      "o/task",
      "a",
    ]] as const;
    for (const [owner, id] of pairs) {
      await kit.create(kit.key(id, "task", owner), { value: bytes(owner + " " + id), dueAt: 1 });
    }
    for (const [owner, id] of pairs) {
      assertEquals(text(await kit.get(kit.key(id, "task", owner))), owner + " " + id);
    }
    assertEquals(await kit.listIds({ owner: "o" }), ["a/b", "a:b", "task/a"]);
    const due = await kit.due();
    assertEquals(
      due.map(({ owner, id }) => owner + " " + id).sort(),
      pairs.map((pair) => pair.join(" ")).sort(),
    );
  },
  "do not confuse where kind ends and id begins": async (kit) => {
    await kit.create(kit.key("session/a", "task"));
    await kit.create(kit.key("a", "session"));
    assertEquals(await kit.listIds({ kind: "session" }), ["a"]);
    assertEquals(await kit.listIds({ kind: "task" }), ["session/a"]);
  },
  "keep owners apart whose names begin alike": async (kit) => {
    for (const owner of ["own", "owner", "own-"]) {
      await kit.create(kit.key("one", "task", owner), { active: true }, 1);
    }
    for (const owner of ["own", "owner", "own-"]) {
      assertEquals(await kit.listIds({ owner }), ["one"]);
      await kit.assertActive(1, owner);
    }
  },
  "keep an owner with the name of an object's property": async (kit) => {
    for (const owner of ["__proto__", "constructor", "toString"]) {
      assertEquals(await kit.listIds({ owner }), []);
      await kit.create(kit.key("one", "task", owner));
      assertEquals(await kit.listIds({ owner }), ["one"]);
    }
  },
  "come back from due records in all kinds": async (kit) => {
    for (const kind of KINDS) await kit.create(kit.key("a:b/c", kind), { dueAt: 1 });
    await kit.eventually(async () => {
      const due = await kit.due();
      assertEquals(due.map(({ kind }) => kind).sort(), [...KINDS].sort());
      assertEquals(new Set(due.map(({ owner, id }) => owner + " " + id)), new Set([kit.owner + " a:b/c"]));
    });
  },
};

function allows(id: string): StorageCase["run"] {
  return async (kit) => {
    const version = await kit.create(kit.key(id), { dueAt: 1, active: true }, 9);
    assertEquals(text(await kit.get(kit.key(id))), id);
    assertEquals(await kit.listIds(), [id]);
    await kit.assertDue([id]);
    await kit.replace(kit.key(id), version, { dueAt: 2 });
    await kit.assertDue([id]);
    await kit.backend.delete([kit.key(id)]);
    assertEquals(await kit.get(kit.key(id)), undefined);
    await kit.assertDue([]);
  };
}

function refuses(id: string, owner: string): StorageCase["run"] {
  return async (kit) => {
    await assertRejects(() => kit.tryCreate(kit.key(id, "task", owner)), TypeError, "malformed");
    assertEquals(await kit.due(), []);
  };
}
