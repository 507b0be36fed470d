import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageUnavailableError } from "../../store/backend.ts";
import { bytes, ids, type Kit, type StorageCase, type StorageCases, text } from "./kit.ts";

/** Calls swallowed by a busy engine before it answers; few enough for the pauses to stay short. */
const FAULTS = 3;
const LONG_MS = 3_600_000;

const OPERATIONS: Readonly<Record<string, (kit: Kit) => Promise<unknown>>> = {
  get: (kit) => kit.backend.get([kit.key("old")]),
  "a create": (kit) => kit.tryCreate(kit.key("new")),
  "an active create": (kit) => kit.tryCreate(kit.key("new"), { active: true }, 9),
  "a replace": async (kit) => kit.tryReplace(kit.key("old"), (await kit.get(kit.key("old")))?.version ?? ""),
  delete: (kit) => kit.backend.delete([kit.key("old")]),
  list: (kit) => kit.backend.list({ owner: kit.owner, kind: "task", limit: 10 }),
  due: (kit) => kit.backend.due({ before: 10, shard: 0, limit: 10 }),
};

/** An engine that is busy, silent, or holds what nobody wrote. */
export const faultCases: StorageCases = {
  ...Object.fromEntries(
    Object.entries(OPERATIONS).flatMap(([name, operation]) => [
      [`are retried inside ${name}`, retried(operation)],
      [`end ${name} of a silent engine with its deadline`, endsWithDeadline(operation)],
    ]),
  ),
  "do not double a create": {
    needs: ["failNext"],
    run: async (kit) => {
      kit.fixture.failNext!(FAULTS);
      await kit.create(kit.key(), { active: true, dueAt: 1 }, 9);
      await kit.assertActive(1);
      await kit.assertDue(["one"]);
    },
  },
  "that do not end become unavailability, never a conflict": {
    needs: ["failNext"],
    manualClock: true,
    run: async (kit) => {
      const version = await kit.create(kit.key());
      kit.fixture.failNext!(Infinity);
      const refused = assertRejects(() => kit.tryReplace(kit.key(), version), StorageUnavailableError);
      await advanceUntilSettled(kit, refused);
      await refused;
    },
  },
  "leave the backend usable": {
    needs: ["failNext"],
    run: async (kit) => {
      kit.fixture.failNext!(FAULTS);
      await Promise.all(ids(5).map((id) => kit.create(kit.key(id))));
      assertEquals(await kit.listIds(), ids(5));
    },
  },
  "in one record do not touch the others": {
    needs: ["corrupt"],
    run: async (kit) => {
      for (const id of ["a", "b", "c"]) await kit.create(kit.key(id), { value: bytes(id), dueAt: 1 });
      await kit.fixture.corrupt!(kit.key("b"));
      const { records } = await kit.backend.list({ owner: kit.owner, kind: "task", limit: 10 });
      const whole = records.filter(({ key }) => key.id !== "b");
      assertEquals(whole.map(text), ["a", "c"]);
      const [a, , c] = await kit.backend.get(["a", "b", "c"].map((id) => kit.key(id)));
      assertEquals([text(a), text(c)], ["a", "c"]);
    },
  },
  "in one record let it be deleted": {
    needs: ["corrupt"],
    run: async (kit) => {
      for (const id of ["a", "b"]) await kit.create(kit.key(id));
      await kit.fixture.corrupt!(kit.key("b"));
      await kit.backend.delete([kit.key("b")]);
      assertEquals(await kit.get(kit.key("b")), undefined);
      assertEquals(await kit.listIds(), ["a"]);
    },
  },
};

function retried(operation: (kit: Kit) => Promise<unknown>): StorageCase {
  return {
    needs: ["failNext"],
    run: async (kit) => {
      await kit.create(kit.key("old"), { dueAt: 1 });
      kit.fixture.failNext!(FAULTS);
      const result = await operation(kit);
      assert(!(typeof result === "object" && result !== null && "ok" in result) || result.ok === true);
    },
  };
}

function endsWithDeadline(operation: (kit: Kit) => Promise<unknown>): StorageCase {
  return {
    needs: ["hang"],
    manualClock: true,
    run: async (kit) => {
      await kit.create(kit.key("old"), { dueAt: 1 });
      kit.fixture.hang!();
      const refused = assertRejects(() => operation(kit), StorageUnavailableError);
      await advanceUntilSettled(kit, refused);
      await refused;
    },
  };
}

/** Moves the clock step by step: what waits for the engine's deadline or a pause goes on. */
async function advanceUntilSettled(kit: Kit, promise: Promise<unknown>): Promise<void> {
  let isSettled = false;
  promise.catch(() => {}).finally(() => isSettled = true);
  for (let waited = 0; !isSettled && waited < LONG_MS; waited += 1000) await kit.advance(1000);
  assert(isSettled, "the operation has no deadline");
}
