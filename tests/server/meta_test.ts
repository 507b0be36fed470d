import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { isMetaKey } from "../../src/protocol/meta_key.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";
import type { Json } from "../support/wire_judge.ts";

const ada = user("ada");

function withTools(): TestServer {
  const parts = createTestServer();
  const { server } = parts;
  server.registerTool("echo", { inputSchema: z.object({ text: z.string() }) }, ({ text }) => text);
  server.registerTool(
    "job",
    { task: { support: "optional", inlineMs: 0, publicVariables: ["com.example/seen"] } },
    async (_args, ctx) => {
      await ctx.variables.set("com.example/seen", "all");
      return "done";
    },
  );
  server.registerPrompt("hello", {}, () => "Hello");
  server.registerResource("page", "test://page", {}, () => "text");
  return parts;
}

/** What nobody may rely on: reserved keys that no revision defines, and defined ones where they do not belong. */
const STRANGE: readonly Json[] = [
  { "io.modelcontextprotocol/unheard-of": 7, "com.mcp/x": [null], "dev.mcp.tools/y": { deep: { er: true } } },
  { "modelcontextprotocol.io/z": "text", "tools.mcp.com/": null, "mcp/none": false, "no prefix at all!": 1 },
  { "io.modelcontextprotocol/related-task": "no task", "io.modelcontextprotocol/subscriptionId": {} },
  { "io.modelcontextprotocol/serverInfo": 0, "io.modelcontextprotocol/model-immediate-response": [] },
  JSON.parse('{ "__proto__": { "polluted": true }, "constructor": 1, "toString": null }'),
];

const REQUESTS: readonly (readonly [string, Json])[] = [
  ["tools/list", {}],
  ["tools/call", { name: "echo", arguments: { text: "hi" } }],
  ["prompts/get", { name: "hello" }],
  ["resources/read", { uri: "test://page" }],
];

verifies("T25-128", "what is under reserved keys of _meta changes nothing, whatever it is", async () => {
  const { legacy, modern } = withTools();
  const session = await legacy(ada);
  for (const [method, params] of REQUESTS) {
    const plain = [
      (await session.request(method, params)).result,
      (await modern(ada).request(method, params)).result,
    ];
    for (const meta of STRANGE) {
      const old = await session.request(method, { ...params, _meta: meta });
      const { "no prefix at all!": _, ...known } = meta;
      const recent = await modern(ada).request(method, params, { meta: known });
      assertEquals([old.result, recent.result], plain, JSON.stringify(meta));
    }
  }
});

verifies("T25-129", "isMetaKey() takes what the revisions take", () => {
  const good = [
    "a",
    "progressToken",
    "a/b",
    "com.example/x_y.z-1",
    "a-b.c/d",
    "A1.b2/C3",
    "traceparent",
    "1",
  ];
  assertEquals(good.filter((key) => !isMetaKey(key)), []);
  const bad = [
    "",
    "a b",
    "-a",
    "a-",
    ".a",
    "_a",
    "a/",
    "/a",
    "a/b/c",
    "1a/b",
    "a-/b",
    "-a/b",
    "a..b/c",
    "é",
    "a\n",
  ];
  assertEquals(bad.filter(isMetaKey), []);
});

verifies("T25-129", "keys that the author adds to _meta are held to their syntax", async () => {
  const { server, legacy, modern } = withTools();
  const _meta = { "not a key": 1 };
  const refusals = [
    () => server.registerTool("a", { _meta }, () => "x"),
    () =>
      server.registerTool("a", { task: { support: "optional", publicVariables: ["a", "b c"] } }, () => "x"),
    () => server.registerPrompt("a", { _meta }, () => "x"),
    () => server.registerResource("a", "test://a", { _meta }, () => "x"),
    () => server.registerResource("a", "test://a/{b}", { _meta }, () => "x"),
  ];
  for (const refused of refusals) assertThrows(refused, TypeError, 'cannot be a key of "_meta"');
  // The clients of these tests judge every _meta that they are sent.
  const session = await legacy(ada);
  const taskId = await session.createTask("job");
  for (const client of [session, modern(ada)]) {
    const { result } = await client.request("tasks/get", { taskId });
    assertEquals((result._meta as Json)["com.example/seen"], "all");
  }
});

verifies("T26-140", "a client's trace context passes unread, and none is made up", async () => {
  const { modern, legacy } = withTools();
  const traces: readonly Json[] = [
    {
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "vendor=value",
      baggage: "user=ada",
    },
    { traceparent: "nonsense", tracestate: "", baggage: "\u0000" },
    { traceparent: 7, tracestate: null, baggage: [] },
  ];
  const session = await legacy(ada);
  for (const meta of traces) {
    const answers = [
      await modern(ada).request("tools/call", { name: "echo", arguments: { text: "hi" } }, { meta }),
      await modern(ada).request("tools/call", { name: "job" }, { meta }),
      await session.request("tools/call", { name: "echo", arguments: { text: "hi" }, _meta: meta }),
    ];
    for (const { result } of answers) {
      const keys = Object.keys(result._meta ?? {});
      assertEquals(keys.filter((key) => ["traceparent", "tracestate", "baggage"].includes(key)), []);
    }
  }
});
