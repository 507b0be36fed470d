import { assert, assertEquals } from "@std/assert";
import { ids, type Kit, type StorageCase, type StorageCases } from "./kit.ts";

const LIMIT = { ok: false, reason: "limit" } as const;

/** How many active records an owner may have. */
export const activeCases: StorageCases = {
  "allows as many creates as the limit says": async (kit) => {
    for (const id of ids(5)) await kit.create(kit.key(id), { active: true }, 5);
    assertEquals(await kit.tryCreate(kit.key("more"), { active: true }, 5), LIMIT);
  },
  "stores nothing when the limit is reached": async (kit) => {
    await kit.create(kit.key("a"), { active: true, dueAt: 1 }, 1);
    assertEquals(await kit.tryCreate(kit.key("b"), { active: true, dueAt: 1 }, 1), LIMIT);
    assertEquals(await kit.get(kit.key("b")), undefined);
    assertEquals(await kit.listIds(), ["a"]);
    await kit.assertDue(["a"]);
  },
  "allows nothing under a limit of zero": async (kit) => {
    assertEquals(await kit.tryCreate(kit.key(), { active: true }, 0), LIMIT);
  },
  "counts active records only": async (kit) => {
    for (const id of ids(5)) await kit.create(kit.key(id));
    await kit.assertActive(0);
  },
  "does not hinder records that are not active": async (kit) => {
    await kit.create(kit.key("a"), { active: true }, 1);
    await kit.create(kit.key("b"), {}, 1);
    assertEquals(await kit.listIds(), ["a", "b"]);
  },
  "counts all kinds of one owner together": async (kit) => {
    await kit.create(kit.key("a", "task"), { active: true }, 2);
    await kit.create(kit.key("a", "session"), { active: true }, 2);
    assertEquals(await kit.tryCreate(kit.key("b", "task"), { active: true }, 2), LIMIT);
  },
  "counts each owner alone": async (kit) => {
    await kit.create(kit.key("a", "task", "o1"), { active: true }, 1);
    await kit.create(kit.key("a", "task", "o2"), { active: true }, 1);
    assertEquals(await kit.tryCreate(kit.key("b", "task", "o1"), { active: true }, 1), LIMIT);
  },
  "counts what was created without a limit": async (kit) => {
    for (const id of ids(3)) await kit.create(kit.key(id), { active: true });
    await kit.assertActive(3);
  },
  "has a place again when a record ends": async (kit) => {
    const version = await kit.create(kit.key("a"), { active: true }, 1);
    await kit.replace(kit.key("a"), version);
    await kit.create(kit.key("b"), { active: true }, 1);
    assertEquals(await kit.tryCreate(kit.key("c"), { active: true }, 1), LIMIT);
  },
  "has a place again when a record is deleted": async (kit) => {
    await kit.create(kit.key("a"), { active: true }, 1);
    await kit.backend.delete([kit.key("a")]);
    await kit.create(kit.key("b"), { active: true }, 1);
  },
  "is not used up by creates that lost": async (kit) => {
    await kit.create(kit.key("a"), { active: true }, 3);
    for (let i = 0; i < 5; i++) assert(!(await kit.tryCreate(kit.key("a"), { active: true }, 3)).ok);
    await kit.assertActive(1);
  },
  "calls a record that is there a conflict, not a limit": async (kit) => {
    await kit.create(kit.key("a"), { active: true }, 1);
    assertEquals(await kit.tryCreate(kit.key("a"), { active: true }, 1), { ok: false, reason: "conflict" });
  },
  "counts records of a higher limit under a lower one": async (kit) => {
    for (const id of ids(4)) await kit.create(kit.key(id), { active: true }, 10);
    assertEquals(await kit.tryCreate(kit.key("more"), { active: true }, 4), LIMIT);
    assertEquals(await kit.tryCreate(kit.key("more"), { active: true }, 2), LIMIT);
  },
  "has room when the limit rises": async (kit) => {
    for (const id of ids(2)) await kit.create(kit.key(id), { active: true }, 2);
    assertEquals(await kit.tryCreate(kit.key("more"), { active: true }, 2), LIMIT);
    await kit.create(kit.key("more"), { active: true }, 3);
  },
  "turns over many times": async (kit) => {
    for (const id of ids(40)) {
      const version = await kit.create(kit.key(id), { active: true }, 2);
      await kit.assertActive(1);
      await kit.replace(kit.key(id), version);
    }
    await kit.assertActive(0);
  },
  "admits 100 of 200 concurrent creates": (kit) => admits(kit, 200, 100),
  "admits 1 of 20 concurrent creates": (kit) => admits(kit, 20, 1),
  "admits all of 50 concurrent creates below the limit": (kit) => admits(kit, 50, 60),
  "admits 100 of 200 concurrent creates of two clients": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      const results = await Promise.all(
        ids(200).map((id, i) =>
          (i % 2 === 0 ? kit.backend : other)
            .put(kit.write(kit.key(id), { active: true }), { absent: true, activeLimit: 100 })
        ),
      );
      assertAdmitted(kit, results.filter(({ ok }) => ok).length, 200, 100);
      assertEquals((await kit.listIds()).length, results.filter(({ ok }) => ok).length);
      await other.close();
    },
  },
  "holds while records end and others begin": async (kit) => {
    const run = async (worker: string) => {
      for (const id of ids(10, worker)) {
        const result = await kit.tryCreate(kit.key(id), { active: true }, 6);
        if (result.ok) await kit.replace(kit.key(id), result.version);
      }
    };
    await Promise.all(ids(8, "w").map(run));
    await kit.assertActive(0);
  },
  "is counted right after concurrent ends": async (kit) => {
    const versions = await Promise.all(ids(20).map((id) => kit.create(kit.key(id), { active: true }, 20)));
    await Promise.all(ids(20).slice(5).map((id, i) => kit.replace(kit.key(id), versions[i + 5]!)));
    await kit.assertActive(5);
  },
  "sees a place freed by another client": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      const version = await kit.create(kit.key("a"), { active: true }, 1);
      const refused = await other.put(kit.write(kit.key("b"), { active: true }), {
        absent: true,
        activeLimit: 1,
      });
      assertEquals(refused, LIMIT);
      await kit.replace(kit.key("a"), version);
      const created = await other.put(kit.write(kit.key("b"), { active: true }), {
        absent: true,
        activeLimit: 1,
      });
      assert(created.ok);
      assertEquals(await kit.tryCreate(kit.key("c"), { active: true }, 1), LIMIT);
      await other.close();
    },
  },
  ...Object.fromEntries([1, 2, 10].map((limit) => [`counts up to ${limit} and back`, countsBack(limit)])),
};

async function admits(kit: Kit, creates: number, limit: number): Promise<void> {
  const results = await Promise.all(
    ids(creates).map((id) => kit.tryCreate(kit.key(id), { active: true }, limit)),
  );
  const admitted = results.filter(({ ok }) => ok).length;
  assertAdmitted(kit, admitted, creates, limit);
  assertEquals(results.filter(({ ok }) => !ok), Array(creates - admitted).fill(LIMIT));
  assertEquals((await kit.listIds()).length, admitted);
}

function assertAdmitted(kit: Kit, admitted: number, creates: number, limit: number): void {
  if (kit.traits.exactLimit) assertEquals(admitted, Math.min(creates, limit));
  else assert(admitted >= Math.min(creates, limit), `only ${admitted} of ${limit} were admitted`);
}

function countsBack(limit: number): StorageCase["run"] {
  return async (kit) => {
    const versions: string[] = [];
    for (const id of ids(limit)) versions.push(await kit.create(kit.key(id), { active: true }, limit));
    assertEquals(await kit.tryCreate(kit.key("more"), { active: true }, limit), LIMIT);
    for (const [i, id] of ids(limit).entries()) await kit.replace(kit.key(id), versions[i]!);
    await kit.assertActive(0);
  };
}
