import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bytes, ids, KINDS, type StorageCases } from "./kit.ts";

/** Opaque names of stored states. */
export const versionCases: StorageCases = {
  "are strings with something in them": async (kit) => assert((await kit.create(kit.key())).length > 0),
  "change with every put, also of the same bytes": async (kit) => {
    const seen = new Set<string>();
    let version = await kit.create(kit.key(), { value: bytes("same") });
    for (let i = 0; i < 100; i++) {
      seen.add(version);
      version = await kit.replace(kit.key(), version, { value: bytes("same") });
    }
    assertEquals(seen.size, 100);
  },
  "differ between records": async (kit) => {
    const versions = await Promise.all(
      ids(50).map((id) => kit.create(kit.key(id), { value: bytes("same") })),
    );
    for (const [i, id] of ids(50).entries()) {
      assertEquals((await kit.stored(kit.key(id))).version, versions[i]);
    }
  },
  "are not used again after deletion and re-creation": async (kit) => {
    const seen = new Set<string>();
    const write = kit.write(kit.key(), { value: bytes("same") });
    for (let i = 0; i < 20; i++) {
      const result = await kit.backend.put(write, { absent: true });
      assert(result.ok && !seen.has(result.version));
      seen.add(result.version);
      await kit.backend.delete([write.key]);
    }
  },
  "of a deleted record do not fit its successor": async (kit) => {
    const old = await kit.create(kit.key(), { value: bytes("old") });
    await kit.backend.delete([kit.key()]);
    const current = await kit.create(kit.key(), { value: bytes("old") });
    assertNotEquals(current, old);
    assertEquals(await kit.tryReplace(kit.key(), old), { ok: false, reason: "conflict" });
    assertEquals((await kit.stored(kit.key())).version, current);
  },
  "read by a listing fit a put": async (kit) => {
    await kit.create(kit.key(), { active: true, dueAt: 3 });
    const { records } = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 1 });
    await kit.replace(kit.key(), records[0]!.version);
    await kit.assertDue([]);
  },
  "survive a journey as JSON": async (kit) => {
    const version = await kit.create(kit.key(), { active: true, dueAt: 3 });
    await kit.replace(kit.key(), JSON.parse(JSON.stringify({ version })).version);
  },
  "are the same for two clients": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      const version = await kit.create(kit.key(), { active: true, dueAt: 3 }, 9);
      assertEquals((await kit.get(kit.key(), other))?.version, version);
      const result = await other.put(kit.write(kit.key(), { active: true }), { version });
      assert(result.ok);
      assertEquals((await kit.stored(kit.key())).version, result.version);
      await other.close();
    },
  },
  ...Object.fromEntries(KINDS.map((kind) => [
    `of a ${kind} are the same from put, get and list`,
    async (kit) => {
      const facts = { active: kind === "task", dueAt: 7 };
      let version = await kit.create(kit.key("one", kind), facts);
      for (let i = 0; i < 3; i++) {
        assertEquals((await kit.stored(kit.key("one", kind))).version, version);
        const { records } = await kit.backend.list({ owner: kit.owner, kind, limit: 1 });
        assertEquals(records[0]?.version, version);
        version = await kit.replace(kit.key("one", kind), version, facts);
      }
    },
  ])) as StorageCases,
};
