import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageUnavailableError } from "../../store/backend.ts";
import { ids, type StorageCases } from "./kit.ts";

/** Creates that come too late. */
export const notAfterCases: StorageCases = {
  "lets a create in time pass": async (kit) => {
    assert((await kit.tryCreate(kit.key(), { notAfter: kit.runtime.now() + 60_000 })).ok);
  },
  "refuses a create that comes too late": async (kit) => {
    const notAfter = kit.runtime.now() - 5_000;
    await assertRejects(() => kit.tryCreate(kit.key(), { notAfter, dueAt: 1 }), StorageUnavailableError);
    assertEquals(await kit.get(kit.key()), undefined);
    assertEquals(await kit.listIds(), []);
    await kit.assertDue([]);
  },
  "uses no place for a create that comes too late": async (kit) => {
    const notAfter = kit.runtime.now() - 5_000;
    for (const id of ids(3)) {
      await assertRejects(
        () => kit.tryCreate(kit.key(id), { notAfter, active: true }, 2),
        StorageUnavailableError,
      );
    }
    await kit.assertActive(0);
  },
  "lets an active create in time pass": async (kit) => {
    assert((await kit.tryCreate(kit.key(), { notAfter: kit.runtime.now() + 60_000, active: true }, 2)).ok);
    await kit.assertActive(1);
  },
};
