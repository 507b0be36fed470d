/**
 * The Inspector's command line, a client that others wrote for people who try servers out, in both revisions.
 *
 * It runs on Node, is got from npm and takes seconds for each call, so these tests are no part of the others:
 * `deno task interop` runs them.
 *
 * @module
 */
import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { getTool, isMissing } from "../runtimes/toolbox.ts";
import { type Missing, testIfThere } from "../support/not_run.ts";
import { type Fixture, startFixture } from "./fixture.ts";

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long one call may take: the program alone takes seconds to start on a busy machine. */
const LIMIT_MS = 60_000;
const ERAS = ["legacy", "modern"] as const;
const LAUNCHER = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";

const [node, inspector] = await Promise.all([getTool("node"), getTool("@modelcontextprotocol/inspector")]);
const missing: Missing | undefined = isMissing(node) ? node : isMissing(inspector) ? inspector : undefined;

/** Runs the Inspector against a server. */
async function inspect({ url }: Fixture, era: string, ...args: readonly string[]): Promise<Run> {
  if (isMissing(node) || isMissing(inspector)) throw new Error("Cannot inspect: the Inspector is not there");
  // Its settings are written into the home folder.
  const home = await Deno.makeTempDir({ prefix: "inspector-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(`${node.folder}/node_modules/.bin/node`, {
      args: [
        `${inspector.folder}/${LAUNCHER}`,
        "--cli",
        ...["--server-url", url, "--header", "Authorization: Bearer ada", "--protocol-era", era],
        ...args,
      ],
      env: { HOME: home, NO_COLOR: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function call(server: Fixture, era: string, tool: string, ...args: readonly string[]): Promise<Run> {
  const pairs = args.flatMap((pair) => ["--tool-arg", pair]);
  return inspect(server, era, "--method", "tools/call", "--tool-name", tool, ...pairs);
}

function textsOf({ stdout }: Run): unknown[] {
  return JSON.parse(stdout).content.map(({ text }: { text: string }) => text);
}

for (const era of ERAS) {
  testIfThere(
    missing,
    `the Inspector (${era}) lists the tools, and finds nothing wrong with their schemas`,
    async () => {
      await using server = startFixture();
      const { code, stdout, stderr } = await inspect(server, era, "--method", "tools/list", "--strict");
      assertEquals([code, stderr], [0, ""]);
      const { tools } = JSON.parse(stdout) as { tools: { name: string; execution?: unknown }[] };
      const double = tools.find(({ name }) => name === "double");
      assertEquals(double?.execution, era === "legacy" ? { taskSupport: "required" } : undefined);
    },
  );

  testIfThere(missing, `the Inspector (${era}) polls a task to its end by itself`, async () => {
    const methods: string[] = [];
    await using server = startFixture({
      authenticate: async (request) => {
        const { method } = request.method === "POST" ? await request.clone().json() : { method: "" };
        methods.push(method);
        // It goes on only once it was seen at work.
        if (method === "tasks/get") server.open("a");
        return { subject: "ada" };
      },
      inlineMs: 10,
    });
    const run = await call(server, era, era === "legacy" ? "gated_task" : "gated", "key=a");
    assertEquals([run.code, textsOf(run)], [0, ["through a"]], run.stderr);
    assertEquals(methods.includes("tasks/get"), true, methods.join());
  });

  testIfThere(missing, `the Inspector (${era}) runs a task that ends at once`, async () => {
    await using server = startFixture();
    const run = await call(server, era, "double", "number=21");
    assertEquals([run.code, textsOf(run)], [0, ["42"]], run.stderr);
  });

  testIfThere(
    missing,
    `the Inspector (${era}) is told why a tool failed, and nothing that it should not know`,
    async () => {
      await using server = startFixture();
      const failed = await call(server, era, "tool_error");
      assertStringIncludes(failed.stdout + failed.stderr, "No paper in the printer");
      const refused = await call(server, era, "protocol_error");
      assertStringIncludes(refused.stdout + refused.stderr, "Not these parameters");
      const crashed = await call(server, era, "crash");
      for (const { code } of [failed, refused, crashed]) assertFalse(code === 0);
      assertMatch(crashed.stdout + crashed.stderr, /correlation id/);
      assertFalse(/hunter2/.test(crashed.stdout + crashed.stderr));
    },
  );

  testIfThere(missing, `the Inspector (${era}) is told what it lacks to answer a question`, async () => {
    await using server = startFixture();
    const { code, stdout, stderr } = await call(server, era, "ask_now");
    assertFalse(code === 0);
    assertMatch(stdout + stderr, era === "legacy" ? /elicitation/ : /Missing required client capability/);
  });
}

testIfThere(missing, "the Inspector takes the newer revision if it may choose", async () => {
  const versions = new Set<string | null>();
  await using server = startFixture({
    authenticate: (request) => {
      versions.add(request.headers.get("mcp-protocol-version"));
      return { subject: "ada" };
    },
  });
  const run = await call(server, "auto", "double", "number=4");
  assertEquals([run.code, textsOf(run), [...versions]], [0, ["8"], ["2026-07-28"]], run.stderr);
});
