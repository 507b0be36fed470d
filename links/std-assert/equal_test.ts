import { assert, assertFalse, assertThrows, equal } from "@std/assert";

class Point {
  constructor(readonly x: number) {}
}

const marker = Symbol("marker");

const SAME: [string, unknown, unknown][] = [
  ["NaN", NaN, NaN],
  ["zero and minus zero, nested", { a: [0] }, { a: [-0] }],
  ["plain objects in another key order", { a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }],
  ["an object without prototype", {}, Object.create(null)],
  ["sets of objects in another order", new Set([{ a: 1 }, { b: 2 }]), new Set([{ b: 2 }, { a: 1 }])],
  ["maps in another order", new Map([[1, { a: 1 }], [2, { a: 2 }]]), new Map([[2, { a: 2 }], [1, { a: 1 }]])],
  ["maps with object keys", new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]])],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["patterns", /a/g, /a/g],
  ["instances", new Point(1), new Point(1)],
  ["headers", new Headers({ a: "1" }), new Headers({ A: "1" })],
  ["symbol keys", { [marker]: 1 }, { [marker]: 1 }],
];

const DIFFERENT: [string, unknown, unknown][] = [
  ["numbers", 1, 2],
  ["number and text", 1, "1"],
  ["null and undefined", null, undefined],
  ["an absent and an undefined property", { a: undefined }, {}],
  ["the same count of other keys", { a: undefined }, { b: undefined }],
  ["array and object", [], {}],
  ["lengths", [1, 2], [1]],
  ["a hole and undefined", [, 1], [undefined, 1]],
  ["class and plain", new Point(1), { x: 1 }],
  ["nested value", { a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }],
  ["sets that pair two to one", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["map values", new Map([["a", 1]]), new Map([["a", 2]])],
  ["dates", new Date(5), new Date(6)],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["buffers", new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  ["errors made twice", new Error("x"), new Error("y")],
  ["headers", new Headers({ a: "1" }), new Headers({ a: "2" })],
  ["addresses", new URL("http://a/b"), new URL("http://a/c")],
  ["symbol keys", { [marker]: 1 }, {}],
  ["functions", () => 1, () => 1],
];

for (const [name, a, b] of SAME) {
  Deno.test(`equal() holds: ${name}`, () => {
    assert(equal(a, b));
    assert(equal(b, a));
  });
}

for (const [name, a, b] of DIFFERENT) {
  Deno.test(`equal() does not hold: ${name}`, () => {
    assertFalse(equal(a, b));
    assertFalse(equal(b, a));
  });
}

Deno.test("equal() ends on circular values", () => {
  interface Ring {
    value: number;
    next?: Ring;
  }
  const ring = (value: number): Ring => {
    const made: Ring = { value };
    made.next = { value: 1, next: made };
    return made;
  };
  assert(equal(ring(1), ring(1)));
  assertFalse(equal(ring(1), ring(2)));
});

Deno.test("equal() refuses weak collections", () => {
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError);
});
