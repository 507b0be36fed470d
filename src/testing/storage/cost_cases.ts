import { assert, assertEquals } from "@std/assert";
import { ids, type Kit, type StorageCase, type StorageCases } from "./kit.ts";

const SEEDED = 300;

/** Calls to the engine each operation may make, whatever is stored: architecture of the store depends on them. */
const COSTS: Readonly<Record<string, readonly [number, (kit: Kit) => Promise<unknown>]>> = {
  "reading a record": [1, (kit) => kit.backend.get([kit.key("r00000")])],
  "reading a record and a session": [
    1,
    (kit) => kit.backend.get([kit.key("r00000"), kit.key("s", "session")]),
  ],
  "creating a record": [1, (kit) => kit.create(kit.key("new"))],
  "creating an active record without a limit": [
    1,
    (kit) => kit.create(kit.key("new"), { active: true, dueAt: 9 }),
  ],
  "a page of 50": [2, (kit) => kit.backend.list({ owner: kit.owner, kind: "task", limit: 50 })],
  "a page of 50, descending": [
    2,
    (kit) => kit.backend.list({ owner: kit.owner, kind: "task", limit: 50, reverse: true }),
  ],
};

/** What operations cost. */
export const costCases: StorageCases = {
  ...Object.fromEntries(
    Object.entries(COSTS).map((
      [name, [allowed, operation]],
    ) => [`of ${name}: ${allowed} at most`, costs(allowed, operation)]),
  ),
  "of creating an active record under a limit: 1, or 2 where the limit is not exact": counted(async (kit) => {
    await seed(kit, 60, "r");
    const calls = await kit.calls(() => kit.create(kit.key("new"), { active: true, dueAt: 9 }, 500));
    assert(calls >= 1 && calls <= (kit.traits.exactLimit ? 1 : 2), `${calls} calls`);
  }),
  "of replacing a record: 1": counted(async (kit) => {
    const version = await kit.create(kit.key("new"), { active: true, dueAt: 9 }, 500);
    assertEquals(await kit.calls(() => kit.replace(kit.key("new"), version, { active: true, dueAt: 10 })), 1);
  }),
  "of ending an active record: 1": counted(async (kit) => {
    const version = await kit.create(kit.key("new"), { active: true, dueAt: 9 }, 500);
    assertEquals(await kit.calls(() => kit.replace(kit.key("new"), version, { dueAt: 10 })), 1);
  }),
  "of a lost replace: 1": counted(async (kit) => {
    const version = await kit.create(kit.key("new"));
    await kit.replace(kit.key("new"), version);
    assertEquals(await kit.calls(() => kit.tryReplace(kit.key("new"), version)), 1);
  }),
  "of a lost create: 2 at most": counted(async (kit) => {
    await kit.create(kit.key("new"));
    assert(await kit.calls(() => kit.tryCreate(kit.key("new"))) <= 2);
  }),
  "of deleting a record: 2 at most": counted(async (kit) => {
    await kit.create(kit.key("new"), { active: true, dueAt: 9 }, 500);
    assert(await kit.calls(() => kit.backend.delete([kit.key("new")])) <= 2);
  }),
  "of a page of due records: 2 at most": counted(async (kit) => {
    assert(await kit.calls(() => kit.backend.due({ before: 1e12, shard: 0, limit: 20 })) <= 2);
  }),
  "of reading nothing due: 1": counted(async (kit) => {
    assertEquals(await kit.calls(() => kit.backend.due({ before: 0, shard: 0, limit: 20 })), 1);
  }),
  "do not grow with the records of the owner": counted(async (kit) => {
    const few = await measure(kit, "few");
    await seed(kit, SEEDED, "more");
    assertEquals(await measure(kit, "many"), few);
  }),
};

function counted(run: StorageCase["run"]): StorageCase {
  return { needs: ["calls"], run };
}

function costs(allowed: number, operation: (kit: Kit) => Promise<unknown>): StorageCase {
  return counted(async (kit) => {
    await seed(kit, 60, "r");
    const calls = await kit.calls(() => operation(kit));
    assert(calls >= 1 && calls <= allowed, `${calls} calls`);
  });
}

/** Calls of each kind of operation. */
async function measure(kit: Kit, id: string): Promise<number[]> {
  await kit.create(kit.key(id + "-first"), { active: true }, 5000);
  let version = "";
  return [
    await kit.calls(async () => version = await kit.create(kit.key(id), { active: true, dueAt: 5 }, 5000)),
    await kit.calls(() => kit.backend.get([kit.key(id)])),
    await kit.calls(() => kit.replace(kit.key(id), version)),
    await kit.calls(() => kit.backend.list({ owner: kit.owner, kind: "task", limit: 1 })),
    await kit.calls(() => kit.backend.due({ before: 10, shard: 0, limit: 1 })),
    await kit.calls(() => kit.backend.delete([kit.key(id)])),
  ];
}

async function seed(kit: Kit, count: number, prefix: string): Promise<void> {
  await Promise.all(
    ids(count, prefix).map((id) => kit.create(kit.key(id), { active: true, dueAt: 1e11 }, 5000)),
  );
}
