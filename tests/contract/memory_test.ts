import { testStorageBackend } from "../../src/testing/mod.ts";
import { openMemory } from "./fixtures/memory.ts";

testStorageBackend({
  name: "memory",
  open: openMemory,
  provides: ["hints"],
  traits: { name: "memory", dueShards: 1, indexLagMs: 0, exactLimit: true, watchLatencyMs: 0 },
});
