import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import {
  assertFlatElicitationSchema,
  type ElicitationSchema,
  type ElicitResult,
  faultOfElicitedContent,
  type JsonObject,
  type JsonValue,
} from "../../src/protocol/mod.ts";
import { assertValid2025, assertValid2026 } from "../support/official_schemas.ts";
import { verifies } from "../support/requirements.ts";

const choices = [{ const: "r", title: "Red" }, { const: "g", title: "Green" }];
const FIELDS: readonly JsonObject[] = [
  { type: "string" },
  { type: "string", title: "T", description: "D", default: "x", minLength: 0, maxLength: 5 },
  { type: "string", format: "email" },
  { type: "string", format: "uri" },
  { type: "string", format: "date" },
  { type: "string", format: "date-time" },
  { type: "number", minimum: 0.5, maximum: 2, default: 1 },
  { type: "integer", minimum: 0 },
  { type: "boolean", default: false },
  { type: "string", enum: ["r", "g"], default: "r" },
  { type: "string", enum: ["r", "g"], enumNames: ["Red", "Green"] },
  { type: "string", oneOf: choices },
  { type: "array", items: { type: "string", enum: ["r", "g"] }, minItems: 1, maxItems: 2, default: ["r"] },
  { type: "array", items: { anyOf: choices } },
];
const NOT_FLAT: readonly JsonValue[] = [
  null,
  true,
  "string",
  {},
  { type: "object", properties: {} },
  { type: "null" },
  { type: ["string", "null"] },
  { type: "array" },
  { type: "array", items: { type: "string" } },
  { type: "array", items: { type: "object" } },
  { type: "array", items: { type: "array", items: { type: "string", enum: ["a"] } } },
  { type: "array", items: { anyOf: [{ const: 1, title: "x" }] } },
  { anyOf: [{ type: "string" }, { type: "null" }] },
  { type: "string", anyOf: [{ minLength: 1 }] },
  { type: "string", oneOf: [{ const: "a" }] },
  { type: "string", enum: [1, 2] },
  { type: "string", enum: ["a"], enumNames: [] },
  { type: "string", format: "uuid" },
  { type: "string", minLength: -1 },
  { type: "string", maxLength: 1.5 },
  { type: "string", default: 1 },
  { type: "string", title: 1 },
  { type: "string", description: {} },
  { type: "string", $ref: "#/$defs/a" },
  { type: "number", minimum: "0" },
  { type: "integer", default: "1" },
  { type: "boolean", default: "yes" },
  { type: "array", items: { type: "string", enum: ["a"] }, minItems: -1 },
  { type: "array", items: { type: "string", enum: ["a"] }, default: "a" },
];

function form(properties: JsonObject, required?: readonly string[]): JsonObject {
  return { type: "object", properties, ...required && { required } };
}

verifies(
  ["T25-254", "T26-272"],
  "assertFlatElicitationSchema() takes every primitive and choice of both revisions",
  () => {
    const whole = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      ...form(Object.fromEntries(FIELDS.entries()), ["0", "3"]),
    };
    assertFlatElicitationSchema(whole);
    assertValid2025("ElicitRequestFormParams", { mode: "form", message: "m", requestedSchema: whole });
    assertValid2026("ElicitRequestFormParams", { message: "m", requestedSchema: whole });
    for (const field of FIELDS) assertValid2025("PrimitiveSchemaDefinition", field);
  },
);

Deno.test("assertFlatElicitationSchema() names the property that is not flat", () => {
  for (const field of NOT_FLAT) {
    const error = assertThrows(
      () => assertFlatElicitationSchema(form({ ok: { type: "boolean" }, bad: field })),
      TypeError,
    );
    assertStringIncludes(error.message, 'Cannot ask with a form: property "bad" ');
  }
});

Deno.test("assertFlatElicitationSchema() refuses other roots", () => {
  const roots: unknown[] = [
    undefined,
    null,
    [],
    {},
    { type: "object" },
    { type: "array", properties: {} },
    { type: "object", properties: [] },
    { ...form({}), $schema: 1 },
    { ...form({}), required: "a" },
    { ...form({}), anyOf: [] },
    { ...form({}), patternProperties: {} },
    { ...form({}), $ref: "#" },
  ];
  for (const root of roots) {
    assertThrows(() => assertFlatElicitationSchema(root), TypeError, "Cannot ask with a form: ");
  }
  assertThrows(
    () => assertFlatElicitationSchema(form({}, ["toString"])),
    TypeError,
    '"required" names "toString", which is not a property',
  );
});

