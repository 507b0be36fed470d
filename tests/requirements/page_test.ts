import { assertEquals, assertStringIncludes } from "@std/assert";
import { toPage } from "./page.ts";
import { chaptersOf } from "./write_page.ts";

const LIST = `# A list

## First
T25-001 MUST server one | of two
T25-002 MUST_NOT both two

## Second
T25-003 SHOULD server three
T25-004 MUST server four
`;

Deno.test("chaptersOf() keeps the chapters and the order of a list", () => {
  const chapters = chaptersOf("Some list", LIST);
  assertEquals(chapters.map(({ title, requirements }) => [title, requirements.map(({ id }) => id)]), [
    ["First", ["T25-001", "T25-002"]],
    ["Second", ["T25-003", "T25-004"]],
  ]);
});

Deno.test("toPage() says of each requirement which test shows it, or why none does", () => {
  const page = toPage({
    chapters: chaptersOf("Some list", LIST),
    citations: new Map([["T25-001", ["server/b_test.ts", "server/a_test.ts"]]]),
    waived: { "T25-002": "Nobody can see this." },
    open: ["T25-004"],
    suite: {
      version: "1.2.3",
      ranOn: "2026-11-22",
      groups: [{ name: "all", scenarios: 2, passed: 3, wanted: 4, warned: 1 }],
    },
  });
  for (
    const line of [
      "| all | 2 | 3 of 4 | 1 |",
      "| Some list | 3 | 1 | 1 | 1 | 1 of 4 |",
      "| T25-001 | MUST | server | one \\| of two | `server/a_test.ts`, `server/b_test.ts` |",
      "| T25-002 | MUST NOT | both | two | Nobody can see this. |",
      "| T25-003 | SHOULD | server | three |  |",
      "| T25-004 | MUST | server | four | **open** |",
    ]
  ) {
    assertStringIncludes(page, `${line}\n`);
  }
});
