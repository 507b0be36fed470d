import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ToolError } from "@perdure/mcp-tasks";
import { type Commit, listTags, MAX_COMMITS, readCommits } from "../../examples/release_notes/git_log.ts";
import { groupCommits, smallestBump, toDraft } from "../../examples/release_notes/sections.ts";

const ROOT = Deno.realPathSync(`${import.meta.dirname}/../..`);
const ENV = { NO_COLOR: "1", GIT_CONFIG_COUNT: "0" };
const NEVER = new AbortController().signal;

function commit(subject: string, breaking = false): Commit {
  return { hash: "abc1234", date: "2026-11-22", subject, breaking };
}

Deno.test("groupCommits() goes by the type of a commit, what breaks first", () => {
  const sections = groupCommits([
    commit("docs: tell"),
    commit("feat(store): keep"),
    commit("refactor: move"),
    commit("Merge by hand"),
    commit("fix: repair"),
    commit("feat(api)!: drop", true),
  ]);
  assertEquals(
    sections.map(({ title, changes }) => [title, ...changes.map(({ scope, text }) => `${scope}: ${text}`)]),
    [
      ["Breaking changes", "api: drop"],
      ["New", "store: keep"],
      ["Fixed", "null: repair"],
      ["Documentation", "null: tell"],
      ["Under the hood", "null: move", "null: Merge by hand"],
    ],
  );
  assertEquals(smallestBump(sections), "major");
  assertEquals(smallestBump(groupCommits([commit("feat: x")])), "minor");
  assertEquals(smallestBump([]), "patch");
  assertEquals(
    toDraft("1.0.0", groupCommits([commit("feat(a): x"), commit("chore: y"), commit("test: z")])),
    "# 1.0.0\n\n## New\n\n- a: x (abc1234)\n\n## Under the hood\n\n2 changes that users do not see.\n",
  );
});

Deno.test("readCommits() reads since a tag, in whole and in shallow clones", () =>
  withRepository(async (repository, git) => {
    await git("commit", "-m", "feat: first");
    await git("tag", "v1.0.0");
    await git("commit", "-m", 'fix: quote "it" `and` $(that)\n\nBREAKING CHANGE: all of it');
    await git("commit", "-m", "feat(x)!: drop");
    await git("commit", "-m", "feat: \u{1F600}");
    const { since, commits } = await readCommits(repository, undefined, NEVER);
    assertEquals(since, "v1.0.0");
    assertEquals(commits.map(({ subject, breaking }) => [subject, breaking]), [
      ["feat: \u{1F600}", false],
      ["feat(x)!: drop", true],
      ['fix: quote "it" `and` $(that)', true],
    ]);
    assertEquals((await readCommits(repository, commits[1]!.hash, NEVER)).commits.length, 1);
    assertEquals(await listTags(repository, NEVER), ["v1.0.0"]);

    await git("clone", "-q", "--depth", "2", `file://${repository}`, `${repository}/shallow`);
    const shallow = await readCommits(`${repository}/shallow`, undefined, NEVER);
    assertEquals([shallow.since, shallow.commits.length], [null, 2]);
    await assertRejects(
      () => readCommits(`${repository}/shallow`, "v1.0.0", NEVER),
      ToolError,
      "This clone does not know v1.0.0: fetch it, or name another start",
    );
  }));

Deno.test("the release notes of this repository are written in a shallow clone too", async () => {
  const folder = await Deno.makeTempDir({ prefix: "release-notes-" });
  try {
    const run = (command: string, ...args: string[]) =>
      new Deno.Command(command, { args, env: ENV }).output();
    const cloned = await run("git", "clone", "-q", "--depth", "1", `file://${ROOT}`, `${folder}/clone`);
    assertEquals(cloned.success, true, new TextDecoder().decode(cloned.stderr));
    const program = `${folder}/clone/examples/release_notes_workflow.ts`;
    const { stdout, stderr } = await run(Deno.execPath(), "run", "-A", "--no-check", program);
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertStringIncludes(text, `"since": null`);
    assertStringIncludes(text, "task is completed: 0.2.0.md is published");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readCommits() takes no options for names, and says what is no repository", () =>
  withRepository(async (repository) => {
    for (const since of ["--output=x", "-n1", "", "a b", "x;y", "a\nb", "$(x)", "é"]) {
      await assertRejects(() => readCommits(repository, since, NEVER), ToolError, "no name of a tag");
    }
    await assertRejects(() => readCommits(repository, undefined, NEVER), ToolError, "there is no commit");
    assertEquals(Array.from(Deno.readDirSync(repository), ({ name }) => name), [".git"]);
    assertEquals(MAX_COMMITS, 200);
  }));

async function withRepository(
  body: (repository: string, git: (...args: string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const repository = await Deno.makeTempDir({ prefix: "release-notes-" });
  const git = async (...args: string[]) => {
    const identity = [
      "-c",
      "user.name=Ada",
      "-c",
      "user.email=ada@example.com",
      "-c",
      "commit.gpgsign=false",
    ];
    const all = ["-C", repository, ...identity, ...args, ...(args[0] === "commit" ? ["--allow-empty"] : [])];
    const env = { PATH: Deno.env.get("PATH") ?? "" };
    const { success, stderr } = await new Deno.Command("git", { args: all, clearEnv: true, env }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  try {
    await git("init", "-q");
    await body(await Deno.realPath(repository), git);
  } finally {
    await Deno.remove(repository, { recursive: true });
  }
}
