import { assertEquals, assertThrows } from "@std/assert";
import { CreateRateLimit } from "../../src/server/rate_limit.ts";
import { LimitReachedError } from "../../src/tasks/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";

/** Callers that are remembered. */
const MAX_OWNERS = 10_000;

Deno.test("CreateRateLimit fills up again with time, and not beyond a minute's worth", async () => {
  const runtime = new FakeRuntime();
  const limit = new CreateRateLimit(runtime, 3);
  for (let i = 0; i < 3; i++) limit.take("ada");
  const error = assertThrows(() => limit.take("ada"), LimitReachedError);
  assertEquals([error.limit, error.retryAfterMs], ["createsPerMinute", 20_000]);
  await runtime.advance(600_000);
  for (let i = 0; i < 3; i++) limit.take("ada");
  assertThrows(() => limit.take("ada"), LimitReachedError);
  limit.giveBack("ada");
  limit.take("ada");
});

Deno.test("CreateRateLimit remembers who is busy, however many others come once", () => {
  const limit = new CreateRateLimit(new FakeRuntime(), 2);
  limit.take("busy");
  limit.take("busy");
  for (let i = 0; i < MAX_OWNERS * 2; i++) {
    limit.take(`guest-${i}`);
    if (i % 1000 === 0) assertThrows(() => limit.take("busy"), LimitReachedError);
  }
  assertThrows(() => limit.take("busy"), LimitReachedError);
});

Deno.test("CreateRateLimit forgets who has not come for longest", () => {
  const limit = new CreateRateLimit(new FakeRuntime(), 1);
  limit.take("first");
  for (let i = 0; i < MAX_OWNERS; i++) limit.take(`guest-${i}`);
  limit.take("first");
});
