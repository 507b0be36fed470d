/**
 * Random operations for {@linkcode ModelledServer}.
 *
 * @module
 */
import fc from "fast-check";
import type { Operation } from "./task_model.ts";

/** An operation of one of so many owners. */
export function anyOperation(ownerCount: number): fc.Arbitrary<Operation> {
  const owner = fc.nat({ max: ownerCount - 1 });
  // Where they are many, hardly anything would be done to tasks of one's own.
  const anyone = ownerCount > 3 ? fc.oneof(owner, fc.constant(-1)) : owner;
  return fc.oneof(
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
        owner: anyone,
        task,
        isModern,
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant("answer" as const), owner: anyone, task }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("list" as const), owner }) },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant("end" as const),
        task,
        how: fc.constantFrom("completed" as const, "tool_error" as const, "rpc_error" as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant("wait" as const), ms: fc.constantFrom(1, 700, 4999, 30_000) }),
    },
  );
}

const task = fc.nat({ max: 30 });
const isModern = fc.boolean();
