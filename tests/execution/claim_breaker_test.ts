import { assertEquals } from "@std/assert";
import { ClaimBreaker } from "../../src/execution/claim_breaker.ts";
import type { PerdureEvent } from "../../src/store/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { START } from "../support/sample_tasks.ts";

const LEASE_MS = 30_000;

function createBreaker(): { runtime: FakeRuntime; breaker: ClaimBreaker; events: PerdureEvent[] } {
  const runtime = new FakeRuntime();
  const events: PerdureEvent[] = [];
  return { runtime, events, breaker: new ClaimBreaker(runtime, (event) => events.push(event), LEASE_MS) };
}

Deno.test("ClaimBreaker pauses a tool whose process was lost three times, for five minutes", async () => {
  const { runtime, breaker, events } = createBreaker();
  for (const lapsedAt of [START, START + 60_000, START + 120_000]) {
    assertEquals(breaker.mayClaim("bad"), true);
    breaker.noteLoss("bad", lapsedAt);
  }
  assertEquals([breaker.mayClaim("bad"), breaker.mayClaim("good")], [false, true]);
  assertEquals(events.map(({ type, name }) => [type, name]), [["claims_paused", "bad"]]);
  await runtime.advance(299_999);
  assertEquals(breaker.mayClaim("bad"), false);
  await runtime.advance(1);
  assertEquals(breaker.mayClaim("bad"), true);
});

Deno.test("ClaimBreaker takes the tasks of one lost process for one loss", () => {
  const { breaker } = createBreaker();
  for (let i = 0; i < 100; i++) breaker.noteLoss("busy", START + i * 290);
  assertEquals(breaker.mayClaim("busy"), true);
});

Deno.test("ClaimBreaker forgets losses after five minutes", async () => {
  const { runtime, breaker } = createBreaker();
  for (let i = 0; i < 10; i++) {
    breaker.noteLoss("unlucky", START + i * 150_000);
    await runtime.advance(150_000);
  }
  assertEquals(breaker.mayClaim("unlucky"), true);
});
