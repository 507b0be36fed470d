import { assertEquals, assertRejects } from "@std/assert";
import { Retrier } from "../../backends/shared/retry.ts";
import { StorageUnavailableError } from "../../src/store/backend.ts";
import { ManualRuntime } from "../../src/testing/mod.ts";

function setUp(): { runtime: ManualRuntime; retrier: Retrier } {
  const runtime = new ManualRuntime(1_000_000);
  const retrier = new Retrier({
    runtime,
    timeoutMs: 1000,
    minPauseMs: 10,
    maxPauseMs: 100,
    isTransient: (error) => (error as Error).message !== "refused",
    toError: (action, error, attempted) =>
      new StorageUnavailableError(`Cannot ${action}: ${(error as Error).message}`, { attempted }),
  });
  return { runtime, retrier };
}

/** Lets time pass in steps, so that what comes to pass in one is known to the next. */
async function pass(runtime: ManualRuntime, ms: number): Promise<void> {
  for (let step = 0; step < 20; step++) await runtime.advance(ms / 20);
}

Deno.test("Retrier tries again what was refused for the moment", async () => {
  const { runtime, retrier } = setUp();
  let attempts = 0;
  const done = retrier.run("read", () => {
    if (++attempts < 3) return Promise.reject(new Error("away"));
    return Promise.resolve("here");
  });
  await pass(runtime, 500);
  assertEquals([await done, attempts], ["here", 3]);
});

Deno.test("Retrier ends an attempt that hangs, with the fault of the one before", async () => {
  const { runtime, retrier } = setUp();
  let attempts = 0;
  const hanging = retrier.run("store", () => {
    if (++attempts === 1) return Promise.reject(new Error("away"));
    return new Promise<never>(() => {});
  }, "v1");
  const failed = assertRejects(() => hanging, StorageUnavailableError, "Cannot store: away");
  await pass(runtime, 1000);
  assertEquals([(await failed).attempted, attempts], ["v1", 2]);
});

Deno.test("Retrier says that there was no answer when there was none at all", async () => {
  const { runtime, retrier } = setUp();
  const hanging = retrier.run("store", () => new Promise<never>(() => {}), "v1");
  const failed = assertRejects(
    () => hanging,
    StorageUnavailableError,
    "Cannot store: no answer within 1000 ms",
  );
  await pass(runtime, 1000);
  assertEquals((await failed).attempted, "v1");
});

Deno.test("Retrier does not try again what is refused for good", async () => {
  const { retrier } = setUp();
  let attempts = 0;
  const refused = retrier.run("store", () => {
    attempts++;
    return Promise.reject(new Error("refused"));
  });
  await assertRejects(() => refused, StorageUnavailableError, "Cannot store: refused");
  assertEquals(attempts, 1);
});
