import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { jsonDepth, JsonDepthError, type JsonValue, parseJson } from "../../src/protocol/mod.ts";
import { MARKER, nested } from "./hostile.ts";

Deno.test("parseJson() reads what JSON.stringify() wrote", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
    const text = JSON.stringify(value);
    assertEquals(JSON.stringify(parseJson(text, 64)), text);
  }));
});

Deno.test("parseJson() takes exactly the depth it is given", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
    const depth = jsonDepth(value, 64);
    const text = JSON.stringify(value);
    parseJson(text, depth);
    if (depth > 0) assertThrows(() => parseJson(text, depth - 1), JsonDepthError, `${depth - 1} levels`);
  }));
});

Deno.test("parseJson() counts no brackets inside strings", () => {
  const tricky = ['"[[[["', '"\\"[[[["', '"\\\\\\"[[["', '["\\\\","["]', '{"[":"]{"}'];
  for (const text of tricky) assertEquals(parseJson(text, 1), JSON.parse(text));
  assertThrows(() => parseJson('["\\\\",[]]', 1), JsonDepthError);
});

Deno.test("parseJson() refuses text 10,000 levels deep before parsing it", () => {
  for (const text of ["[".repeat(10_000), '{"a":'.repeat(10_000), JSON.stringify(nested(10_000))]) {
    assertThrows(() => parseJson(text, 64), JsonDepthError, "deeper than 64 levels");
  }
});

Deno.test("parseJson() throws a SyntaxError that repeats nothing of the text", () => {
  for (const text of ["", `{${MARKER}}`, `"${MARKER}`, `{"a":1}${MARKER}`, "\ud800", '{"a":}', "]", "NaN"]) {
    const error = assertThrows(() => parseJson(text, 64), SyntaxError);
    assertEquals(error.message, "Cannot parse JSON: the text is malformed");
  }
});

Deno.test("parseJson() on any text returns JSON or throws a SyntaxError", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:\\a1 ') }), (text) => {
      try {
        parseJson(text, 8);
      } catch (error) {
        assertInstanceOf(error, SyntaxError);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("parseJson() keeps __proto__ as data", () => {
  const value = parseJson('{"__proto__":{"polluted":true}}', 8);
  assertEquals(Object.keys(value as object), ["__proto__"]);
  assert(!("polluted" in {}));
  assertEquals((value as { polluted?: JsonValue }).polluted, undefined);
});

Deno.test("jsonDepth() stops one level behind its limit", () => {
  assertEquals(jsonDepth(1, 5), 0);
  assertEquals(jsonDepth([], 5), 1);
  assertEquals(jsonDepth({ a: [{}] }, 5), 3);
  assertEquals(jsonDepth(nested(10_000), 32), 33);
});
