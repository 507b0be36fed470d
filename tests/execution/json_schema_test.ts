import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromJsonSchema, type Schema } from "../../src/execution/mod.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer } from "../support/test_server.ts";

async function accepts(schema: Schema<unknown>, value: JsonValue): Promise<boolean> {
  return (await schema["~standard"].validate(value)).issues === undefined;
}

function refuses(schema: JsonObject, message: string): void {
  const error = assertThrows(() => fromJsonSchema(schema), TypeError);
  assert(
    error.message.startsWith("Cannot use a JSON Schema: ") && error.message.includes(message),
    error.message,
  );
}

verifies(
  ["T25-130", "T26-122"],
  "a schema without $schema is of 2020-12, and a declared dialect is kept to",
  async () => {
    const tuple = { type: "array", prefixItems: [{ type: "integer" }] };
    for (
      const $schema of [
        undefined,
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2020-12/schema#",
      ]
    ) {
      const schema = fromJsonSchema({ ...tuple, ...$schema === undefined ? {} : { $schema } });
      assertEquals([await accepts(schema, [1]), await accepts(schema, ["a"])], [true, false]);
    }
    for (
      const $schema of [
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
      ]
    ) {
      const schema = fromJsonSchema({ $schema, type: "array", items: [{ type: "string" }] });
      assertEquals([await accepts(schema, ["a"]), await accepts(schema, [1])], [true, false]);
    }
  },
);

verifies(["T25-130", "T26-122"], "a dialect that is not validated is refused by name", () => {
  for (
    const $schema of [
      "http://json-schema.org/draft-04/schema#",
      "https://example.com/my-dialect",
      "",
      7,
      null,
    ]
  ) {
    refuses({ $schema, type: "object" }, `its dialect is ${JSON.stringify($schema)}, not one of https://`);
  }
});

verifies(
  ["T26-123", "T26-124", "T26-125"],
  "a reference to what is not in the schema is refused, and nothing is fetched",
  () => {
    const fetched: unknown[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = (input) => {
      fetched.push(input);
      return Promise.reject(new Error("no network"));
    };
    try {
      for (
        const reference of [
          "https://example.com/schema.json",
          "http://169.254.169.254/latest",
          "other.json#/$defs/a",
          "/absolute",
          "urn:example:a",
          "#/$defs/missing",
          "#/$defs/a/properties/toString",
          "#/%ff",
          7,
        ]
      ) {
        const schema = { type: "object", $defs: { a: { type: "string" } } };
        refuses({ ...schema, $ref: reference }, `its "$ref" ${JSON.stringify(reference)} names nothing`);
        refuses({ ...schema, properties: { deep: { items: { anyOf: [{ $ref: reference }] } } } }, '"$ref"');
        refuses({ ...schema, $defs: { b: { $dynamicRef: reference } } }, '"$dynamicRef"');
      }
    } finally {
      globalThis.fetch = fetch;
    }
    assertEquals(fetched, []);
  },
);

verifies(
  "T26-125",
  "references into the schema itself are followed, and data that looks like one is none",
  async () => {
    const schema = fromJsonSchema({
      type: "object",
      properties: {
        $ref: { type: "string", default: { $ref: "https://example.com/" } },
        node: { $ref: "#/$defs/a~1b" },
        named: { $ref: "#here" },
        fixed: { const: { $ref: "elsewhere" } },
      },
      $defs: {
        "a/b": { type: "object", properties: { next: { $ref: "#/$defs/a~1b" }, n: { type: "integer" } } },
        anchored: { $anchor: "here", type: "boolean" },
      },
    });
    assertEquals(await accepts(schema, { $ref: "x", node: { next: { next: { n: 1 } } }, named: true }), true);
    assertEquals(await accepts(schema, { node: { next: { next: { n: "1" } } } }), false);
    assertEquals(await accepts(schema, { named: "true" }), false);
    assertEquals(await accepts(schema, { fixed: { $ref: "elsewhere" } }), true);
  },
);

verifies("T26-126", "a schema that is too deep or too large is refused", () => {
  const nested = (depth: number): JsonObject => depth === 1 ? {} : { not: nested(depth - 1) };
  fromJsonSchema(nested(64));
  refuses(nested(65), "nests deeper than 64 levels");
  const wide = (count: number) => ({ anyOf: Array.from({ length: count - 1 }, () => ({})) });
  fromJsonSchema(wide(10_000));
  refuses(wide(10_001), "over 10000 subschemas");
});

verifies("T26-126", "a schema that refers to itself for the same value is refused", () => {
  const circles: JsonObject[] = [
    { $ref: "#" },
    { type: "object", properties: { a: { $ref: "#/properties/a" } } },
    { type: "object", allOf: [{ anyOf: [{ type: "string" }, { $ref: "#" }] }] },
    { oneOf: [{ not: { if: { $ref: "#/oneOf/0" } } }] },
    { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { then: { else: { $ref: "#/$defs/a" } } } } },
    { dependentSchemas: { a: { $ref: "#" } } },
    { $defs: { unused: { $ref: "#/$defs/unused" } } },
    { $defs: { a: { $anchor: "me", $ref: "#me" } } },
    { $defs: { a: { $dynamicAnchor: "me", $dynamicRef: "#me" } } },
    { $schema: "https://json-schema.org/draft/2019-09/schema", $recursiveRef: "#" },
    { $schema: "http://json-schema.org/draft-07/schema#", definitions: { a: { $id: "#me", $ref: "#me" } } },
    { $schema: "http://json-schema.org/draft-07/schema#", dependencies: { a: { $ref: "#" }, b: ["a"] } },
  ];
  for (const schema of circles) refuses(schema, "leads to itself for the same value");
  const doubling: Record<string, JsonObject> = { a0: {} };
  for (let i = 1; i <= 20; i++) {
    doubling[`a${i}`] = { allOf: [{ $ref: `#/$defs/a${i - 1}` }, { $ref: `#/$defs/a${i - 1}` }] };
  }
  refuses({ $defs: doubling }, "applies over 10000 schemas to one value");
  const chain = Array.from(
    { length: 300 },
    (_, i): [string, JsonObject] => [`c${i}`, { $ref: `#/$defs/c${i + 1}` }],
  );
  refuses({ $defs: { ...Object.fromEntries(chain), c300: {} } }, "one through the other");
});

