/**
 * Task cycles (create, then finish) next to what the engine does bare, in one run, as ratios.
 *
 * Run: `deno task bench`. Both sides work on the same bytes and the same number of commits, 64 at a time.
 *
 * @module
 */
import { denoKv } from "@perdure/mcp-tasks/deno-kv";
import { memory } from "@perdure/mcp-tasks/memory";
import { systemRuntime } from "../src/runtime.ts";
import type { RecordWrite, StorageBackend } from "../src/store/backend.ts";
import { TaskStore } from "../src/store/mod.ts";
import { concurrently, median, perSecond, report } from "./support.ts";

const CONCURRENCY = 64;
const ROUNDS = 5;

/** Keeps the bytes that each put stores, so that the bare side can store the same. */
function recordingWrites(backend: StorageBackend, writes: RecordWrite[]): StorageBackend {
  return {
    traits: backend.traits,
    get: (keys) => backend.get(keys),
    put: (write, condition) => {
      writes.push(write);
      return backend.put(write, condition);
    },
    delete: (keys) => backend.delete(keys),
    list: (query) => backend.list(query),
    due: (query) => backend.due(query),
    watch: (key, signal) => backend.watch(key, signal),
    close: () => backend.close(),
  };
}

async function cycle(store: TaskStore, owner: string): Promise<void> {
  const now = store.runtime.now();
  const created = await store.create(
    store.draft({
      id: store.runtime.newTaskId(now),
      owner,
      kind: "tool",
      name: "report",
      namespace: "bench",
      era: "2026-07-28",
      args: { year: 2026 },
      clientCapabilities: {},
      ttlMs: 3_600_000,
      pollIntervalMs: 1000,
      executor: "inline",
      repeatable: true,
      maxAttempts: 3,
      lease: { leaseOwner: "bench", leaseMs: 30_000 },
    }),
    100_000,
  );
  const { epoch, leaseOwner } = created.head.exec;
  const ref = { owner, id: created.head.id, epoch, leaseOwner };
  await store.finish(
    ref,
    { kind: "result", result: { content: [{ type: "text", text: "done" }] } },
    undefined,
    created,
  );
}

async function sampleWrites(): Promise<RecordWrite[]> {
  const writes: RecordWrite[] = [];
  const store = new TaskStore(recordingWrites(memory(), writes), { runtime: systemRuntime });
  await cycle(store, "sample");
  return writes;
}

async function memoryCycles(count: number): Promise<number> {
  const store = new TaskStore(memory(), { runtime: systemRuntime });
  return await perSecond(count, () => concurrently(CONCURRENCY, count, () => cycle(store, "owner")));
}

/** The bytes of both puts, encoded from the same objects and set in a bare Map. */
async function bareSets(count: number, writes: readonly RecordWrite[]): Promise<number> {
  const objects = writes.map(({ value }) => JSON.parse(new TextDecoder().decode(value)));
  const encoder = new TextEncoder();
  const map = new Map<string, Uint8Array>();
  let n = 0;
  return await perSecond(count, () =>
    concurrently(CONCURRENCY, count, () => {
      const key = `${n++}`;
      for (const object of objects) map.set(key, encoder.encode(JSON.stringify(object)));
      return Promise.resolve();
    }));
}

async function kvCycles(path: string, count: number): Promise<number> {
  const backend = denoKv(path);
  const store = new TaskStore(backend, { runtime: systemRuntime });
  const rate = await perSecond(count, () => concurrently(CONCURRENCY, count, () => cycle(store, "owner")));
  await backend.close();
  return rate;
}

/** Two bare atomics per cycle, each one set of the same bytes. */
async function bareCommits(path: string, count: number, writes: readonly RecordWrite[]): Promise<number> {
  const kv = await Deno.openKv(path);
  let n = 0;
  const rate = await perSecond(count, () =>
    concurrently(CONCURRENCY, count, async () => {
      const key = ["bare", n++];
      for (const { value } of writes) await kv.atomic().set(key, value).commit();
    }));
  kv.close();
  return rate;
}

if (import.meta.main) {
  const writes = await sampleWrites();
  const directory = await Deno.makeTempDir();
  const ratios: Record<"memory" | "kv", number[]> = { memory: [], kv: [] };
  const rates: Record<"memory" | "bare" | "kv" | "commits", number[]> = {
    memory: [],
    bare: [],
    kv: [],
    commits: [],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const bare = await bareSets(20_000, writes);
    const inMemory = await memoryCycles(20_000);
    const commits = await bareCommits(`${directory}/bare${round}.kv`, 1000, writes);
    const onFile = await kvCycles(`${directory}/cycle${round}.kv`, 1000);
    rates.bare.push(bare);
    rates.memory.push(inMemory);
    rates.commits.push(commits);
    rates.kv.push(onFile);
    ratios.memory.push(inMemory / bare);
    ratios.kv.push(onFile / commits);
  }
  await Deno.remove(directory, { recursive: true });
  report(
    "task cycle, memory",
    median(rates.memory),
    "cycles/s",
    "bare Map.set of the same bytes, encoded",
    median(rates.bare),
    median(ratios.memory),
    0.1,
  );
  report(
    "task cycle, Deno KV file",
    median(rates.kv),
    "cycles/s",
    "bare atomics of the same bytes",
    median(rates.commits),
    median(ratios.kv),
    0.8,
  );
}
