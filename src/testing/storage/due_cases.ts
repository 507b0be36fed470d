import { assert, assertEquals, assertRejects } from "@std/assert";
import { ids, KINDS, type StorageCase, type StorageCases } from "./kit.ts";

/** Records by the instant at which somebody has to look at them. */
export const dueCases: StorageCases = {
  "is nobody in empty storage": async (kit) => assertEquals(await kit.due(), []),
  "is nobody without a due time": async (kit) => {
    await kit.create(kit.key());
    await kit.assertDue([]);
  },
  "is a record before the instant asked for": async (kit) => {
    await kit.create(kit.key(), { dueAt: 10 });
    await kit.assertDue(["one"], 11);
  },
  "is not a record exactly at the instant asked for": async (kit) => {
    await kit.create(kit.key("now"), { dueAt: 10 });
    await kit.create(kit.key("before"), { dueAt: 9 });
    await kit.assertDue(["before"], 10);
  },
  "comes with its key": async (kit) => {
    await kit.create(kit.key("x", "session"), { dueAt: 1 });
    await kit.eventually(async () => assertEquals(await kit.due(), [kit.key("x", "session")]));
  },
  "comes of all owners and kinds": async (kit) => {
    const keys = KINDS.flatMap((kind) => ["o1", "o2", "o3"].map((owner) => kit.key("x", kind, owner)));
    for (const key of keys) await kit.create(key, { dueAt: 1 });
    const names = keys.map(({ owner, kind }) => owner + kind).sort();
    await kit.eventually(async () => {
      assertEquals((await kit.due()).map(({ owner, kind }) => owner + kind).sort(), names);
    });
  },
  "comes earliest first in each shard": async (kit) => {
    const times = new Map(ids(60).map((id, i) => [id, (i * 37) % 60 + 1]));
    for (const [id, dueAt] of times) await kit.create(kit.key(id), { dueAt });
    await kit.assertDue(ids(60));
    for (let shard = 0; shard < kit.traits.dueShards; shard++) {
      const { keys } = await kit.backend.due({ before: 100, shard, limit: 100 });
      const found = keys.map(({ id }) => times.get(id)!);
      assertEquals(found, [...found].sort((a, b) => a - b));
    }
  },
  "is in exactly one shard": async (kit) => {
    for (const id of ids(50)) await kit.create(kit.key(id, "task", "o-" + id), { dueAt: 5 });
    await kit.assertDue(ids(50));
  },
  "stays due however often it is read": async (kit) => {
    await kit.create(kit.key(), { dueAt: 5 });
    for (let i = 0; i < 3; i++) await kit.assertDue(["one"]);
  },
  "is passed by when nobody may touch it": async (kit) => {
    // The first page is full of entries that a worker leaves alone: the cursor must lead behind them.
    for (const id of ids(12, "foreign")) await kit.create(kit.key(id), { dueAt: 1 });
    await kit.create(kit.key("mine"), { dueAt: 2 });
    await kit.eventually(async () => assert((await kit.dueIds(100, 4)).includes("mine")));
  },
  "is not repeated behind a cursor when an earlier one appears": async (kit) => {
    for (const id of ids(10)) await kit.create(kit.key(id), { dueAt: 50 });
    await kit.assertDue(ids(10));
    const seen: string[] = [];
    for (let shard = 0; shard < kit.traits.dueShards; shard++) {
      let after: string | undefined;
      do {
        const page = await kit.backend.due({ before: 100, shard, after, limit: 3 });
        seen.push(...page.keys.map(({ id }) => id));
        after = page.after;
        if (after !== undefined && seen.length < 4) {
          await kit.create(kit.key("early" + seen.length), { dueAt: 1 });
        }
      } while (after !== undefined);
    }
    assertEquals(new Set(seen).size, seen.length);
    assertEquals(seen.filter((id) => id.startsWith("r")).sort(), ids(10));
  },
  "is found behind a cursor when entries before it went away": async (kit) => {
    const version = new Map<string, string>();
    for (const id of ids(10)) version.set(id, await kit.create(kit.key(id, "task", "same"), { dueAt: 50 }));
    await kit.assertDue(ids(10));
    for (let shard = 0; shard < kit.traits.dueShards; shard++) {
      const first = await kit.backend.due({ before: 100, shard, limit: 4 });
      if (first.keys.length === 0) continue;
      for (const key of first.keys) await kit.replace(key, version.get(key.id)!);
      const rest: string[] = [];
      let after = first.after;
      while (after !== undefined) {
        const page = await kit.backend.due({ before: 100, shard, after, limit: 4 });
        rest.push(...page.keys.map(({ id }) => id));
        after = page.after;
      }
      const left = await kit.backend.due({ before: 100, shard, limit: 100 });
      assertEquals(rest.sort(), left.keys.map(({ id }) => id).filter((id) => rest.includes(id)).sort());
    }
  },
  "is gone with its record": async (kit) => {
    await kit.create(kit.key("a"), { dueAt: 5 });
    await kit.create(kit.key("b"), { dueAt: 5 });
    await kit.backend.delete([kit.key("a")]);
    await kit.assertDue(["b"]);
  },
  "is seen by another client": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      await kit.create(kit.key(), { dueAt: 5 });
      await kit.eventually(async () => {
        const found: string[] = [];
        for (let shard = 0; shard < other.traits.dueShards; shard++) {
          found.push(...(await other.due({ before: 10, shard, limit: 10 })).keys.map(({ id }) => id));
        }
        assertEquals(found, ["one"]);
      });
      await other.close();
    },
  },
  ...Object.fromEntries(
    [0, 0.5, 1, 1234.75, 1_800_000_000_000, 1_800_000_000_000.5, 8.64e15].map((dueAt) => [
      `keeps the instant ${dueAt}`,
      keepsInstant(dueAt),
    ]),
  ),
  ...Object.fromEntries(
    [1, 2, 5, 24, 25, 26].map((limit) => [`comes complete in pages of ${limit}`, comesComplete(limit)]),
  ),
  ...Object.fromEntries(
    [0, -1, 1001, 2.5].map((limit) => [`refuses pages of ${limit}`, refuses({ limit }, RangeError)]),
  ),
  ...Object.fromEntries(
    [-1, 0.5, 1e6, NaN].map((shard) => [`refuses the shard ${shard}`, refuses({ shard }, RangeError)]),
  ),
  ...Object.fromEntries(
    ["", "nope", "{}", "[1]", "1:2:3:4:5:x y"].map((after) => [
      `refuses the cursor ${JSON.stringify(after)}`,
      refuses({ after }, TypeError),
    ]),
  ),
};

function keepsInstant(dueAt: number): StorageCase["run"] {
  return async (kit) => {
    await kit.create(kit.key(), { dueAt });
    const behind = dueAt + (dueAt > 1e15 ? 2 : 0.25);
    await kit.assertDue([], dueAt);
    await kit.assertDue(["one"], behind);
    const { version } = await kit.stored(kit.key());
    await kit.replace(kit.key(), version);
    await kit.assertDue([], behind);
  };
}

function comesComplete(limit: number): StorageCase["run"] {
  return async (kit) => {
    // Many entries of one instant: a cursor that is only an instant would skip or repeat some.
    for (const id of ids(25)) await kit.create(kit.key(id), { dueAt: 5 });
    await kit.eventually(async () => assertEquals(await kit.dueIds(10, limit), ids(25)));
  };
}

function refuses(query: object, errorClass: typeof RangeError | typeof TypeError): StorageCase["run"] {
  return async (kit) => {
    await kit.create(kit.key(), { dueAt: 5 });
    await assertRejects(() => kit.backend.due({ before: 10, shard: 0, limit: 10, ...query }), errorClass);
  };
}
