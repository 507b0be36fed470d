import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { placeholdersOf, substitute } from "../../src/workflow/substitute.ts";

const put = (text: string, values: Record<string, string>) =>
  substitute(text, (name) => values[name] ?? `?${name}`);

Deno.test("substitute() replaces names between braces and nothing else", () => {
  const cases: [string, string][] = [
    ["{a}", "1"],
    ["{a}{b}{a}", "121"],
    ["x {a} y", "x 1 y"],
    ["{{a}}", "{a}"],
    ["{{{a}}}", "{{a}}"],
    ['{"a":{a}}', '{"a":1}'],
    ["{ a }", "{ a }"],
    ["{1}", "{1}"],
    ["{}", "{}"],
    ["{a", "{a"],
    ["a}", "a}"],
    ["{a}}", "1}"],
    ["{unknown}", "?unknown"],
    ["^[a-z]{2,3}$", "^[a-z]{2,3}$"],
    ["{a-b}", "?a-b"],
    ["{__proto__}", "?__proto__"],
  ];
  for (const [text, expected] of cases) assertEquals(put(text, { a: "1", b: "2" }), expected, text);
});

Deno.test("substitute() never looks through what it put in, whatever that is", () => {
  assertEquals(put("{a} {b}", { a: "{b}", b: "{a}" }), "{b} {a}");
  assertEquals(put("{a}", { a: "{{a}} $& $1 $$ {a}" }), "{{a}} $& $1 $$ {a}");
  fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (before, value, after) => {
    const text = `${before.replaceAll(/[{}]/g, "")}{a}${after.replaceAll(/[{}]/g, "")}`;
    assertEquals(put(text, { a: value }), text.replace("{a}", () => value));
  }));
});

Deno.test("substitute() asks once for each placeholder, as placeholdersOf() names them", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("{a}", "{b}", "{{a}}", "{", "}", "x", "{ a}")), (parts) => {
    const text = parts.join("");
    const asked: string[] = [];
    substitute(text, (name) => {
      asked.push(name);
      return "";
    });
    assertEquals([...new Set(asked)], placeholdersOf(text));
  }));
  assertEquals(placeholdersOf("{b} {a} {b} {{c}}"), ["b", "a"]);
});
