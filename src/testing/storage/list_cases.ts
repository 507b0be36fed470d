import { assert, assertEquals, assertRejects } from "@std/assert";
import { bytes, ids, type Kit, type StorageCase, type StorageCases, text } from "./kit.ts";

/** Listings of one owner and kind. */
export const listCases: StorageCases = {
  "are empty for an owner without records": async (kit) => {
    const page = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 10 });
    assertEquals([page.records.length, page.after], [0, undefined]);
  },
  "ascend by default": async (kit) => {
    await fill(kit, ["c", "a", "b"]);
    assertEquals(await kit.listIds(), ["a", "b", "c"]);
  },
  "descend when asked to": async (kit) => {
    await fill(kit, ["c", "a", "b"]);
    assertEquals(await kit.listIds({ reverse: true }), ["c", "b", "a"]);
  },
  "order ids by code units": async (kit) => {
    const sorted = ["-", ".", "/", "0", "9", ":", "A", "Z", "_", "a", "z"];
    await fill(kit, [...sorted].reverse());
    assertEquals(await kit.listIds(), sorted);
    assertEquals(await kit.listIds({ reverse: true }), [...sorted].reverse());
  },
  "put an id before those it begins": async (kit) => {
    await fill(kit, ["ab", "a", "a/", "abc"]);
    assertEquals(await kit.listIds(), ["a", "a/", "ab", "abc"]);
  },
  "give values, versions and keys": async (kit) => {
    const version = await kit.create(kit.key("a"), { value: bytes("first") });
    const second = await kit.replace(kit.key("a"), version, { value: bytes("second") });
    const { records } = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 10 });
    assertEquals(records.map((record) => [record.key, text(record), record.version]), [
      [kit.key("a"), "second", second],
    ]);
  },
  "see a record as soon as it was created": async (kit) => {
    for (const id of ids(20)) {
      await kit.create(kit.key(id));
      const { records } = await kit.backend.list({ owner: kit.owner, kind: "task", reverse: true, limit: 1 });
      assertEquals(records[0]?.key.id, id);
    }
  },
  "do not see a deleted record": async (kit) => {
    await fill(kit, ["a", "b", "c"]);
    await kit.backend.delete([kit.key("b")]);
    assertEquals(await kit.listIds(), ["a", "c"]);
  },
  "see no other owner": async (kit) => {
    await fill(kit, ["a"]);
    await kit.create(kit.key("b", "task", "someone-else"));
    assertEquals(await kit.listIds(), ["a"]);
  },
  "see no other kind": async (kit) => {
    await fill(kit, ["a"]);
    await kit.create(kit.key("b", "payload"));
    assertEquals(await kit.listIds(), ["a"]);
    assertEquals(await kit.listIds({ kind: "payload" }), ["b"]);
  },
  "go on behind an id that is not there": async (kit) => {
    await fill(kit, ["a", "c", "e"]);
    assertEquals(await kit.listIds({ after: "b" }), ["c", "e"]);
    assertEquals(await kit.listIds({ after: "d", reverse: true }), ["c", "a"]);
  },
  "go on behind an id that was deleted": async (kit) => {
    await fill(kit, ["a", "b", "c"]);
    const page = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 2 });
    assertEquals(page.after, "b");
    await kit.backend.delete([kit.key("b")]);
    assertEquals(await kit.listIds({ after: page.after }), ["c"]);
  },
  "end behind the last id": async (kit) => {
    await fill(kit, ["a", "b"]);
    assertEquals(await kit.listIds({ after: "b" }), []);
    assertEquals(await kit.listIds({ after: "a", reverse: true }), []);
  },
  "end before the first id": async (kit) => {
    await fill(kit, ["b"]);
    assertEquals(await kit.listIds({ after: "a", reverse: true }), []);
    assertEquals(await kit.listIds({ after: "a" }), ["b"]);
  },
  "show what was inserted behind the page, once": async (kit) => {
    await fill(kit, ids(6, "m"));
    const seen: string[] = [];
    let after: string | undefined;
    for (let i = 0; i < 20; i++) {
      const page = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 2, after });
      seen.push(...page.records.map(({ key }) => key.id));
      after = page.after;
      if (after === undefined) break;
      if (i < 3) await fill(kit, [`a${i}`, `z${i}`]);
    }
    assertEquals(seen, [...ids(6, "m"), "z0", "z1", "z2"]);
  },
  "are not disturbed by newer records when they descend": async (kit) => {
    await fill(kit, ids(6, "m"));
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 2, reverse: true, after });
      seen.push(...page.records.map(({ key }) => key.id));
      after = page.after;
      if (seen.length < 6) await fill(kit, [`z${seen.length}`]);
    } while (after !== undefined);
    assertEquals(seen, ids(6, "m").reverse());
  },
  "miss no record that stays while others go": async (kit) => {
    await fill(kit, ids(20));
    const first = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 5 });
    await kit.backend.delete(ids(20).filter((_, i) => i % 2 === 1).map((id) => kit.key(id)));
    const rest = await kit.listIds({ after: first.after, limit: 3 });
    assertEquals(rest, ids(20).filter((_, i) => i > 4 && i % 2 === 0));
  },
  "give 1000 records in one page": async (kit) => {
    await fill(kit, ids(1010));
    const page = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 1000 });
    assert(page.after !== undefined && page.records.length <= 1000);
    assertEquals(
      [...page.records.map(({ key }) => key.id), ...await kit.listIds({ after: page.after })],
      ids(1010),
    );
  },
  "show what another client put": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      await fill(kit, ids(5));
      const { records } = await other.list({ owner: kit.owner, kind: "task", limit: 10 });
      assertEquals(records.map(({ key }) => key.id), ids(5));
      await other.close();
    },
  },
  ...Object.fromEntries([1, 2, 7, 23, 24, 100].flatMap((limit) => [
    [`come complete in pages of ${limit}`, comesComplete(limit, false)],
    [`come complete in pages of ${limit}, descending`, comesComplete(limit, true)],
  ])),
  ...Object.fromEntries(
    [0, -1, 1.5, 1001, NaN].map((limit) => [`refuse pages of ${limit}`, refusesLimit(limit)]),
  ),
};

async function fill(kit: Kit, all: readonly string[]): Promise<void> {
  for (let i = 0; i < all.length; i += 100) {
    await Promise.all(all.slice(i, i + 100).map((id) => kit.create(kit.key(id))));
  }
}

function comesComplete(limit: number, reverse: boolean): StorageCase["run"] {
  return async (kit) => {
    await fill(kit, ids(23));
    assertEquals(await kit.listIds({ limit, reverse }), reverse ? ids(23).reverse() : ids(23));
  };
}

function refusesLimit(limit: number): StorageCase["run"] {
  return async (kit) => {
    await assertRejects(
      () => kit.backend.list({ owner: kit.owner, kind: "task", limit }),
      RangeError,
      "limit is",
    );
  };
}
