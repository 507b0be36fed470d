import { memory } from "@perdure/mcp-tasks/memory";
import type { RecordKey, StorageBackend } from "../../src/store/backend.ts";
import { systemRuntime } from "../../src/runtime.ts";
import { openDynamo } from "../../tests/contract/fixtures/dynamodb.ts";
import { openKvFile } from "../../tests/contract/fixtures/deno_kv.ts";
import { openRedis } from "../../tests/contract/fixtures/redis.ts";
import { redisMissing } from "../../tests/contract/fixtures/redis_server.ts";
import type { StorageFixture } from "../../src/testing/mod.ts";
import { concurrently, median } from "../support.ts";
import { CONCURRENCY, headWrite, newId, VALUE_BYTES } from "./sample.ts";

const FEW = 100;
const MANY = 20_000;
const SAMPLES = 60;
const ALLOWED = 1.5;

type Measure = Readonly<Record<string, { readonly ms: number; readonly calls: number }>>;

/** Engine calls and time of each operation with 100 and with 20,000 tasks of one owner. */
export async function benchScale(): Promise<void> {
  const options = { runtime: systemRuntime, timeoutMs: 30_000 };
  const fixtures: (readonly [string, () => Promise<StorageFixture>])[] = [
    ["memory", () => Promise.resolve({ backend: memory(), close: () => Promise.resolve() })],
    ["Deno KV file", () => openKvFile(options)],
    ["DynamoDB in dynalite", () => openDynamo(options)],
  ];
  if (redisMissing === undefined) fixtures.splice(2, 0, ["Redis", () => openRedis(options)]);
  for (const [name, open] of fixtures) {
    const fixture = await open();
    await seed(fixture.backend, FEW);
    const few = await measure(fixture);
    await seed(fixture.backend, MANY - FEW);
    const many = await measure(fixture);
    for (const [operation, { ms, calls }] of Object.entries(many)) {
      const before = few[operation]!;
      const ratio = ms / before.ms;
      const verdict = calls === before.calls && ratio <= ALLOWED ? "reached" : "MISSED";
      console.log(
        `${name}, ${operation}: ${before.calls} calls, ${before.ms.toFixed(3)} ms with ${FEW} tasks; ` +
          `${calls} calls, ${ms.toFixed(3)} ms with ${MANY}; ratio ${
            ratio.toFixed(2)
          } (goal ${ALLOWED}: ${verdict})`,
      );
    }
    await fixture.close();
  }
}

const OWNER = "owner";
const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));

async function seed(backend: StorageBackend, count: number): Promise<void> {
  await concurrently(CONCURRENCY, count, () => create(backend));
}

async function create(backend: StorageBackend): Promise<{ key: RecordKey; version: string }> {
  const key: RecordKey = { owner: OWNER, kind: "task", id: newId() };
  const result = await backend.put(headWrite(key, value), { absent: true, activeLimit: MANY * 2 });
  if (!result.ok) throw new Error(`Cannot seed: ${result.reason}`);
  return { key, version: result.version };
}

async function measure({ backend, calls = () => 0 }: StorageFixture): Promise<Measure> {
  const times: Record<string, number[]> = {};
  const counts: Record<string, number[]> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = calls();
    const start = performance.now();
    const result = await work();
    (times[name] ??= []).push(performance.now() - start);
    (counts[name] ??= []).push(calls() - before);
    return result;
  };
  for (let i = 0; i < SAMPLES; i++) {
    const { key, version } = await timed("create", () => create(backend));
    await timed("get", () => backend.get([key]));
    const list = { owner: OWNER, kind: "task", limit: 50 } as const;
    await timed("first page", () => backend.list({ ...list, reverse: true }));
    await timed("page in the middle", () => backend.list({ ...list, after: key.id, reverse: true }));
    await timed("due", () => backend.due({ before: Date.now() + 3_600_000, shard: 0, limit: 50 }));
    const { version: _, ...rest } = { ...headWrite(key, value), active: false, version };
    await timed("finish", () => backend.put(rest, { version }));
    await timed("delete", () => backend.delete([key]));
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, all]) => [name, { ms: median(all), calls: median(counts[name]!) }]),
  );
}
