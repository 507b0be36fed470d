/**
 * Does what `docs/workflows.md` shows, as it is written there.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

const REPOSITORY = Deno.realPathSync(`${import.meta.dirname}/../..`);
const PAGE = await Deno.readTextFile(`${REPOSITORY}/docs/workflows.md`);

/** Asks for a prompt, and prints what is told. */
const ASK = `
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "reader", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: "news", arguments: { source: "agency" }, _meta };
  const response = await server.fetch(new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "prompts/get",
      "mcp-name": "news",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "prompts/get", params }),
  }));
  const { result } = await response.json();
  console.log(result.messages.map((message: any) => message.role + ": " + message.content.text).join("\\n\\n"));
  await server.close();
`;

Deno.test("docs/workflows.md: its workflow tells what the page says", async () => {
  const program = blockOf("ts").replace("await server.close();", ASK);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", `${REPOSITORY}/deno.json`, file],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(new TextDecoder().decode(stdout), blockOf("text"), new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(file);
  }
});

/** The page's first block in a language; its fence may be of any length. */
function blockOf(language: string): string {
  const [, , text = ""] = new RegExp(`^(\`{3,})${language}\n(.*?)^\\1\n`, "ms").exec(PAGE) ?? [];
  return text;
}
