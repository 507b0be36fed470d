import { assertEquals } from "@std/assert";
import type { ArgumentType, WorkflowArgument } from "../../mod.ts";
import { readArguments } from "../../src/workflow/arguments.ts";

function declared(type: ArgumentType, required = true): WorkflowArgument[] {
  return [{ name: "x", required, type }];
}

function read(type: ArgumentType, text: string) {
  const result = readArguments(declared(type), { x: text });
  return result.ok ? result.values.get("x") : result.faults[0]?.message;
}

Deno.test("readArguments() reads texts by their types", () => {
  const cases: [ArgumentType, string, string | number | boolean][] = [
    ["string", " as it is ", " as it is "],
    ["string", "", ""],
    ["string", "\ud800", "\ufffd"],
    ["number", "1.5", 1.5],
    ["number", " -2e3 ", -2000],
    ["number", "0", 0],
    ["integer", "42", 42],
    ["integer", "-0", -0],
    ["integer", "9007199254740991", 9007199254740991],
    ["integer", "5.0", 5],
    ["boolean", "true", true],
    ["boolean", " YES ", true],
    ["boolean", "1", true],
    ["boolean", "False", false],
    ["boolean", "no", false],
    ["boolean", "0", false],
  ];
  for (const [type, text, value] of cases) assertEquals(read(type, text), value, `${type} ${text}`);
});

Deno.test("readArguments() refuses what is none of a type, without repeating it", () => {
  const integer = "is not a whole number between -(2^53 - 1) and 2^53 - 1";
  const cases: [ArgumentType, string, string][] = [
    ["number", "x", "is not a number"],
    ["number", "Infinity", "is not a number"],
    ["number", "1e999", "is not a number"],
    ["number", "0x10", "is not a number"],
    ["number", "1_000", "is not a number"],
    ["number", "+1", "is not a number"],
    ["number", "01", "is not a number"],
    ["number", "", "is required"],
    ["integer", "1.5", integer],
    ["integer", "9007199254740993", integer],
    ["boolean", "maybe", "is not one of true, false, yes, no, 1, 0"],
    ["boolean", "", "is required"],
  ];
  for (const [type, text, message] of cases) assertEquals(read(type, text), message, `${type} ${text}`);
});

Deno.test("readArguments() leaves out optional ones, and names every fault", () => {
  for (const given of [{}, { x: "" }]) {
    assertEquals(readArguments(declared("integer", false), given), { ok: true, values: new Map() });
  }
  const args: WorkflowArgument[] = [
    { name: "a", required: true, type: "string" },
    { name: "b", required: true, type: "integer" },
    { name: "toString", required: false, type: "string" },
  ];
  assertEquals(readArguments(args, JSON.parse('{"b":"x","__proto__":"y","c":"z"}')), {
    ok: false,
    faults: [
      { name: "a", message: "is required" },
      { name: "b", message: "is not a whole number between -(2^53 - 1) and 2^53 - 1" },
      { name: "__proto__", message: "is none of the workflow's arguments" },
      { name: "c", message: "is none of the workflow's arguments" },
    ],
  });
});
