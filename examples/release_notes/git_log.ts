/**
 * Commits of a git repository on this machine.
 *
 * @module
 */
import { ToolError } from "@perdure/mcp-tasks";
import { z } from "zod";

/** A commit. */
export const CommitSchema = z.object({
  hash: z.string(),
  date: z.string().describe("Day of the commit, such as 2026-11-22."),
  subject: z.string(),
  breaking: z.boolean().describe("Whether its message says that it breaks something."),
});

/** A commit. */
export type Commit = z.infer<typeof CommitSchema>;

/** Commits read at most. */
export const MAX_COMMITS = 200;

const FIELD = "\x1f";
const RECORD = "\x1e";
const BREAKING = /^(?:[a-z]+(?:\([^)]*\))?!: |BREAKING[ -]CHANGE: )/m;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/;

/**
 * Commits after `since`, newest first, merges left out. Without `since`: after the latest tag, or all, if the clone has
 * no tag; at most 200.
 *
 * @throws {ToolError} If `since` is not known here, as in a clone that is too shallow for it.
 */
export async function readCommits(
  repository: string,
  since: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly since: string | null; readonly commits: Commit[] }> {
  if (since !== undefined && !NAME.test(since)) {
    throw new ToolError("That is no name of a tag, branch or commit");
  }
  const start = since ?? await latestTag(repository, signal);
  if (start !== undefined && !await isKnown(repository, start, signal)) {
    throw new ToolError(`This clone does not know ${start}: fetch it, or name another start`);
  }
  const range = start === undefined ? "HEAD" : `${start}..HEAD`;
  const format = `--format=${["%h", "%cs", "%s", "%b"].join("%x1f")}%x1e`;
  const { ok, text } = await git(repository, signal, [
    "log",
    "--no-merges",
    `-n${MAX_COMMITS}`,
    format,
    range,
  ]);
  if (!ok) throw new ToolError("The history cannot be read: there is no commit, or no repository");
  const commits = text.split(RECORD).map((record) => record.trimStart()).filter((record) => record !== "");
  return { since: start ?? null, commits: commits.map(toCommit) };
}

/** Names of tags, newest first. */
export async function listTags(repository: string, signal: AbortSignal): Promise<string[]> {
  const { text } = await git(repository, signal, ["tag", "--sort=-creatordate"]);
  return text.split("\n").filter((tag) => NAME.test(tag));
}

async function latestTag(repository: string, signal: AbortSignal): Promise<string | undefined> {
  const { ok, text } = await git(repository, signal, ["describe", "--tags", "--abbrev=0"]);
  return ok ? text.trim() : undefined;
}

async function isKnown(repository: string, name: string, signal: AbortSignal): Promise<boolean> {
  return (await git(repository, signal, ["rev-parse", "--verify", "--quiet", `${name}^{commit}`])).ok;
}

function toCommit(record: string): Commit {
  const [hash = "", date = "", subject = "", body = ""] = record.split(FIELD);
  return { hash, date, subject, breaking: BREAKING.test(`${subject}\n${body}`) };
}

async function git(
  repository: string,
  signal: AbortSignal,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const command = new Deno.Command("git", {
    args: ["-C", repository, "--no-pager", ...args],
    // A program that is run by a git hook has variables that name another repository.
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "" },
    stdin: "null",
    stderr: "null",
    signal,
  });
  const { success, stdout } = await command.output();
  return { ok: success, text: new TextDecoder().decode(stdout) };
}
