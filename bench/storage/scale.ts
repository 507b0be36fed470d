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
const SAMPLES = 150;
const ALLOWED = 1.5;
/** Few enough for one of sixteen shards of the smaller side to have them. */
const DUE = 3;
/** Active tasks an owner may have unless the server is told otherwise. */
const DEFAULT_LIMIT = 100;

type Measure = Readonly<Record<string, { readonly ms: number; readonly calls: number }>>;

/**
 * Engine calls and time of each operation with 100 and with 20,000 tasks of one owner: all of them active where
 * the limit is exact, and finished where the engine counts the active ones up to the limit.
 */
export async function benchScale(): Promise<void> {
  const options = { runtime: systemRuntime, timeoutMs: 30_000 };
  const fixtures: (readonly [string, () => Promise<StorageFixture>])[] = [
    ["memory", () => Promise.resolve({ backend: memory(), close: () => Promise.resolve() })],
    ["Deno KV file", () => openKvFile(options)],
    ["DynamoDB in dynalite", () => openDynamo(options)],
  ];
  if (redisMissing === undefined) fixtures.splice(2, 0, ["Redis", () => openRedis(options)]);
  for (const [name, open] of fixtures) {
    const sides: [StorageFixture, StorageFixture] = [await open(), await open()];
    await seed(sides[0].backend, FEW);
    await seed(sides[1].backend, MANY);
    const [few, many] = await measure(sides);
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
    for (const side of sides) await side.close();
  }
}

const OWNER = "owner";
const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));

async function seed(backend: StorageBackend, count: number): Promise<void> {
  const { exactLimit } = backend.traits;
  await concurrently(CONCURRENCY, count, () => create(backend, exactLimit));
}

async function create(backend: StorageBackend, active = true): Promise<{ key: RecordKey; version: string }> {
  const key: RecordKey = { owner: OWNER, kind: "task", id: newId() };
  const result = await backend.put({ ...headWrite(key, value), active }, {
    absent: true,
    activeLimit: backend.traits.exactLimit ? MANY * 2 : DEFAULT_LIMIT,
  });
  if (!result.ok) throw new Error(`Cannot seed: ${result.reason}`);
  return { key, version: result.version };
}

/** Measures both sides in turns, since the machine is not equally fast all the time. */
async function measure(sides: readonly [StorageFixture, StorageFixture]): Promise<[Measure, Measure]> {
  const samples = sides.map(() => new Samples()) as [Samples, Samples];
  for (let i = 0; i < SAMPLES; i++) {
    for (const [side, fixture] of sides.entries()) await sample(fixture, samples[side]!);
  }
  return [samples[0].middle(), samples[1].middle()];
}

async function sample({ backend, calls = () => 0 }: StorageFixture, samples: Samples): Promise<void> {
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = calls();
    const start = performance.now();
    const result = await work();
    samples.add(name, performance.now() - start, calls() - before);
    return result;
  };
  const { key, version } = await timed("create", () => create(backend));
  await timed("get", () => backend.get([key]));
  const list = { owner: OWNER, kind: "task", limit: 50 } as const;
  await timed("first page", () => backend.list({ ...list, reverse: true }));
  await timed("page in the middle", () => backend.list({ ...list, after: key.id, reverse: true }));
  await timed("due", () => backend.due({ before: Date.now() + 3_600_000, shard: 0, limit: DUE }));
  await timed("finish", () => backend.put({ ...headWrite(key, value), active: false }, { version }));
  await timed("delete", () => backend.delete([key]));
}

class Samples {
  readonly #times: Record<string, number[]> = {};
  readonly #calls: Record<string, number[]> = {};

  add(name: string, ms: number, calls: number): void {
    (this.#times[name] ??= []).push(ms);
    (this.#calls[name] ??= []).push(calls);
  }

  middle(): Measure {
    const middles = Object.entries(this.#times).map(([name, times]) =>
      [name, { ms: median(times), calls: median(this.#calls[name]!) }] as const
    );
    return Object.fromEntries(middles);
  }
}
