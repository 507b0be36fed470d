/**
 * Release notes of this repository, by a workflow: the server reads the commits, groups them, writes a draft and looks
 * up how the changelog sounds. What takes judgement, the text and how much the version rises, is left to the client's
 * model.
 *
 * Run: `deno run -A examples/release_notes_workflow.ts`. A few lines at the end play the model. It prints the
 * conversation that a model would get, and ends with 1 if something is not as it should be. With `--serve` it waits for
 * your own client on `http://127.0.0.1:8000/mcp` instead: ask for the prompt `release_notes`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { memory } from "@perdure/mcp-tasks/memory";
import { createReleaseNotesServer } from "./release_notes/server.ts";
import { hasEnded, untilTask } from "./support/mcp_call.ts";
import { withTemporary } from "./support/own_process.ts";

const REPOSITORY = `${import.meta.dirname}/..`;
const VERSION = "0.2.0";
const SHOWN_LINES = 12;

/** A call that the server hands over. */
interface RemainingStep {
  readonly name: string;
  readonly tool: string;
  readonly arguments: { readonly version: string; readonly smallestBump: string };
  readonly guidance: string;
}

async function main(folder: string): Promise<void> {
  const server = createReleaseNotesServer({
    repository: REPOSITORY,
    output: folder,
    allowAnonymous: true,
    backend: memory(),
  });
  if (Deno.args.includes("--serve")) {
    console.log(`Notes are published to ${folder}, until you stop this program`);
    await Deno.serve({ hostname: "127.0.0.1", port: 8000 }, server.fetch).finished;
    return;
  }
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch);
  const url = `http://127.0.0.1:${http.addr.port}/mcp`;
  const client = new Client({ name: "release-notes", version: "1.0.0" }, {
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  try {
    await publish(client, url, folder);
  } finally {
    await client.close();
    await server.close();
    await http.shutdown();
  }
}

async function publish(client: Client, url: string, folder: string): Promise<void> {
  const { messages, _meta } = await client.getPrompt({
    name: "release_notes",
    arguments: { version: VERSION },
  });
  const texts = messages.map(({ role, content }) => ({
    role,
    text: content.type === "text" ? content.text : "",
  }));
  for (const { role, text } of texts) console.log(`--- ${role}\n${abridged(text)}\n`);

  const { task_id: taskId, task_status, remaining_steps } = _meta as unknown as {
    readonly task_id: string;
    readonly task_status: string;
    readonly remaining_steps: readonly RemainingStep[];
  };
  const [left] = remaining_steps;
  console.log(
    `task is ${task_status}; left to the model: ${remaining_steps.map(({ tool }) => tool).join(", ")}`,
  );
  assertEquals([task_status, remaining_steps.length, left?.tool], ["working", 1, "publish_notes"]);

  const { version, smallestBump } = left!.arguments;
  const result = await client.callTool({
    name: "publish_notes",
    arguments: { version, smallestBump, bump: smallestBump, text: judge(texts.map(({ text }) => text)) },
    _meta: { "io.perdure/taskId": taskId },
  });
  assertEquals(result.isError ?? false, false, JSON.stringify(result));

  const { status } = await untilTask(url, taskId, hasEnded);
  const notes = await Deno.readTextFile(`${folder}/${VERSION}.md`);
  console.log(`${notes}\ntask is ${status}: ${VERSION}.md is published`);
  assertEquals(status, "completed");
}

/** Plays the model: it finds the draft in the conversation, and keeps the first three changes of each group. */
function judge(texts: readonly string[]): string {
  const result = texts[texts.findIndex((text) => text.startsWith("Calling tool 'draft_notes'")) + 1] ?? "";
  const lines = result.split("\n").slice(2, -1);
  let kept = 0;
  const notes = lines.filter((line) => {
    if (line.startsWith("## ")) kept = 0;
    return !line.startsWith("- ") || kept++ < 3;
  });
  return `${notes.join("\n")}\nThank you to everybody who wrote in.`;
}

function abridged(text: string): string {
  const lines = text.split("\n").map((line) => line.length > 110 ? `${line.slice(0, 109)}…` : line);
  const left = lines.length - SHOWN_LINES;
  return left <= 1 ? lines.join("\n") : [...lines.slice(0, SHOWN_LINES), `(${left} more lines)`].join("\n");
}

if (import.meta.main) await withTemporary(main);
