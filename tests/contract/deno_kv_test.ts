import { testStorageBackend } from "../../src/testing/mod.ts";
import { openKvFile, openKvMemory, openKvProcesses } from "./fixtures/deno_kv.ts";
import { printSuite } from "./fixtures/print.ts";

const STORES = [
  ["deno-kv in memory", openKvMemory],
  ["deno-kv in a file", openKvFile],
  ["deno-kv in a file of two processes", openKvProcesses],
] as const;

for (const [name, open] of STORES) {
  const summary = testStorageBackend({
    name,
    open,
    traits: { name: "deno-kv", maxValueBytes: 512 * 1024, dueShards: 1, indexLagMs: 0, exactLimit: true },
    provides: ["another", "calls", "failNext", "hang", "purge", "corrupt"],
  });
  printSuite(name, summary);
}