verifies("T26-126", "a schema that refers to itself for parts of the value is a recursive type", async () => {
  const schema = fromJsonSchema({
    $ref: "#/$defs/tree",
    $defs: {
      tree: {
        type: "object",
        properties: {
          name: { type: "string" },
          children: { type: "array", items: { $ref: "#/$defs/tree" } },
        },
        patternProperties: { "^x-": { $ref: "#" } },
        allOf: [{ $ref: "#/$defs/named" }, { $ref: "#/$defs/named" }],
      },
      named: { required: ["name"] },
    },
  });
  assertEquals(await accepts(schema, { name: "a", children: [{ name: "b", "x-c": { name: "d" } }] }), true);
  assertEquals(await accepts(schema, { name: "a", children: [{ name: "b", "x-c": {} }] }), false);
});

Deno.test("fromJsonSchema() takes a frozen schema, lists it verbatim and leaves it as it is", async () => {
  const schema = Object.freeze({ type: "object", properties: Object.freeze({ n: { type: "integer" } }) });
  const before = JSON.stringify(schema);
  const read = fromJsonSchema(schema);
  assertEquals([await accepts(read, { n: 1 }), await accepts(read, { n: "1" })], [true, false]);
  assertEquals(Reflect.ownKeys(schema), ["type", "properties"]);
  assertEquals(JSON.stringify(read["~standard"].jsonSchema!.input({ target: "draft-2020-12" })), before);
});

verifies(["T25-130", "T26-122"], "a tool with a schema of a strange dialect cannot be registered", () => {
  const { server } = createTestServer();
  const error = assertThrows(() => {
    const inputSchema = fromJsonSchema({ $schema: "https://example.com/", type: "object" });
    server.registerTool("strange", { inputSchema }, () => "");
  }, TypeError);
  assert(error.message.includes("dialect"));
});
