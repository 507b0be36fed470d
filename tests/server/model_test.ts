import { assert } from "@std/assert";
import fc from "fast-check";
import { verifies } from "../support/requirements.ts";
import { anyOperation } from "./operations.ts";
import { ModelledServer, PRINCIPALS } from "./task_model.ts";

verifies(
  ["lib-I1", "lib-I4", "lib-I5", "lib-I9", "lib-I12", "lib-I17", "T25-035", "T25-074", "T26-035"],
  "owners of both revisions see of each other's tasks what the model says: nothing",
  async () => {
    const play = fc.asyncProperty(
      fc.array(anyOperation(3), { maxLength: 60, size: "max" }),
      async (operations) => {
        const server = await ModelledServer.start();
        for (const step of operations) await server.play(step);
        await server.finish();
      },
    );
    await fc.assert(play, { numRuns: 60, seed: 2026 });
  },
);

verifies(["lib-I9", "T25-108", "T26-102"], "twenty owners of like names share nothing", async () => {
  const operations = fc.array(anyOperation(PRINCIPALS.length), {
    minLength: 150,
    maxLength: 150,
    size: "max",
  });
  const play = fc.asyncProperty(operations, async (steps) => {
    const server = await ModelledServer.start(PRINCIPALS.length);
    for (const step of steps) await server.play(step);
    await server.finish();
    assert(server.comparisons > 10, `${server.comparisons} looks were compared`);
  });
  await fc.assert(play, { numRuns: 1, seed: 2026 });
});
