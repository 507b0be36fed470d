/**
 * Keeps `docs/conformance.md` and the suite's figures behind it.
 *
 * `deno task conformance:page` writes the page anew; with `--check` it fails if the page is not up to date.
 *
 * @module
 */
import { findCitations } from "./citations.ts";
import { LISTS, parseManifest } from "./manifest.ts";
import { readOpen } from "./open.ts";
import { type Chapter, type SuiteRecord, toPage } from "./page.ts";
import { WAIVERS } from "./waivers.ts";

const SUITE_FILE = new URL("../conformance/record.json", import.meta.url);

/** The page. */
const PAGE_FILE: URL = new URL("../../docs/conformance.md", import.meta.url);

/** The page as it should be now. */
async function currentPage(): Promise<string> {
  return toPage({
    chapters: Object.entries(LISTS).flatMap(([list, text]) => chaptersOf(list, text)),
    citations: await findCitations(new URL("../", import.meta.url)),
    waived: WAIVERS,
    open: readOpen(),
    suite: JSON.parse(await Deno.readTextFile(SUITE_FILE)) as SuiteRecord,
  });
}

/** Keeps what the suite said today, and writes the page anew. */
export async function recordSuite(said: Omit<SuiteRecord, "ranOn">): Promise<void> {
  const suite: SuiteRecord = { ...said, ranOn: new Date().toISOString().slice(0, 10) };
  await Deno.writeTextFile(SUITE_FILE, `${JSON.stringify(suite, null, 2)}\n`);
  await writePage();
}

/** Writes the page anew. */
export async function writePage(): Promise<void> {
  await Deno.writeTextFile(PAGE_FILE, await currentPage());
}

/** Chapters of a list: each begins with a line `## title`. */
export function chaptersOf(list: string, text: string): Chapter[] {
  return text.split(/^## /m).slice(1).map((part) => {
    const [title = "", ...lines] = part.split("\n");
    return { list, title: title.trim(), requirements: [...parseManifest(lines.join("\n")).values()] };
  });
}

if (import.meta.main) {
  if (Deno.args.includes("--check")) {
    const isCurrent = await Deno.readTextFile(PAGE_FILE) === await currentPage();
    console.log(
      isCurrent
        ? "docs/conformance.md is up to date"
        : "docs/conformance.md is old: write it with deno task conformance:page",
    );
    Deno.exitCode = isCurrent ? 0 : 1;
  } else {
    await writePage();
  }
}
