import { testStorageBackend } from "../../src/testing/mod.ts";
import { openKvFile, openKvMemory, openKvProcesses } from "./fixtures/deno_kv.ts";

const traits = { name: "deno-kv", maxValueBytes: 512 * 1024, dueShards: 1, indexLagMs: 0, exactLimit: true };
const provides = ["another", "calls", "failNext", "hang", "purge", "corrupt"] as const;

testStorageBackend({ name: "deno-kv in memory", open: openKvMemory, traits, provides });
testStorageBackend({ name: "deno-kv in a file", open: openKvFile, traits, provides });
testStorageBackend({ name: "deno-kv in a file of two processes", open: openKvProcesses, traits, provides });
