import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { sleep } from "../../src/runtime.ts";
import { FakeRuntime } from "./fake_runtime.ts";

Deno.test("FakeRuntime stands still until it is advanced", async () => {
  const runtime = new FakeRuntime({ now: 5_000 });
  const before = runtime.monotonic();
  await runtime.advance(0);
  assertEquals([runtime.now(), runtime.monotonic()], [5_000, before]);
  await runtime.advance(70);
  assertEquals([runtime.now(), runtime.monotonic()], [5_070, before + 70]);
});

Deno.test("FakeRuntime.advance() fires timers at their time and in their order", async () => {
  const runtime = new FakeRuntime({ now: 0 });
  const fired: [string, number][] = [];
  const timer = (name: string, ms: number) => runtime.setTimer(ms, () => fired.push([name, runtime.now()]));
  timer("late", 30);
  timer("first of two", 10);
  timer("second of two", 10);
  timer("beyond", 41);
  timer("negative", -5);
  await runtime.advance(40);
  assertEquals(fired, [["negative", 0], ["first of two", 10], ["second of two", 10], ["late", 30]]);
  assertEquals([runtime.now(), runtime.pendingTimers, runtime.nextTimerMs], [40, 1, 1]);
});

Deno.test("FakeRuntime.advance() lets promises and Web Crypto settle between two timers", async () => {
  const runtime = new FakeRuntime({ now: 0 });
  const seen: [string, number][] = [];
  const work = async () => {
    for (let round = 1; round <= 3; round++) {
      await sleep(runtime, 10);
      const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(200_000));
      const text = await new Response(new Blob(["abc"]).stream()).text();
      seen.push([`${digest.byteLength} ${text}`, runtime.now()]);
    }
  };
  runtime.setTimer(15, () => seen.push(["timer", runtime.now()]));
  const done = work();
  await runtime.advance(30);
  await done;
  assertEquals(seen, [["32 abc", 10], ["timer", 15], ["32 abc", 20], ["32 abc", 30]]);
});

Deno.test("FakeRuntime.setTimer() gives back a way to cancel", async () => {
  const runtime = new FakeRuntime();
  let fired = 0;
  const cancel = runtime.setTimer(10, () => fired++);
  runtime.setTimer(10, () => fired++);
  cancel();
  cancel();
  assertEquals(runtime.pendingTimers, 1);
  await runtime.advance(10);
  cancel();
  assertEquals(fired, 1);
});

Deno.test("FakeRuntime.setTimer() refuses what setTimeout would not wait for", () => {
  const runtime = new FakeRuntime();
  for (const ms of [2 ** 31, Infinity, NaN]) assertThrows(() => runtime.setTimer(ms, () => {}), RangeError);
  runtime.setTimer(2 ** 31 - 1, () => {});
});

Deno.test("FakeRuntime.jumpWallClock() leaves the monotonic clock and the timers alone", async () => {
  const runtime = new FakeRuntime({ now: 100_000 });
  const before = runtime.monotonic();
  let firedAt = 0;
  runtime.setTimer(10, () => firedAt = runtime.now());
  runtime.jumpWallClock(-90_000);
  assertEquals([runtime.now(), runtime.monotonic()], [10_000, before]);
  await runtime.advance(9);
  assertEquals(firedAt, 0);
  await runtime.advance(1);
  assertEquals([firedAt, runtime.monotonic()], [10_010, before + 10]);
});

Deno.test("FakeRuntime.drive() passes time until the promise settles", async () => {
  const runtime = new FakeRuntime({ now: 0 });
  const value = sleep(runtime, 3_600_000).then(() => sleep(runtime, 1)).then(() => "done");
  assertEquals(await runtime.drive(value), "done");
  assertEquals(runtime.now(), 3_600_001);
  await assertRejects(() => runtime.drive(Promise.reject(new TypeError("no"))), TypeError, "no");
  const late = runtime.drive(sleep(runtime, 11), { limitMs: 10 });
  await assertRejects(() => late, Error, "10 ms have passed");
});

Deno.test("FakeRuntime draws the same numbers from the same seed", () => {
  const draw = (seed: number) => {
    const runtime = new FakeRuntime({ seed });
    return [runtime.random(), runtime.randomBytes(8), runtime.newTaskId(0)];
  };
  assertEquals(draw(7), draw(7));
  assertNotEquals(draw(7), draw(8));
});

Deno.test("FakeRuntime.random() fills [0, 1) evenly", () => {
  const runtime = new FakeRuntime({ seed: 3 });
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const value = runtime.random();
    assert(value >= 0 && value < 1);
    const bucket = Math.floor(value * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) assert(count > 850 && count < 1_150, `bucket holds ${count}`);
});

Deno.test("FakeRuntime.newTaskId() makes unique ids in the order of their making", () => {
  const runtime = new FakeRuntime();
  const ids = Array.from({ length: 2_000 }, (_, index) => runtime.newTaskId(1_000 + Math.floor(index / 500)));
  assertEquals([...ids].sort(), ids);
  assertEquals(new Set(ids).size, ids.length);
  for (const id of ids) assertMatch(id, /^[0-9A-HJKMNP-TV-Z]{36}$/);
});
