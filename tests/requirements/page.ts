/**
 * Writes `docs/conformance.md`: what the official suite says, and which test shows which requirement.
 *
 * @module
 */
import type { Citations } from "./citations.ts";
import { isBinding, type Requirement } from "./manifest.ts";

/** A chapter of a list of requirements. */
export interface Chapter {
  /** List it is from, such as `"MCP 2025-11-25"`. */
  readonly list: string;
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

/** What the suite said last. */
export interface SuiteRecord {
  /** Version of the suite. */
  readonly version: string;
  /** Day of the run, as `YYYY-MM-DD`. */
  readonly ranOn: string;
  readonly groups: readonly {
    readonly name: string;
    readonly scenarios: number;
    readonly passed: number;
    readonly wanted: number;
    readonly warned: number;
  }[];
}

/** What the page is made from. */
export interface PageInput {
  readonly chapters: readonly Chapter[];
  readonly citations: Citations;
  readonly waived: Readonly<Record<string, string>>;
  readonly open: readonly string[];
  readonly suite: SuiteRecord;
}

/** The page as Markdown. */
export function toPage({ chapters, citations, waived, open, suite }: PageInput): string {
  const binding = chapters.flatMap(({ requirements }) => requirements).filter(isBinding);
  const count = (isOne: (id: string) => boolean) => binding.filter(({ id }) => isOne(id)).length;
  const lines = [
    "# Conformance",
    "",
    "Written by `deno task conformance:page`, with the figures of `deno task conformance --record`; do not edit.",
    "",
    "## The official suite",
    "",
    `Version ${suite.version}, run against \`examples/conformance_server.ts\` on ${suite.ranOn}. Every push runs it.`,
    "",
    "| group | scenarios | checks passed | warnings |",
    "| --- | --- | --- | --- |",
    ...suite.groups.map(({ name, scenarios, passed, wanted, warned }) =>
      `| ${name} | ${scenarios} | ${passed} of ${wanted} | ${warned} |`
    ),
    "",
    "## Requirements",
    "",
    "The numbers are ours: each is one sentence of the specification, or one promise of this library. A test cites the",
    "numbers it shows; a sentence that binds a server with MUST or MUST NOT fails the build while no test cites it and no",
    "reason is written down. Where the column is empty the sentence binds somebody else, or only recommends.",
    "",
    "| list | binding a server | shown by tests | with a written reason | open | shown in all |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...new Set(chapters.map(({ list }) => list))].map((list) => {
      const all = chapters.filter((chapter) => chapter.list === list).flatMap(({ requirements }) =>
        requirements
      );
      const bound = all.filter(isBinding);
      const cells = [
        bound.length,
        bound.filter(({ id }) => citations.has(id)).length,
        bound.filter(({ id }) => Object.hasOwn(waived, id)).length,
        bound.filter(({ id }) => open.includes(id)).length,
        `${all.filter(({ id }) => citations.has(id)).length} of ${all.length}`,
      ];
      return `| ${list} | ${cells.join(" | ")} |`;
    }),
    `| all | ${binding.length} | ${count((id) => citations.has(id))} | ${
      count((id) => Object.hasOwn(waived, id))
    } | ${count((id) => open.includes(id))} | |`,
  ];
  for (const { list, title, requirements } of chapters) {
    lines.push(
      "",
      `### ${list}: ${title}`,
      "",
      "| number | word | binds | about | shown by |",
      "| --- | --- | --- | --- | --- |",
    );
    for (const { id, strength, binds, summary } of requirements) {
      const shown = citations.get(id)?.map((path) => `\`${path}\``).toSorted().join(", ") ?? waived[id] ??
        (open.includes(id) ? "**open**" : "");
      lines.push(
        `| ${id} | ${strength.replace("_", " ")} | ${binds} | ${toCell(summary)} | ${toCell(shown)} |`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function toCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
