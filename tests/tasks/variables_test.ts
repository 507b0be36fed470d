import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/protocol/mod.ts";
import { DEFAULT_VARIABLE_LIMITS, mergeVariables, VariableLimitError } from "../../src/tasks/mod.ts";

const LIMITS = { maxBytes: 100, maxDepth: 3, maxStringBytes: 20, maxNameBytes: 8 };

Deno.test("mergeVariables() replaces, adds, and deletes by null and undefined", () => {
  const merged = mergeVariables(
    { kept: 1, replaced: { old: true }, nulled: 1, undefined: 1 },
    { replaced: { new: true }, added: [1], nulled: null, undefined: undefined, unknown: null },
    DEFAULT_VARIABLE_LIMITS,
  );
  assertEquals(merged, { kept: 1, replaced: { new: true }, added: [1] });
});

Deno.test("mergeVariables() replaces objects whole, and keeps null inside of them", () => {
  const merged = mergeVariables({ a: { x: 1 } }, { a: { y: null } }, DEFAULT_VARIABLE_LIMITS);
  assertEquals(merged, { a: { y: null } });
});

Deno.test("mergeVariables() leaves its arguments as they are", () => {
  const current = Object.freeze({ a: 1 });
  const patch = Object.freeze({ a: null, b: 2 });
  assertEquals(mergeVariables(current, patch, DEFAULT_VARIABLE_LIMITS), { b: 2 });
  assertEquals([current, patch], [{ a: 1 }, { a: null, b: 2 }]);
});

for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
  Deno.test(`mergeVariables() takes "${name}" for a name like any other`, () => {
    const patch = JSON.parse(`{ "${name}": { "polluted": true } }`);
    const merged = mergeVariables({}, patch, DEFAULT_VARIABLE_LIMITS);
    assertEquals(JSON.stringify(merged), `{"${name}":{"polluted":true}}`);
    assert(!("polluted" in {}));
    assertEquals(Object.getPrototypeOf(merged), Object.prototype);
    const removal = JSON.parse(`{ "${name}": null }`);
    assertEquals(JSON.stringify(mergeVariables(merged, removal, DEFAULT_VARIABLE_LIMITS)), "{}");
  });
}

Deno.test("mergeVariables() limits the merged map, not the patch", () => {
  const current = { a: "x".repeat(20), b: "x".repeat(20), c: "x".repeat(20) };
  const patch = { d: "x".repeat(20) };
  assert(JSON.stringify(patch).length < LIMITS.maxBytes);
  assertThrows(() => mergeVariables(current, patch, LIMITS), VariableLimitError, "exceed the limit of 100");
});

Deno.test("mergeVariables() measures what is left after deletions", () => {
  const current = { a: "x".repeat(20), b: "x".repeat(20), c: "x".repeat(20) };
  const merged = mergeVariables(current, { a: null, d: "x".repeat(20) }, LIMITS);
  assertEquals(Object.keys(merged), ["b", "c", "d"]);
});

Deno.test("mergeVariables() counts UTF-8 bytes: the limit itself is allowed", () => {
  const limits = { ...LIMITS, maxBytes: '{"a":"ää"}'.length + 2 };
  assertEquals(mergeVariables({}, { a: "ää" }, limits), { a: "ää" });
  assertThrows(() => mergeVariables({}, { a: "äää" }, limits), VariableLimitError);
});

const REFUSED: readonly [string, Record<string, JsonValue>, string][] = [
  ["an empty name", { "": 1 }, "name"],
  ["a name of 9 bytes", { ["x".repeat(9)]: 1 }, "name"],
  ["a name of 5 characters in 10 bytes", { "äääää": 1 }, "name"],
  ["a lone surrogate in a name", { "\ud800": 1 }, "name"],
  ["a value that nests 4 deep", { a: [[[[]]]] }, "3 levels"],
  ["a string of 21 bytes", { a: "x".repeat(21) }, "20 bytes"],
  ["a string of 11 characters in 22 bytes", { a: "ä".repeat(11) }, "20 bytes"],
  ["a long string inside a list", { a: [["x".repeat(21)]] }, "20 bytes"],
];

for (const [what, patch, message] of REFUSED) {
  Deno.test(`mergeVariables() refuses ${what}`, () => {
    assertThrows(() => mergeVariables({}, patch, LIMITS), VariableLimitError, message);
  });
}

for (
  const [what, patch] of [
    ["a name of 8 bytes", { ["x".repeat(8)]: 1 }],
    ["a value that nests 3 deep", { a: [[[]]] }],
    ["a string of 20 bytes", { a: "x".repeat(20) }],
  ] as const
) {
  Deno.test(`mergeVariables() takes ${what}`, () => {
    assertEquals(mergeVariables({}, patch, LIMITS), patch);
  });
}

Deno.test("mergeVariables() survives a value that nests 100,000 deep", () => {
  let value: JsonValue = 0;
  for (let i = 0; i < 100_000; i++) value = [value];
  assertThrows(() => mergeVariables({}, { value }, DEFAULT_VARIABLE_LIMITS), VariableLimitError, "10 levels");
});

Deno.test("mergeVariables() stores a lone surrogate in a value so that it reads back the same", () => {
  const merged = mergeVariables({}, { a: "\ud800x" }, LIMITS);
  const stored = new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(merged)));
  assertEquals(JSON.parse(stored), { a: "\ud800x" });
});

Deno.test("mergeVariables() agrees with a map that is set and deleted one by one", () => {
  const name = fc.string({ minLength: 1, maxLength: 5 });
  const map = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }).map((value) => value as JsonValue));
  fc.assert(fc.property(map, fc.array(map, { maxLength: 5 }), (start, patches) => {
    const model = new Map(Object.entries(start).filter(([, value]) => value !== null));
    let merged: JsonObject = Object.fromEntries(model);
    for (const patch of patches) {
      merged = mergeVariables(merged, patch, DEFAULT_VARIABLE_LIMITS);
      for (const [key, value] of Object.entries(patch)) {
        if (value === null) model.delete(key);
        else model.set(key, value);
      }
    }
    assertEquals(new Map(Object.entries(merged)), model);
  }));
});
