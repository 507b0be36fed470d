/**
 * Each storage backend next to its bare driver doing the same single call, in one run, as ratios.
 *
 * Run: `deno run -A --v8-flags=--expose-gc bench/storage_bench.ts`. Both sides store the same bytes with the same
 * entries, 64 at a time. Engines that are not here are named as not measured. With `--scale` it also compares 100
 * and 20,000 tasks of one owner.
 *
 * @module
 */
import { benchMemory } from "./storage/memory.ts";
import { benchDenoKv } from "./storage/deno_kv.ts";
import { benchRedis } from "./storage/redis.ts";
import { benchScale } from "./storage/scale.ts";

if (import.meta.main) {
  await benchMemory();
  await benchDenoKv();
  await benchRedis();
  if (Deno.args.includes("--scale")) await benchScale();
  Deno.exit();
}
