/**
 * Commits in groups that mean something to users.
 *
 * @module
 */
import { z } from "zod";
import type { Commit } from "./git_log.ts";

/** What a commit changed for users. */
export const ChangeSchema = z.object({
  hash: z.string(),
  scope: z.string().nullable(),
  text: z.string(),
});

/** A group of changes. */
export const SectionSchema = z.object({ title: z.string(), changes: z.array(ChangeSchema) });

/** A group of changes. */
export type Section = z.infer<typeof SectionSchema>;

const BREAKING = "Breaking changes";
const OTHERS = "Under the hood";
const TITLES: ReadonlyMap<string, string> = new Map([
  ["feat", "New"],
  ["fix", "Fixed"],
  ["perf", "Faster"],
  ["docs", "Documentation"],
]);
const ORDER = [BREAKING, ...TITLES.values(), OTHERS];
const CONVENTIONAL = /^([a-z]+)(?:\(([^)]*)\))?!?: (.+)$/;

/** Groups commits by the type in their subject (`feat(store): …`), what breaks first. */
export function groupCommits(commits: readonly Commit[]): Section[] {
  const sections = new Map<string, Section>(ORDER.map((title) => [title, { title, changes: [] }]));
  for (const { hash, subject, breaking } of commits) {
    const [, type = "", scope = null, text = subject] = CONVENTIONAL.exec(subject) ?? [];
    const title = breaking ? BREAKING : TITLES.get(type) ?? OTHERS;
    sections.get(title)?.changes.push({ hash, scope, text });
  }
  return [...sections.values()].filter(({ changes }) => changes.length > 0);
}

/** The sections as Markdown. What users cannot notice is counted, not listed. */
export function toDraft(version: string, sections: readonly Section[]): string {
  const parts = sections.map(({ title, changes }) => {
    const lines = title === OTHERS
      ? [`${changes.length} ${changes.length === 1 ? "change" : "changes"} that users do not see.`]
      : changes.map(({ scope, text, hash }) => `- ${scope === null ? "" : `${scope}: `}${text} (${hash})`);
    return [`## ${title}`, "", ...lines].join("\n");
  });
  return [`# ${version}`, ...parts].join("\n\n") + "\n";
}

/** The step that a version has to take at least, by what has changed. */
export function smallestBump(sections: readonly Section[]): "major" | "minor" | "patch" {
  const titles = sections.map(({ title }) => title);
  if (titles.includes(BREAKING)) return "major";
  return titles.includes("New") ? "minor" : "patch";
}
