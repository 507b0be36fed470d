import { testStorageBackend } from "../../src/testing/mod.ts";
import { openMemory } from "./fixtures/memory.ts";
import { printSuite } from "./fixtures/print.ts";

const summary = testStorageBackend({
  name: "memory",
  open: openMemory,
  // One process, no engine behind it: nothing to open twice, to fail, or to count.
  provides: ["hints"],
  traits: { name: "memory", dueShards: 1, indexLagMs: 0, exactLimit: true, watchLatencyMs: 0 },
});
printSuite("memory", summary);
