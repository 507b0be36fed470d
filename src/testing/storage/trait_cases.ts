import { assert, assertEquals } from "@std/assert";
import type { StorageCases } from "./kit.ts";

/** What a backend says of itself. */
export const traitCases: StorageCases = {
  "have a name": async ({ traits }) => assert(/^[a-z][a-z0-9-]*$/.test(await traits.name)),
  "allow payload values of 256 KiB at least": async ({ traits }) =>
    assert(await traits.maxValueBytes >= 256 * 1024),
  "count one shard at least": async ({ traits }) => {
    assert(Number.isInteger(await traits.dueShards) && traits.dueShards >= 1);
  },
  "state an index lag that is not negative": async ({ traits }) => assert(await traits.indexLagMs >= 0),
  "do not change": async ({ backend }) => {
    const before = { ...backend.traits };
    await backend.get([]);
    assertEquals({ ...backend.traits }, before);
  },
  "closing twice does no harm": async ({ backend }) => {
    await backend.close();
    await backend.close();
  },
};
