import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  argument,
  constant,
  type DataSource,
  field,
  type JsonValue,
  type NamedSource,
  output,
  variable,
  type WorkflowArgument,
} from "../../mod.ts";
import {
  type Known,
  missingFields,
  resolveArgs,
  resolveWhatIsKnown,
  toText,
} from "../../src/workflow/resolve.ts";

const DECLARED: readonly WorkflowArgument[] = [
  { name: "text", required: true, type: "string" },
  { name: "count", required: true, type: "integer" },
  { name: "absent", required: true, type: "string" },
  { name: "optional", required: false, type: "string" },
];

const KNOWN: Known = {
  arguments: new Map<string, JsonValue>([["text", "it's {count} {{x}}"], ["count", 3]]),
  outputs: new Map([
    ["rows", { content: [], structuredContent: { rows: [{ id: 7 }] } }],
    ["plain", { content: [{ type: "text", text: "hello" }] }],
  ]),
  variables: { region: { name: "eu" }, none: null },
};

function resolve(args: readonly NamedSource[]) {
  return resolveArgs({ args }, DECLARED, KNOWN);
}

Deno.test("resolveArgs() takes values from where each source says", () => {
  const sources: NamedSource[] = [
    ["a", argument("text")],
    ["b", argument("count")],
    ["c", constant({ deep: ["{text}"] })],
    ["d", constant("{count} x {count}: {text}")],
    ["e", output("rows")],
    ["f", field("rows", "rows.0.id")],
    ["g", output("plain")],
    ["h", variable("region")],
    ["i", variable("region", "name")],
    ["j", variable("none")],
    ["k", constant("{{count}}")],
  ];
  assertEquals(resolve(sources), {
    ok: true,
    args: {
      a: "it's {count} {{x}}",
      b: 3,
      c: { deep: ["{text}"] },
      d: "3 x 3: it's {count} {{x}}",
      e: { rows: [{ id: 7 }] },
      f: 7,
      g: "hello",
      h: { name: "eu" },
      i: "eu",
      j: null,
      k: "{count}",
    },
  });
});

Deno.test("resolveArgs() leaves out what hangs on an optional argument that was not given", () => {
  const sources: NamedSource[] = [
    ["a", argument("optional")],
    ["b", constant("for {optional}")],
    ["c", constant("x")],
  ];
  assertEquals(resolve(sources), { ok: true, args: { c: "x" } });
});

Deno.test("resolveArgs() names everything that is missing, and why", () => {
  const sources: NamedSource[] = [
    ["ok", argument("text")],
    ["a", argument("absent")],
    ["b", constant("{optional} {absent}")],
    ["c", output("later")],
    ["d", field("later", "x")],
    ["e", field("rows", "rows.1.id")],
    ["f", field("plain", "x")],
    ["g", variable("unset")],
    ["h", variable("region", "name.first")],
    ["i", variable("__proto__")],
  ];
  const resolved = resolve(sources);
  const missing = resolved.ok
    ? []
    : resolved.missing.map(({ parameter, kind, message }) => [parameter, kind, message]);
  assertEquals(missing, [
    ["a", "argument", 'the argument "absent" is not given'],
    ["b", "argument", 'the argument "absent" is not given'],
    ["c", "output", 'the output "later" is not there'],
    ["d", "output", 'the output "later" is not there'],
    ["e", "field", 'the output "rows" has no field "rows.1.id": the list has 1 items and no 1'],
    ["f", "field", 'the output "plain" has no field "x": its text is not a JSON object or list'],
    ["g", "variable", 'the variable "unset" is not set'],
    [
      "h",
      "field",
      'the variable "region" has no field "name.first": there is a string where "first" was looked up',
    ],
    ["i", "variable", 'the variable "__proto__" is not set'],
  ]);
  const { args } = resolveWhatIsKnown({ args: sources }, DECLARED, KNOWN);
  assertEquals(args, { ok: "it's {count} {{x}}" });
});

