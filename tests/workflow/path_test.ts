import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { JsonValue } from "../../mod.ts";
import { fieldOf, outputOf } from "../../src/workflow/output.ts";
import { followPath, isPath, type PathFault } from "../../src/workflow/path.ts";

const DATA: JsonValue = JSON.parse(
  '{"a":{"b":[{"c":1},null,"x"]},"0":"zero","list":{"0":"key","length":3},"__proto__":{"own":true},"n":null,"":1}',
);

Deno.test("followPath() leads through objects and lists, keys before indexes", () => {
  const found: [string, JsonValue][] = [
    ["a.b.0.c", 1],
    ["a.b.1", null],
    ["a.b", [{ c: 1 }, null, "x"]],
    ["0", "zero"],
    ["list.0", "key"],
    ["list.length", 3],
    ["__proto__.own", true],
    ["n", null],
  ];
  for (const [path, value] of found) assertEquals(followPath(DATA, path), { ok: true, value }, path);
});

Deno.test("followPath() tells apart why it leads nowhere, and repeats no value", () => {
  const faults: [string, PathFault, string][] = [
    ["x", "missing_key", 'the object has no "x"'],
    ["a.b.0.d", "missing_key", 'the object has no "d"'],
    ["a.toString", "missing_key", 'the object has no "toString"'],
    ["a.__proto__", "missing_key", 'the object has no "__proto__"'],
    ["a.constructor.name", "missing_key", 'the object has no "constructor"'],
    ["a.b.3", "out_of_bounds", "the list has 3 items and no 3"],
    ["a.b.9007199254740993", "out_of_bounds", "the list has 3 items and no 9007199254740993"],
    ["a.b.c", "not_an_index", 'there is a list where "c" was looked up'],
    ["a.b.-1", "not_an_index", 'there is a list where "-1" was looked up'],
    ["a.b.01", "not_an_index", 'there is a list where "01" was looked up'],
    ["a.b.1e0", "not_an_index", 'there is a list where "1e0" was looked up'],
    ["a.b.length", "not_an_index", 'there is a list where "length" was looked up'],
    ["a.b.2.0", "not_a_container", 'there is a string where "0" was looked up'],
    ["a.b.2.length", "not_a_container", 'there is a string where "length" was looked up'],
    ["n.x", "not_a_container", 'there is null where "x" was looked up'],
    ["a.b.0.c.d", "not_a_container", 'there is a number where "d" was looked up'],
  ];
  for (const [path, fault, message] of faults) {
    assertEquals(followPath(DATA, path), { ok: false, fault, message }, path);
  }
});

Deno.test("followPath() finds every part of a value by its path, and only own ones", () => {
  const key = fc.string({ minLength: 1 }).filter((text) => !text.includes("."));
  const json = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, 1, "text"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(fc.property(json, (root) => {
    for (const [path, value] of partsOf(root)) assertEquals(followPath(root, path), { ok: true, value });
  }));
  fc.assert(fc.property(json, key, (root, name) => {
    const found = followPath(root, name);
    const isOwn = typeof root === "object" && root !== null && Object.hasOwn(root, name) &&
      !(Array.isArray(root) && name === "length");
    assertEquals(found.ok, isOwn);
  }));
});

function partsOf(value: JsonValue, prefix = ""): [string, JsonValue][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]): [string, JsonValue][] => [
    [`${prefix}${name}`, member!],
    ...partsOf(member!, `${prefix}${name}.`),
  ]);
}

Deno.test("isPath() takes parts between dots", () => {
  for (const path of ["a", "a.b", "0", "a-b.c d", "x".repeat(256)]) assertEquals(isPath(path), true, path);
  for (const path of ["", ".", "a.", ".a", "a..b", "x".repeat(257)]) assertEquals(isPath(path), false, path);
});

Deno.test("outputOf() is the structured content, else the text, else the blocks", () => {
  const text = (value: string) => ({ type: "text", text: value }) as const;
  const image = { type: "image", data: "aGk=", mimeType: "image/png" } as const;
  assertEquals(outputOf({ content: [text("x")], structuredContent: { a: 1 } }), { a: 1 });
  assertEquals(outputOf({ content: [text("x")], structuredContent: null }), null);
  assertEquals(outputOf({ content: [text("a"), image, text("b")] }), "a\nb");
  assertEquals(outputOf({ content: [text('{"a":1}')] }), '{"a":1}');
  assertEquals(outputOf({ content: [image] }), [image]);
  assertEquals(outputOf({ content: [] }), []);
});

Deno.test("fieldOf() reads text that is a JSON object or list, and no other", () => {
  const text = (value: string) => ({ content: [{ type: "text", text: value } as const] });
  assertEquals(fieldOf(text('{"a":[7]}'), "a.0"), { ok: true, value: 7 });
  assertEquals(fieldOf({ ...text('{"a":1}'), structuredContent: { a: 2 } }, "a"), { ok: true, value: 2 });
  for (const plain of ["plain", "7", '"a"', "", "{", `${"[".repeat(65)}${"]".repeat(65)}`]) {
    const found = fieldOf(text(plain), "a");
    assertEquals(found.ok ? undefined : found.fault, "not_json", plain);
  }
});
