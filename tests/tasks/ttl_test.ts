import { assertEquals, assertThrows } from "@std/assert";
import { clampTtl, DEFAULT_TTL_LIMITS } from "../../src/tasks/mod.ts";
import { ProtocolError } from "../../src/protocol/mod.ts";
import { verifies } from "../support/requirements.ts";

verifies(["T25-094", "T25-098"], "clampTtl() keeps a wish within the bounds and clamps one outside", () => {
  const wishes = [undefined, 0, 1, 999, 1000, 1001, 86_400_000, 86_400_001, Number.MAX_SAFE_INTEGER];
  assertEquals(
    wishes.map((wish) => clampTtl(wish, DEFAULT_TTL_LIMITS)),
    [3_600_000, 1000, 1000, 1000, 1000, 1001, 86_400_000, 86_400_000, 86_400_000],
  );
});

Deno.test("clampTtl() clamps the default as well", () => {
  assertEquals(clampTtl(undefined, { ttlMs: 10, minTtlMs: 100, maxTtlMs: 1000 }), 100);
  assertEquals(clampTtl(undefined, { ttlMs: 5000, minTtlMs: 100, maxTtlMs: 1000 }), 1000);
});

for (const wish of [-1, -0.5, 0.5, 1000.5, 1e308, Infinity, -Infinity, NaN, 2 ** 53]) {
  Deno.test(`clampTtl() refuses ${wish} with -32602 and names the field`, () => {
    const error = assertThrows(() => clampTtl(wish, DEFAULT_TTL_LIMITS), ProtocolError, '"task.ttl"');
    assertEquals(error.code, -32602);
  });
}
