import { assertEquals, assertThrows } from "@std/assert";
import { citedIn, findCitations } from "./citations.ts";
import { type GateInput, judge } from "./gate.ts";
import { MANIFEST, parseManifest } from "./manifest.ts";
import { readOpen } from "./open.ts";
import { WAIVERS } from "./waivers.ts";

Deno.test("every binding requirement is cited by a test, waived with a reason, or listed as open", async () => {
  const citations = await findCitations(new URL("../", import.meta.url));
  const report = judge({
    manifest: MANIFEST,
    cited: new Set(citations.keys()),
    waived: WAIVERS,
    open: readOpen(),
  });
  const { binding, cited, waived, open } = report.counts;
  console.log(
    `requirements: ${binding} binding (${cited} cited, ${waived} waived, ${open} open), ` +
      `${report.citedInAll} of ${MANIFEST.size} cited in all`,
  );
  assertEquals(report.problems, []);
});

Deno.test("the manifest holds both revisions and our own promises", () => {
  const counts = Object.entries(Object.groupBy(MANIFEST.keys(), (id) => id.slice(0, 3)));
  assertEquals(Object.fromEntries(counts.map(([key, ids]) => [key, ids?.length])), {
    T25: 292,
    T26: 296,
    lib: 18,
    FND: 4,
    EXE: 4,
    HAN: 3,
    CON: 3,
    INT: 4,
  });
});

const SMALL = `# A small manifest
T25-001 MUST server one
T25-002 MUST_NOT receiver two
T25-003 SHOULD server three
T25-004 MUST client four
`;

function problemsOf(change: Partial<GateInput>): readonly string[] {
  const input = {
    manifest: parseManifest(SMALL),
    cited: new Set(["T25-001", "T25-002"]),
    waived: {},
    open: [],
  };
  return judge({ ...input, ...change }).problems;
}

Deno.test("judge() accepts what is complete", () => {
  assertEquals(problemsOf({}), []);
  assertEquals(problemsOf({ cited: new Set(["T25-001"]), open: ["T25-002"] }), []);
  assertEquals(
    problemsOf({ cited: new Set(["T25-001"]), waived: { "T25-002": "No test of ours can see this." } }),
    [],
  );
});

Deno.test("judge() names what is missing, unknown or listed twice", () => {
  const reason = "No test of ours can see this.";
  const cases: [Partial<GateInput>, string][] = [
    [{ cited: new Set(["T25-001"]) }, "T25-002 binds the server and is neither cited nor waived: two"],
    [{ cited: new Set(["T25-001", "T25-002", "T25-999"]) }, "T25-999 is cited but unknown"],
    [{ open: ["T25-002"] }, "T25-002 is open but cited"],
    [{ open: ["T25-999"] }, "T25-999 is open but unknown"],
    [{ open: ["T25-003", "T25-003"] }, "T25-003 is open twice"],
    [{ waived: { "T25-003": reason }, open: ["T25-003"] }, "T25-003 is open but waived"],
    [{ waived: { "T25-002": reason } }, "T25-002 is waived but cited"],
    [{ waived: { "T25-999": reason } }, "T25-999 is waived but unknown"],
    [{ waived: { "T25-003": "no" } }, "T25-003 is waived without a reason"],
  ];
  for (const [change, problem] of cases) assertEquals(problemsOf(change), [problem]);
});

Deno.test("citedIn() reads the quoted ids of files that register tests with them", () => {
  const source =
    'verifies(["T25-001", "lib-I1"], "x", () => {}); // not T25-002\nverifies("T26-003", "y", z);';
  assertEquals(citedIn(source), ["T25-001", "lib-I1", "T26-003"]);
  assertEquals(citedIn('const table = ["T25-001"];'), []);
});

Deno.test("parseManifest() refuses other lines and repeated ids", () => {
  assertThrows(() => parseManifest("T25-001 WILL server one"), SyntaxError, "T25-001 WILL");
  assertThrows(() => parseManifest("T25-001 MUST nobody one"), SyntaxError);
  assertThrows(() => parseManifest("T25-001 MUST server one\nT25-001 MUST server one"), SyntaxError, "twice");
});
