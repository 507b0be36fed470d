import { assertEquals } from "@std/assert";
import { modulesOf, undocumented } from "./documentation.ts";

const printed = {
  version: 2,
  nodes: {
    "file:///package/mod.ts": {
      module_doc: { doc: "What it is." },
      symbols: [
        { name: "told", declarations: [{ declarationKind: "export", jsDoc: { doc: "Told." } }] },
        {
          name: "overloaded",
          declarations: [{ declarationKind: "export" }, {
            declarationKind: "export",
            jsDoc: { doc: "Told." },
          }],
        },
        { name: "untold", declarations: [{ declarationKind: "export" }] },
        { name: "passedOn", declarations: [{ declarationKind: "export", kind: "reference" }] },
        { name: "internal", declarations: [{ declarationKind: "private" }] },
      ],
    },
    "file:///package/bare.ts": { symbols: [] },
  },
};

Deno.test("modulesOf() reads entry points, their docs and what they export", () => {
  const [first, second] = modulesOf(printed, "file:///package/");
  assertEquals([first?.path, first?.moduleDoc], ["mod.ts", "What it is."]);
  assertEquals(first?.symbols.map(({ name }) => name), ["told", "overloaded", "untold"]);
  assertEquals(second, { path: "bare.ts", moduleDoc: "", symbols: [] });
});

Deno.test("undocumented() names the symbols without docs", () => {
  const [first] = modulesOf(printed, "file:///package/");
  assertEquals(undocumented(first!), ["mod.ts: untold"]);
});
