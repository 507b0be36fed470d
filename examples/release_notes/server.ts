/**
 * A server that drafts release notes of a repository, and leaves to the client's model what takes judgement.
 *
 * @module
 */
import { argument, field, McpServer, type McpServerOptions, ToolError, workflow } from "@perdure/mcp-tasks";
import { z } from "zod";
import { CommitSchema, listTags, readCommits } from "./git_log.ts";
import { groupCommits, SectionSchema, smallestBump, toDraft } from "./sections.ts";

const Bump = z.enum(["patch", "minor", "major"]);

/** Where the server reads and writes. */
export interface ReleaseNotesOptions extends McpServerOptions {
  /** Folder of a git repository. */
  readonly repository: string;
  /** Folder that finished notes are written to. */
  readonly output: string;
}

/** A server with the prompt `release_notes` and the tools it is made of. */
export function createReleaseNotesServer({ repository, output, ...options }: ReleaseNotesOptions): McpServer {
  const server = new McpServer({ name: "release-notes", version: "1.0.0" }, options);

  server.registerTool("git_commits", {
    description: "Reads the commits since a tag, branch or commit.",
    inputSchema: z.object({ since: z.string().optional() }),
    outputSchema: z.object({ since: z.string().nullable(), commits: z.array(CommitSchema) }),
    annotations: { readOnlyHint: true },
    task: { support: "optional", repeatable: true },
  }, ({ since }, ctx) => readCommits(repository, since, ctx.signal));

  server.registerTool("group_commits", {
    description: "Groups commits by what they mean to users.",
    inputSchema: z.object({ commits: z.array(CommitSchema) }),
    outputSchema: z.object({ sections: z.array(SectionSchema), smallestBump: Bump }),
    annotations: { readOnlyHint: true },
    task: { support: "optional", repeatable: true },
  }, ({ commits }) => {
    const sections = groupCommits(commits);
    return { sections, smallestBump: smallestBump(sections) };
  });

  server.registerTool("draft_notes", {
    description: "Writes a first draft.",
    inputSchema: z.object({ version: z.string(), sections: z.array(SectionSchema) }),
    annotations: { readOnlyHint: true },
    task: { support: "optional", repeatable: true },
  }, ({ version, sections }) => toDraft(version, sections));

  // Not repeatable: notes are published once, whatever happens to the process.
  server.registerTool("publish_notes", {
    description:
      "Publishes release notes. `text` and `bump` take judgement: no part of this server can supply them.",
    inputSchema: z.object({
      version: z.string().regex(/^\d+\.\d+\.\d+$/),
      smallestBump: Bump,
      bump: Bump.describe("How much the version rises, seen by what users notice."),
      text: z.string().min(40).describe("The notes as users will read them, in Markdown."),
    }),
  }, async ({ version, smallestBump, bump, text }) => {
    if (Bump.options.indexOf(bump) < Bump.options.indexOf(smallestBump)) {
      throw new ToolError(`A ${bump} release cannot hold these changes: it takes a ${smallestBump} one`);
    }
    await Deno.writeTextFile(`${output}/${version}.md`, `${text.trim()}\n`);
    return `${version}.md is published, a ${bump} release`;
  });

  server.registerResource("changelog", "repo://CHANGELOG.md", { mimeType: "text/markdown" }, async () => {
    const text = await Deno.readTextFile(`${repository}/CHANGELOG.md`).catch(() => undefined);
    return text?.split("\n").slice(0, 40).join("\n");
  });

  server.registerWorkflow(
    workflow("release_notes", "publish the release notes of the next version")
      .title("Release notes")
      .instructions(
        "The readers use the package and have never seen its source: tell what they gain or must do.",
      )
      .argument("version", "Version to be released, such as 1.2.0")
      .argument("since", "Tag, branch or commit to start after; the latest tag if it is left out", {
        required: false,
        complete: async (typed) => {
          const tags = await listTags(repository, AbortSignal.timeout(5000));
          return tags.filter((tag) => tag.startsWith(typed));
        },
      })
      .step("collect", "git_commits").arg("since", argument("since")).bind("log").retryable()
      .step("group", "group_commits").arg("commits", field("log", "commits")).bind("grouped")
      .step("draft", "draft_notes").arg("version", argument("version")).arg(
        "sections",
        field("grouped", "sections"),
      )
      .step("voice").resource("repo://CHANGELOG.md")
      .guidance("The notes should sound like the changelog so far.")
      .step("publish", "publish_notes").arg("version", argument("version"))
      .arg("smallestBump", field("grouped", "smallestBump"))
      .guidance(
        "Rewrite the draft for users of version {version}: put first what they must act on, merge what belongs " +
          "together, leave out what they cannot notice. Decide how much the version rises. Then call the tool.",
      )
      .task(),
  );
  return server;
}
