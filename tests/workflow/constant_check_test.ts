import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import type { JsonObject, JsonValue } from "../../mod.ts";
import { fromJsonSchema } from "../../mod.ts";
import { faultOfValue } from "../../src/workflow/constant_check.ts";

Deno.test("faultOfValue() says what a schema refuses for sure", () => {
  const cases: [JsonValue, JsonValue, string | undefined][] = [
    [{ type: "string" }, 1, "is not of type string"],
    [{ type: ["string", "null"] }, 1, "is not of type string or null"],
    [{ type: ["string", "null"] }, null, undefined],
    [{ type: "integer" }, 1.5, "is not of type integer"],
    [{ type: "integer" }, 2, undefined],
    [{ type: "object" }, [], "is not of type object"],
    [{ type: "array" }, {}, "is not of type array"],
    [{ type: "number" }, null, "is not of type number"],
    [{ enum: ["a", "b"] }, "c", 'is none of ["a","b"]'],
    [{ const: 1 }, 2, "is none of [1]"],
    [{ enum: ["a", { b: 1 }] }, "c", undefined],
    [{ minimum: 1 }, 0, "is below 1"],
    [{ maximum: 1 }, 2, "is above 1"],
    [{ exclusiveMinimum: 1 }, 1, "is not above 1"],
    [{ exclusiveMaximum: 1 }, 1, "is not below 1"],
    [{ minLength: 2 }, "😀", "is shorter than 2 characters"],
    [{ maxLength: 1 }, "😀", undefined],
    [{ maxLength: 1 }, "ab", "is longer than 1 characters"],
    [{ minItems: 1 }, [], "has fewer than 1 items"],
    [{ maxItems: 1 }, [1, 2], "has more than 1 items"],
    [{ items: { type: "number" } }, [1, "x"], "has item 1 that is not of type number"],
    [
      { prefixItems: [{}], items: { type: "number" } },
      ["x", 1, "y"],
      "has item 2 that is not of type number",
    ],
    [{ required: ["a"] }, {}, 'has no "a"'],
    [{ properties: { a: { type: "number" } } }, { a: "x" }, 'has "a" that is not of type number'],
    [{ properties: { a: {} }, additionalProperties: false }, { b: 1 }, 'has "b", which is not allowed'],
    [{ anyOf: [{ type: "number" }, { type: "null" }] }, "x", "is not of type number"],
    [{ anyOf: [{ type: "number" }, {}] }, "x", undefined],
    [{ allOf: [{}, { type: "number" }] }, "x", "is not of type number"],
    [false, 1, "is not allowed"],
    [true, 1, undefined],
    [{ $ref: "#/$defs/x" }, 1, undefined],
    [{ type: "unheard of" }, 1, undefined],
    [{ minimum: "1" }, 0, undefined],
  ];
  for (const [schema, value, fault] of cases) {
    assertEquals(faultOfValue(schema, value), fault, JSON.stringify([schema, value]));
  }
});

Deno.test("faultOfValue() finds no fault in what the schema itself takes", async () => {
  const value: fc.Arbitrary<JsonValue> = fc.oneof(
    fc.constantFrom(null, true, 0, 1, 2.5, "", "ab", "😀"),
    fc.array(fc.constantFrom(1, "x", null), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(1, "x"), { noNullPrototype: true }),
  );
  const keywords: fc.Arbitrary<JsonObject> = fc.record({
    type: fc.constantFrom("string", "integer", "object", "array", ["number", "null"]),
    minimum: fc.constantFrom(0, 1),
    maxLength: fc.constantFrom(0, 1),
    minItems: fc.constantFrom(1, 2),
    items: fc.constantFrom({ type: "integer" }, false, true),
    required: fc.constant(["a"]),
    properties: fc.constant({ a: { type: "integer" } }),
    additionalProperties: fc.boolean(),
    enum: fc.constant([1, "ab", null]),
    anyOf: fc.constant([{ type: "string" }, { minimum: 1 }]),
  }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(keywords, value, async (schema, given) => {
      const judged = await fromJsonSchema(schema)["~standard"].validate(given);
      if (judged.issues === undefined) assertEquals(faultOfValue(schema, given), undefined);
    }),
    { numRuns: 300 },
  );
});

Deno.test("faultOfValue() understands what zod lists", () => {
  const schema = z.object({
    kind: z.enum(["a", "b"]),
    n: z.number().int().min(1),
    tags: z.array(z.string()).max(2),
  });
  const { properties } = z.toJSONSchema(schema, { io: "input" }) as { properties: Record<string, JsonValue> };
  assertEquals(faultOfValue(properties.kind, "c"), 'is none of ["a","b"]');
  assertEquals(faultOfValue(properties.n, 0), "is below 1");
  assertEquals(faultOfValue(properties.tags, ["x", 1]), "has item 1 that is not of type string");
});
