import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { decodeTime, monotonicUlid, ulid } from "@std/ulid";
import { increment } from "./crockford.ts";

const SHAPE = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

Deno.test("ulid() writes the time first and 80 random bits after it", () => {
  assertMatch(ulid(), SHAPE);
  assertEquals(ulid(0).slice(0, 10), "0000000000");
  assertEquals(ulid(1469918176385).slice(0, 10), "01ARYZ6S41");
  assertEquals(ulid(2 ** 48 - 1).slice(0, 10), "7ZZZZZZZZZ");
  assertNotEquals(ulid(5).slice(10), ulid(5).slice(10));
});

Deno.test("ulid() refuses times outside 48 bits", () => {
  for (const time of [-1, 1.5, NaN, 2 ** 48, Infinity]) assertThrows(() => ulid(time), RangeError);
});

Deno.test("decodeTime() reads what ulid() wrote", () => {
  for (const time of [0, 1, 1469918176385, 2 ** 48 - 1]) assertEquals(decodeTime(ulid(time)), time);
});

Deno.test("decodeTime() refuses wrong lengths, characters and times", () => {
  assertThrows(() => decodeTime("01ARYZ6S41"), Error, "length is 10");
  assertThrows(() => decodeTime("01aryz6s41" + "0".repeat(16)), Error, "invalid character");
  assertThrows(() => decodeTime("0000U00000" + "0".repeat(16)), Error, "invalid character");
  assertThrows(() => decodeTime("8" + "0".repeat(25)), RangeError);
});

Deno.test("monotonicUlid() rises even when its time stands still or falls", () => {
  const first = monotonicUlid(1000);
  const second = monotonicUlid(1000);
  const third = monotonicUlid(10);
  const fourth = monotonicUlid(1001);
  assertEquals([second, third, fourth, first].sort(), [first, second, third, fourth]);
  assertEquals(second, first.slice(0, 10) + increment(first.slice(10)));
  assertEquals(decodeTime(third), 1000);
  assert(decodeTime(fourth) === 1001);
  assertThrows(() => monotonicUlid(-1), RangeError);
});

Deno.test("increment() carries and refuses to overflow", () => {
  assertEquals(increment("000"), "001");
  assertEquals(increment("0ZZ"), "100");
  assertThrows(() => increment("ZZZ"), Error, "Cannot increment this string");
});
