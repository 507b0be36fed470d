import { assertEquals } from "@std/assert";
import { bytes, ids, type Kit, type StorageCases, text } from "./kit.ts";

/** A record and its index entries never disagree. */
export const atomicityCases: StorageCases = {
  "holds for due times under concurrent writers": async (kit) => {
    await kit.create(kit.key(), { value: bytes("1"), dueAt: 1 });
    await Promise.all(
      ids(8).map((_, worker) =>
        write(kit, 10, (i) => {
          const dueAt = 2 + worker * 100 + i;
          return { value: bytes(String(dueAt)), dueAt };
        })
      ),
    );
    const dueAt = Number(text(await kit.stored(kit.key())));
    await kit.assertDue([], dueAt);
    await kit.assertDue(["one"], dueAt + 1);
    await kit.assertDue(["one"]);
  },
  "holds for activity under concurrent writers": async (kit) => {
    await kit.create(kit.key(), { value: bytes("true"), active: true }, 9);
    await Promise.all(
      ids(6).map((_, worker) =>
        write(kit, 8, (i) => {
          const active = (worker + i) % 2 === 0;
          return { value: bytes(String(active)), active };
        })
      ),
    );
    await kit.assertActive(text(await kit.stored(kit.key())) === "true" ? 1 : 0);
  },
  "holds while records are deleted and created again": async (kit) => {
    await Promise.all(
      ids(6).map(async (_, worker) => {
        for (let i = 0; i < 8; i++) {
          if ((worker + i) % 2 === 0) await kit.backend.delete([kit.key()]);
          else await kit.tryCreate(kit.key(), { dueAt: worker * 100 + i, active: true }, 9);
        }
      }),
    );
    const isThere = await kit.get(kit.key()) !== undefined;
    await kit.assertDue(isThere ? ["one"] : []);
    await kit.assertActive(isThere ? 1 : 0);
    assertEquals(await kit.listIds(), isThere ? ["one"] : []);
  },
  "holds between deletions and replacements": async (kit) => {
    for (let round = 0; round < 15; round++) {
      const version = await kit.create(kit.key(), { dueAt: 1, active: true }, 9);
      await Promise.all([
        kit.backend.delete([kit.key()]),
        kit.tryReplace(kit.key(), version, { dueAt: 2, active: true }),
        kit.tryReplace(kit.key(), version, { dueAt: 3 }),
      ]);
      assertEquals(await kit.get(kit.key()), undefined);
    }
    await kit.assertDue([]);
    await kit.assertActive(0);
  },
  "names no missing record as due while writers work": async (kit) => {
    let isDone = false;
    const working = Promise.all(
      ids(4).map(async (id) => {
        for (let i = 0; i < 10; i++) {
          const version = await kit.create(kit.key(id), { dueAt: i + 1 });
          await kit.replace(kit.key(id), version, { dueAt: i + 100 });
          await kit.backend.delete([kit.key(id)]);
        }
      }),
    ).finally(() => isDone = true);
    while (!isDone) await kit.due();
    await working;
    await kit.assertDue([]);
  },
  "holds for two clients": {
    needs: ["another"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      await kit.create(kit.key(), { value: bytes("1"), dueAt: 1, active: true }, 9);
      await Promise.all([kit.backend, other].map((backend, worker) =>
        write(kit, 15, (i) => {
          const dueAt = 2 + worker * 100 + i;
          return { value: bytes(String(dueAt)), dueAt, active: true };
        }, backend)
      ));
      const dueAt = Number(text(await kit.stored(kit.key())));
      await kit.assertDue([], dueAt);
      await kit.assertDue(["one"], dueAt + 1);
      await kit.assertActive(1);
      await other.close();
    },
  },
};

/** Puts the record `times` times, each time after having read it. */
async function write(
  kit: Kit,
  times: number,
  facts: (i: number) => { value: Uint8Array; dueAt?: number; active?: boolean },
  backend = kit.backend,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    const record = await kit.get(kit.key(), backend);
    await backend.put(kit.write(kit.key(), facts(i)), { version: record!.version });
  }
}
