import fc from "fast-check";
import { verifies } from "../support/requirements.ts";
import { ModelledServer, type Operation } from "./task_model.ts";

const index = fc.nat({ max: 30 });
const owner = fc.nat({ max: 2 });
const isModern = fc.boolean();

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("create" as const),
      owner,
      isModern,
      ttl: fc.constantFrom(5000, 90_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("ask" as const), owner }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom("read" as const, "cancel" as const, "result" as const),
      owner,
      task: index,
      isModern,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("answer" as const), owner, task: index }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("list" as const), owner }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("end" as const),
      task: index,
      how: fc.constantFrom("completed" as const, "tool_error" as const, "rpc_error" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("wait" as const), ms: fc.constantFrom(1, 700, 4999, 30_000) }),
  },
);

verifies(
  ["lib-I1", "lib-I4", "lib-I5", "lib-I9", "lib-I12", "lib-I17", "T25-035", "T25-074", "T26-035"],
  "owners of both revisions see of each other's tasks what the model says: nothing",
  async () => {
    const play = fc.asyncProperty(fc.array(operation, { maxLength: 60, size: "max" }), async (operations) => {
      const server = await ModelledServer.start();
      for (const step of operations) await server.play(step);
      await server.finish();
    });
    await fc.assert(play, { numRuns: 60, seed: 2026 });
  },
);
