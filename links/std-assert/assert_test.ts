import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";

// The functions under test are checked with `throw` alone, so that none of them vouches for itself.
function mustHold(name: string, claim: () => void): void {
  Deno.test(`${name} holds`, claim);
}

function mustFail(name: string, claim: () => void, text = ""): void {
  Deno.test(`${name} fails`, () => {
    let caught: unknown;
    try {
      claim();
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof AssertionError)) throw new Error(`Cannot accept ${name}: it threw ${caught}`);
    if (!caught.message.includes(text)) {
      throw new Error(`Cannot accept ${name}: message is ${caught.message}`);
    }
  });
}

const one = { a: 1 };

mustHold("assert()", () => assert(1));
mustFail("assert()", () => assert(0, "why"), "why");
mustHold("assertFalse()", () => assertFalse(""));
mustFail("assertFalse()", () => assertFalse("x"));
mustHold("assertExists()", () => assertExists(0));
mustFail("assertExists() of null", () => assertExists(null, "why"), "why");
mustFail("assertExists() of undefined", () => assertExists(undefined));
mustHold("assertInstanceOf()", () => assertInstanceOf(new Date(0), Date));
mustFail("assertInstanceOf()", () => assertInstanceOf({}, Date), "Date");
mustFail("fail()", () => fail("why"), "why");
mustFail("unreachable()", () => unreachable());
mustFail("unimplemented()", () => unimplemented());

mustHold("assertEquals()", () => assertEquals({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }));
mustFail(
  "assertEquals()",
  () => assertEquals({ a: 1, b: 2 }, { a: 1, b: 3 }, "why"),
  "  -   b: 2,\n  +   b: 3,",
);
mustFail("assertEquals() with a message", () => assertEquals(1, 2, "why"), "why");
mustHold("assertNotEquals()", () => assertNotEquals<unknown>({ a: 1 }, { a: 2 }));
mustFail("assertNotEquals()", () => assertNotEquals({ a: 1 }, { a: 1 }));
mustHold("assertStrictEquals()", () => assertStrictEquals(one, one));
mustFail("assertStrictEquals() of equal objects", () => assertStrictEquals({ a: 1 }, { a: 1 }));
mustFail("assertStrictEquals() of zeros", () => assertStrictEquals(0, -0));
mustHold("assertNotStrictEquals()", () => assertNotStrictEquals({ a: 1 }, { a: 1 }));
mustFail("assertNotStrictEquals()", () => assertNotStrictEquals(one, one));

mustHold("assertObjectMatch()", () => assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }));
mustHold(
  "assertObjectMatch() in arrays",
  () => assertObjectMatch({ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }),
);
mustFail("assertObjectMatch() of a value", () => assertObjectMatch({ b: { c: 2 } }, { b: { c: 3 } }));
mustFail("assertObjectMatch() of a missing key", () => assertObjectMatch({}, { a: undefined }));
mustFail("assertObjectMatch() of array lengths", () => assertObjectMatch({ a: [1, 2] }, { a: [1] }));

mustHold("assertGreater()", () => assertGreater(2, 1));
mustFail("assertGreater()", () => assertGreater(1, 1));
mustHold("assertGreaterOrEqual()", () => assertGreaterOrEqual(1, 1));
mustFail("assertGreaterOrEqual()", () => assertGreaterOrEqual(0, 1));
mustHold("assertLess()", () => assertLess(1, 2));
mustFail("assertLess()", () => assertLess(1, 1));
mustHold("assertLessOrEqual()", () => assertLessOrEqual(1, 1));
mustFail("assertLessOrEqual()", () => assertLessOrEqual(2, 1));
mustFail("assertLessOrEqual() of NaN", () => assertLessOrEqual(NaN, 1));
mustHold("assertAlmostEquals()", () => assertAlmostEquals(0.1 + 0.2, 0.3));
mustFail("assertAlmostEquals()", () => assertAlmostEquals(0.31, 0.3));
mustHold("assertAlmostEquals() with a tolerance", () => assertAlmostEquals(0.31, 0.3, 0.02));
mustHold("assertMatch()", () => assertMatch("abc", /b/));
mustFail("assertMatch()", () => assertMatch("abc", /d/));
mustHold("assertNotMatch()", () => assertNotMatch("abc", /d/));
mustFail("assertNotMatch()", () => assertNotMatch("abc", /b/));
mustHold("assertStringIncludes()", () => assertStringIncludes("abc", "bc"));
mustFail("assertStringIncludes()", () => assertStringIncludes("abc", "cb"));
mustHold("assertArrayIncludes()", () => assertArrayIncludes([{ a: 1 }, { b: 2 }], [{ b: 2 }]));
mustFail("assertArrayIncludes()", () => assertArrayIncludes([1, 2], [2, 3]), "3");

mustHold("assertIsError()", () => assertIsError(new TypeError("abc"), TypeError, /b/));
mustFail("assertIsError() of a text", () => assertIsError("abc"));
mustFail("assertIsError() of a class", () => assertIsError(new Error("abc"), TypeError));
mustFail("assertIsError() of a message", () => assertIsError(new Error("abc"), Error, "d"));

function boom(): never {
  throw new TypeError("abc");
}

mustHold("assertThrows()", () => {
  const error = assertThrows(boom, TypeError, "b");
  if (error.message !== "abc") throw error;
});
mustFail("assertThrows() of a quiet function", () => assertThrows(() => 1, "why"), "why");
mustFail("assertThrows() of another class", () => assertThrows(boom, RangeError));
mustFail("assertThrows() of another message", () => assertThrows(boom, TypeError, "d"));
mustHold("assertThrows() of something that is no error", () => {
  const thrown = assertThrows(() => {
    throw "text";
  });
  if (thrown !== "text") throw new Error(`Cannot accept ${thrown}`);
});

Deno.test("assertRejects() gives back the error", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("abc")), TypeError, "b");
  assertEquals(error.message, "abc");
});

Deno.test("assertRejects() fails on resolve, on another class and on a synchronous throw", async () => {
  const claims = [
    () => assertRejects(() => Promise.resolve(1)),
    () => assertRejects(() => Promise.reject(new Error("abc")), TypeError),
    () => assertRejects(() => Promise.reject(new Error("abc")), Error, "d"),
    () => assertRejects(boom),
  ];
  for (const claim of claims) {
    const caught = await claim().then(() => undefined, (error) => error);
    assertInstanceOf(caught, AssertionError);
  }
});
