import { testStorageBackend } from "../../src/testing/mod.ts";
import { openDynamo } from "./fixtures/dynamodb.ts";
import { printSuite } from "./fixtures/print.ts";

const summary = testStorageBackend({
  name: "dynamodb",
  open: openDynamo,
  traits: { name: "dynamodb", maxValueBytes: 384 * 1024, dueShards: 16, indexLagMs: 1000, exactLimit: false },
  // The service removes a record and its index entries together: there are no leftovers to imitate.
  provides: ["another", "calls", "failNext", "hang", "corrupt"],
  // The server in this process outlives the test that started it.
  test: (definition) => Deno.test({ ...definition, sanitizeOps: false, sanitizeResources: false }),
});
printSuite("dynamodb", summary);