Deno.test("assertFlatElicitationSchema() takes what zod makes of flat objects", () => {
  const flat = z.object({
    ok: z.boolean(),
    name: z.string().min(1).max(20),
    mail: z.email().optional(),
    page: z.url(),
    day: z.iso.date(),
    count: z.int().min(0).default(3),
    color: z.enum(["red", "green"]).describe("Color"),
    colors: z.array(z.enum(["red", "green"])).max(2),
  });
  const schema: unknown = z.toJSONSchema(flat, { io: "input" });
  assertFlatElicitationSchema(schema);
  assertValid2026("ElicitRequestFormParams", { message: "m", requestedSchema: schema });
  for (const nested of [z.object({ a: z.object({}) }), z.object({ a: z.string().nullable() }), z.string()]) {
    assertThrows(() => assertFlatElicitationSchema(z.toJSONSchema(nested)), TypeError);
  }
});

verifies(["T25-266", "T26-277"], "faultOfElicitedContent() holds content against the form", () => {
  const cases: [JsonObject, JsonValue, string?][] = [
    [{ type: "string" }, "x"],
    [{ type: "string" }, 1, '"a" must be text'],
    [{ type: "string", minLength: 2 }, "😀", '"a" must have at least 2 characters'],
    [{ type: "string", maxLength: 1 }, "😀"],
    [{ type: "string", maxLength: 1 }, "ab", '"a" must have at most 1 characters'],
    [{ type: "string", format: "email" }, "a@example.com"],
    [{ type: "string", format: "email" }, "a example.com", '"a" must be a valid email'],
    [{ type: "string", format: "uri" }, "https://example.com"],
    [{ type: "string", format: "uri" }, "example", '"a" must be a valid uri'],
    [{ type: "string", format: "date" }, "2024-02-29"],
    [{ type: "string", format: "date" }, "2023-02-29", '"a" must be a valid date'],
    [{ type: "string", format: "date-time" }, "2024-02-29T23:59:59.5+02:00"],
    [{ type: "string", format: "date-time" }, "2023-02-30T00:00:00Z", '"a" must be a valid date-time'],
    [{ type: "string", format: "date-time" }, "2024-01-01T25:00:00Z", '"a" must be a valid date-time'],
    [{ type: "string", enum: ["r"] }, "r"],
    [{ type: "string", enum: ["r"] }, "x", '"a" must be one of the choices'],
    [{ type: "string", oneOf: choices }, "g"],
    [{ type: "string", oneOf: choices }, "Green", '"a" must be one of the choices'],
    [{ type: "number" }, 1.5],
    [{ type: "integer" }, 1.5, '"a" must be an integer'],
    [{ type: "number", minimum: 2 }, 1, '"a" must be at least 2'],
    [{ type: "number", maximum: 2 }, 3, '"a" must be at most 2'],
    [{ type: "number" }, "1", '"a" must be a number'],
    [{ type: "boolean" }, true],
    [{ type: "boolean" }, "true", '"a" must be true or false'],
    [{ type: "array", items: { type: "string", enum: ["r"] } }, ["r"]],
    [{ type: "array", items: { anyOf: choices } }, ["x"], '"a" must hold only choices of the form'],
    [{ type: "array", items: { anyOf: choices }, minItems: 1 }, [], '"a" must have at least 1 choices'],
    [
      { type: "array", items: { anyOf: choices }, maxItems: 1 },
      ["r", "g"],
      '"a" must have at most 1 choices',
    ],
    [{ type: "array", items: { anyOf: choices } }, "r", '"a" must be a list of choices'],
  ];
  for (const [field, value, fault] of cases) {
    assertEquals(
      faultOfElicitedContent(flat(form({ a: field })), { a: value } as ElicitResult["content"]),
      fault,
    );
  }
});

Deno.test("faultOfElicitedContent() names missing fields and not those the peer made up", () => {
  const schema = flat(form({ a: { type: "string" } }, ["a"]));
  assertEquals(faultOfElicitedContent(schema, undefined), '"a" is missing');
  assertEquals(faultOfElicitedContent(schema, { a: "x", b: "y" }), undefined);
  assertEquals(
    faultOfElicitedContent(flat({ ...schema, additionalProperties: false }), { a: "x", b: "y" }),
    "there is a field the form does not have",
  );
  assertEquals(faultOfElicitedContent(flat(form({})), JSON.parse('{"__proto__":1,"toString":2}')), undefined);
});

function flat(schema: JsonObject): ElicitationSchema {
  assertFlatElicitationSchema(schema);
  return schema;
}