Deno.test("resolveArgs() makes own members of any names, and touches no prototype", () => {
  const resolved = resolve([["__proto__", constant({ polluted: true })], ["toString", constant(1)]]);
  assertEquals(JSON.stringify(resolved), '{"ok":true,"args":{"__proto__":{"polluted":true},"toString":1}}');
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("resolveArgs() equals a simple model, whatever is known and asked for", () => {
  const names = fc.constantFrom("a", "b", "c");
  const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const known = fc.record({
    arguments: fc.dictionary(names, fc.string(), { noNullPrototype: true }),
    outputs: fc.dictionary(names, scalar, { noNullPrototype: true }),
    variables: fc.dictionary(names, scalar, { noNullPrototype: true }),
  });
  const sources = fc.array(
    fc.tuple(
      fc.constantFrom("p", "q", "r", "s"),
      fc.oneof(
        names.map((name): DataSource => argument(name)),
        scalar.filter((value) => typeof value !== "string").map((value): DataSource => constant(value)),
        fc.tuple(names, names).map(([x, y]): DataSource => constant(`{${x}}-{${y}}`)),
        names.map((name): DataSource => output(name)),
        names.map((name): DataSource => variable(name)),
      ),
    ),
    { maxLength: 6 },
  ).map((pairs) => pairs.filter(([name], i) => pairs.findIndex(([it]) => it === name) === i));
  fc.assert(fc.property(known, sources, fc.subarray(["a", "b", "c"]), (values, asked, optional) => {
    const declared = ["a", "b", "c"].map((name): WorkflowArgument => ({
      name,
      required: !optional.includes(name),
      type: "string",
    }));
    const resolved = resolveArgs({ args: asked }, declared, {
      arguments: new Map(Object.entries(values.arguments)),
      outputs: new Map(
        Object.entries(values.outputs).map((
          [name, value],
        ) => [name, { content: [], structuredContent: value }]),
      ),
      variables: values.variables,
    });
    const expected = asked.map(([name, source]) => [name, modelOf(source, values, optional)] as const);
    const missing = expected.filter(([, value]) => value === MISSING).map(([name]) => name);
    if (!resolved.ok) return assertEquals(resolved.missing.map(({ parameter }) => parameter), missing);
    assertEquals(missing, []);
    assertEquals(
      resolved.args,
      Object.fromEntries(expected.filter(([, value]) => value !== LEFT_OUT)) as never,
    );
  }));
});

const MISSING = Symbol("missing");
const LEFT_OUT = Symbol("left out");

interface Values {
  readonly arguments: Record<string, string>;
  readonly outputs: Record<string, JsonValue>;
  readonly variables: Record<string, JsonValue>;
}

function modelOf(source: DataSource, values: Values, optional: readonly string[]): JsonValue | symbol {
  const argumentOf = (name: string) =>
    values.arguments[name] ?? (optional.includes(name) ? LEFT_OUT : MISSING);
  switch (source.from) {
    case "argument":
      return argumentOf(source.name);
    case "output":
      return source.binding in values.outputs ? values.outputs[source.binding]! : MISSING;
    case "variable":
      return source.name in values.variables ? values.variables[source.name]! : MISSING;
    case "constant": {
      if (typeof source.value !== "string") return source.value;
      const [x, y] = [...source.value.matchAll(/[abc]/g)].map(([name]) => argumentOf(name));
      if (x === MISSING || y === MISSING) return MISSING;
      return x === LEFT_OUT || y === LEFT_OUT ? LEFT_OUT : `${String(x)}-${String(y)}`;
    }
  }
}

Deno.test("missingFields() names what a schema demands at its top level and is not there", () => {
  const schema = { type: "object", required: ["a", "b", 7, "toString"] };
  assertEquals(missingFields(schema, { b: null }), ["a", "toString"]);
  assertEquals(missingFields({ type: "object" }, {}), []);
  assertEquals(missingFields({ type: "object", required: "a" }, {}), []);
});

Deno.test("toText() shows texts as they are and all else as JSON", () => {
  assertEquals(["x", 1, true, null, [1], { a: "b" }].map(toText), [
    "x",
    "1",
    "true",
    "null",
    "[1]",
    '{"a":"b"}',
  ]);
});
