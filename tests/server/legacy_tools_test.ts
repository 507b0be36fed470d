import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { ProtocolError, ToolError } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

function withTools(): TestServer {
  const parts = createTestServer();
  const { server } = parts;
  const inputSchema = z.object({ year: z.number().int() });
  server.registerTool("plain", { description: "Plain.", inputSchema }, (args) => `year ${args.year}`);
  server.registerTool(
    "optional",
    { inputSchema, task: { support: "optional" } },
    (args) => `year ${args.year}`,
  );
  server.registerTool("required", { task: { support: "required" } }, () => "done");
  server.registerTool("external", { task: { support: "optional" } });
  server.registerTool("shaped", { outputSchema: z.object({ n: z.number() }) }, () => ({ n: 1 }));
  server.registerTool("misshaped", { outputSchema: z.object({ n: z.number() }) }, () => ({ n: "one" }));
  server.registerTool("tool-error", {}, () => {
    throw new ToolError("no such year");
  });
  server.registerTool("protocol-error", {}, () => {
    throw new ProtocolError(-32015, "elsewhere", { at: 1 });
  });
  server.registerTool("defect", {}, () => {
    throw new Error("secret detail");
  });
  return parts;
}

verifies("T25-198", "tools/list shows schemas and how each tool takes tasks", async () => {
  const client = await (await withTools()).legacy(user("ada"));
  const { result } = await client.request("tools/list");
  const tools = result.tools as Record<string, Record<string, unknown>>[];
  const support = tools.map(({ name, execution }) => [String(name), execution?.taskSupport]);
  assertEquals(Object.fromEntries(support), {
    "plain": undefined,
    "optional": "optional",
    "required": "required",
    "external": "optional",
    "shaped": undefined,
    "misshaped": undefined,
    "tool-error": undefined,
    "protocol-error": undefined,
    "defect": undefined,
  });
  for (const { inputSchema } of tools) assertEquals(inputSchema?.type, "object");
  assertEquals(tools[2]?.inputSchema, { type: "object", additionalProperties: false });
});

verifies("T26-218", "tools/list goes on page by page, in the order of registration", async () => {
  const { server, legacy, modern } = createTestServer({ pageSize: 2 });
  const names = ["e", "a", "d", "b", "c"];
  for (const name of names) server.registerTool(name, {}, () => "");
  const clients = [await legacy(user("ada")), modern(user("ada"))];
  for (const client of clients) {
    const seen: unknown[] = [];
    const scopes = new Set<unknown>();
    let cursor: unknown;
    do {
      const { result } = await client.request("tools/list", cursor === undefined ? {} : { cursor });
      const page = result.tools as { name: string }[];
      assertEquals(page.length <= 2, true);
      seen.push(...page.map(({ name }) => name));
      scopes.add(result.cacheScope);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    assertEquals(seen, names);
    assertEquals(scopes.size, 1);
  }
});

Deno.test("a plain call answers what the tool returned, and stores nothing", async () => {
  const { legacy, unchanged } = withTools();
  const client = await legacy(user("ada"));
  const { result } = await unchanged(() => client.call("plain", { year: 2020 }));
  assertEquals(result, { content: [{ type: "text", text: "year 2020" }] });
  await unchanged(() => client.call("optional", { year: 2020 }));
});

verifies("T25-203", "a structured value is checked against the outputSchema", async () => {
  const { legacy, events } = withTools();
  const client = await legacy(user("ada"));
  assertEquals((await client.call("shaped")).result, {
    content: [{ type: "text", text: '{"n":1}' }],
    structuredContent: { n: 1 },
  });
  const { result } = await client.call("misshaped");
  assertEquals([result.isError, result.structuredContent], [true, undefined]);
  assertEquals(events.map(({ type }) => type), ["tool_threw"]);
});

verifies("T25-208", "arguments that do not fit are told to the model by name", async () => {
  const { legacy, unchanged } = withTools();
  const client = await legacy(user("ada"));
  for (const args of [{}, { year: "x" }, { year: 1.5 }, JSON.parse('{"__proto__":{"year":1}}')]) {
    const { result } = await unchanged(() => client.call("plain", args));
    assertEquals(result.isError, true);
    assertMatch(JSON.stringify(result), /year/);
    const { error } = await unchanged(() => client.call("optional", args, { task: {} }));
    assertEquals(error.code, -32602);
    assertMatch(error.message, /year/);
  }
  const { result } = await client.call("tool-error", { unexpected: 1 });
  assertEquals(result, {
    content: [{
      type: "text",
      text: 'Invalid arguments for tool "tool-error": the tool takes no arguments',
    }],
    isError: true,
  });
});

Deno.test("an unknown tool is -32602 in both revisions, whatever its name", async () => {
  const { legacy, modern, unchanged } = withTools();
  const client = await legacy(user("ada"));
  for (const name of ["nobody", "__proto__", "constructor", "toString", "../plain", "PLAIN"]) {
    for (const call of [() => client.call(name), () => client.call(name, {}, { task: {} })]) {
      assertEquals((await unchanged(call)).error.code, -32602, name);
    }
    assertEquals((await unchanged(() => modern(user("ada")).call(name))).error.code, -32602, name);
  }
});

verifies("T25-016", "calls that a tool does not take are -32601, and store nothing", async () => {
  const { legacy, unchanged } = withTools();
  const client = await legacy(user("ada"));
  for (
    const call of [
      () => client.call("required"),
      () => client.call("external"),
      () => client.call("plain", { year: 1 }, { task: {} }),
    ]
  ) {
    const { status, error } = await unchanged(call);
    assertEquals([status, error.code], [200, -32601]);
  }
});

Deno.test("what a tool throws is the call's outcome in both revisions", async () => {
  const { legacy, modern, events } = withTools();
  for (const client of [await legacy(user("ada")), modern(user("ada"))]) {
    const failed = await client.call("tool-error");
    assertEquals([failed.result.isError, failed.result.content], [true, [{
      type: "text",
      text: "no such year",
    }]]);
    assertEquals((await client.call("protocol-error")).error, {
      code: -32015,
      message: "elsewhere",
      data: { at: 1 },
    });
    const { result } = await client.call("defect");
    assertMatch(JSON.stringify(result), /"The tool failed unexpectedly \(correlation id \S+\)"/);
    assertEquals(JSON.stringify(result).includes("secret"), false);
    assertEquals(String(events.at(-1)?.error), "Error: secret detail");
  }
});

verifies("T25-104", "a store that is away is -32603 with a reason, in both revisions", async () => {
  const { legacy, modern, backend } = withTools();
  const client = await legacy(user("ada"));
  backend.beforePut = () => {
    throw new Error("disk on fire");
  };
  for (
    const { error } of [
      await client.call("required", undefined, { task: {} }),
      await modern(user("ada")).call("required"),
    ]
  ) {
    assertEquals(error.code, -32603);
    assertEquals(error.message.includes("fire"), false);
  }
});
