import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { z } from "zod";
import { ProtocolError, type ResourceResult } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const ADA = user("ada");

interface WithResources extends TestServer {
  /** What the handlers were asked for. */
  readonly reads: Json[];
}

function withResources(options?: TestServerOptions): WithResources {
  const parts = createTestServer(options);
  const reads: Json[] = [];
  const { server } = parts;
  server.registerResource("motd", "test://motd", {
    title: "Message",
    description: "Of the day",
    mimeType: "text/markdown",
    size: 5,
    annotations: { priority: 1 },
    cacheScope: "public",
    cacheTtlMs: 5000,
  }, () => "hello");
  server.registerResource(
    "bytes",
    "test://bytes",
    { mimeType: "image/png" },
    () => Uint8Array.of(0, 255, 128),
  );
  server.registerResource("row", "test://rows/{id}", { mimeType: "text/plain" }, (uri, { id }) => {
    reads.push({ uri, id });
    return id === "gone" ? undefined : `row ${id}`;
  });
  server.registerResource("file", "file:///srv/{+path}", {}, (uri, { path }) => {
    reads.push({ uri, path });
    return path;
  });
  return { ...parts, reads };
}

/** The same request in both revisions. */
async function inBoth(parts: TestServer, method: string, params: Json = {}) {
  const legacy = await (await parts.legacy(ADA)).request(method, params);
  const modern = await parts.modern(ADA).request(method, params);
  return { legacy, modern };
}

verifies(
  ["T26-214", "T26-218", "T25-236", "T26-249"],
  "resources and templates are listed apart, in pages",
  async () => {
    const parts = withResources({ pageSize: 1 });
    const { legacy, modern } = await inBoth(parts, "resources/list");
    const motd = {
      uri: "test://motd",
      name: "motd",
      title: "Message",
      description: "Of the day",
      mimeType: "text/markdown",
      size: 5,
      annotations: { priority: 1 },
    };
    assertEquals([legacy.result.resources, modern.result.resources], [[motd], [motd]]);
    const { nextCursor } = modern.result;
    const rest = await parts.modern(user("eve")).request("resources/list", { cursor: nextCursor });
    assertEquals((rest.result.resources as Json[]).map(({ name }) => name), ["bytes"]);
    for (const { result } of [modern, rest]) {
      assertEquals([result.ttlMs, result.cacheScope], [60_000, "public"]);
    }
    const foreign = await parts.modern(ADA).request("resources/templates/list", { cursor: nextCursor });
    assertEquals(foreign.error.code, -32602, "a cursor belongs to one list");
    const templates = await inBoth(parts, "resources/templates/list");
    const row = { uriTemplate: "test://rows/{id}", name: "row", mimeType: "text/plain" };
    assertEquals([templates.legacy.result.resourceTemplates, templates.modern.result.resourceTemplates], [[
      row,
    ], [row]]);
  },
);

verifies(
  ["T26-214", "T26-216", "T26-217", "T26-220", "T25-223"],
  "a read gives texts and bytes, and how long they keep",
  async () => {
    const parts = withResources();
    const expected: Record<string, [Json, Json]> = {
      "test://motd": [{ mimeType: "text/markdown", text: "hello" }, { ttlMs: 5000, cacheScope: "public" }],
      "test://bytes": [{ mimeType: "image/png", blob: "AP+A" }, { ttlMs: 0, cacheScope: "private" }],
      "test://rows/a%2Fb": [{ mimeType: "text/plain", text: "row a/b" }, { ttlMs: 0, cacheScope: "private" }],
    };
    for (const [uri, [contents, caching]] of Object.entries(expected)) {
      const { legacy, modern } = await inBoth(parts, "resources/read", { uri });
      assertEquals(legacy.result, { contents: [{ uri, ...contents }] });
      const { _meta: _, ...result } = modern.result;
      assertEquals(result, { resultType: "complete", contents: [{ uri, ...contents }], ...caching });
    }
  },
);

verifies(["T25-223", "T26-254"], "large and odd bytes arrive as they were", async () => {
  const parts = createTestServer();
  const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => (i * 7) % 256);
  parts.server.registerResource("b", "test://b", {}, () => bytes);
  const { result } = await parts.modern(ADA).request("resources/read", { uri: "test://b" });
  const [{ blob, mimeType }] = result.contents as [{ blob: string; mimeType: string }];
  assertEquals(mimeType, "application/octet-stream");
  assertEquals(Uint8Array.from(atob(blob), (char) => char.charCodeAt(0)), bytes);
});

verifies(
  ["T25-220", "T26-251", "T26-252"],
  "an unknown resource is -32002 or -32602, names its URI, and is never empty",
  async () => {
    const parts = withResources();
    for (const uri of ["test://nobody", "test://motd/", "TEST://motd", "test://rows/gone", "test://rows/"]) {
      const { legacy, modern } = await inBoth(parts, "resources/read", { uri });
      assertEquals([legacy.error.code, legacy.error.data], [-32002, { uri }], uri);
      assertEquals([modern.error.code, modern.error.data], [-32602, { uri }], uri);
    }
  },
);

verifies(
  ["T25-223", "T26-254", "T25-215"],
  "no handler hears of a URI that is none, or that climbs out of its directory",
  async () => {
    const parts = withResources();
    const hostile = [
      "file:///srv/../etc/passwd",
      "file:///srv/a/../../etc/passwd",
      "file:///srv/%2e%2e/%2e%2e/etc/passwd",
      "file:///srv/..%2f..%2fetc%2fpasswd",
      "file:///srv/..%5c..%5cwindows",
      "file:///srv/a%00.png",
      "file:///srv/%",
      "file:///srv/%c0%ae%c0%ae/x",
      "file:///srv/a b",
      "file:///srv/é",
      "test://rows/%2e%2e",
      "test://rows/..",
      "test://rows/%zz",
      "../etc/passwd",
      "__proto__",
      "javascript:",
    ];
    for (const uri of hostile) {
      const { legacy, modern } = await inBoth(parts, "resources/read", { uri });
      assertEquals([legacy.error.code, modern.error.code], [-32002, -32602], uri);
    }
    assertEquals(parts.reads, []);
    for (const uri of [undefined, null, 7, "", ["test://motd"], "t://" + "a".repeat(8200), "\ud800"]) {
      const { error } = await (await parts.legacy(ADA)).request("resources/read", { uri });
      assertEquals(error.code, -32602, String(uri));
    }
    await inBoth(parts, "resources/read", { uri: "file:///srv/a%20b/%252e%252e/..c" });
    assertEquals(parts.reads[0]?.path, "a b/%2e%2e/..c");
  },
);

Deno.test("a fixed URI goes before templates, and templates in their order", async () => {
  const parts = createTestServer();
  const { server } = parts;
  server.registerResource("wide", "test://a/{+rest}", {}, () => "wide");
  server.registerResource("narrow", "test://a/{id}", {}, () => "narrow");
  server.registerResource("fixed", "test://a/1", {}, () => "fixed");
  const read = async (uri: string) =>
    ((await parts.modern(ADA).request("resources/read", { uri })).result.contents as Json[])[0]?.text;
  assertEquals([await read("test://a/1"), await read("test://a/2")], ["fixed", "wide"]);
});

verifies(
  ["T26-250", "T26-215", "T26-189"],
  "a resource asks by input_required, without caching hints",
  async () => {
    const parts = createTestServer({ secrets: ["s".repeat(32)] });
    parts.server.registerResource("secret", "test://secret", {}, async (_uri, _variables, ctx) => {
      const answer = await ctx.elicit("ok", { message: "Show it?", schema: z.object({ yes: z.boolean() }) });
      return answer.action === "accept" && answer.content.yes ? "shown" : undefined;
    });
    const client = parts.modern(ADA);
    const capabilities = { elicitation: {} };
    const uri = "test://secret";
    const first = await client.request("resources/read", { uri }, { capabilities });
    assertEquals([first.result.resultType, first.result.ttlMs, first.result.cacheScope], [
      "input_required",
      undefined,
      undefined,
    ]);
    const answer = (yes: boolean) => ({
      uri,
      requestState: first.result.requestState,
      inputResponses: { ok: { action: "accept", content: { yes } } },
    });
    const shown = await client.request("resources/read", answer(true), { capabilities });
    assertEquals(shown.result.contents, [{ uri, mimeType: "text/plain", text: "shown" }]);
    assertEquals(
      (await client.request("resources/read", answer(false), { capabilities })).error.code,
      -32602,
    );
    const stolen = await parts.modern(user("eve")).request("resources/read", answer(true), { capabilities });
    assertEquals(stolen.error.code, -32602);

    const session = await parts.legacy(ADA, {
      capabilities,
      onRequest: () => ({ result: { action: "accept", content: { yes: true } } }),
    });
    assertEquals((await session.request("resources/read", { uri })).result.contents, shown.result.contents);
  },
);

verifies(
  ["T26-252", "T26-253", "T25-220", "T25-223"],
  "malformed contents and faults never leave",
  async () => {
    const parts = createTestServer();
    let given: unknown;
    parts.server.registerResource("any", "test://any", { mimeType: "text/x" }, () => {
      if (given instanceof Error) throw given;
      return given as ResourceResult;
    });
    const read = (value: unknown) => {
      given = value;
      return inBoth(parts, "resources/read", { uri: "test://any" });
    };
    const good = await read({
      contents: [{ uri: "test://part", text: "a" }, { uri: "test://any", blob: "" }],
    });
    assertEquals(good.modern.result.contents, [
      { uri: "test://part", text: "a", mimeType: "text/x" },
      { uri: "test://any", blob: "", mimeType: "text/x" },
    ]);
    const bad = [
      null,
      7,
      {},
      { contents: [] },
      { contents: {} },
      { contents: ["a"] },
      { contents: [{ text: "a" }] },
      { contents: [{ uri: "no uri", text: "a" }] },
      { contents: [{ uri: "t://a" }] },
      { contents: [{ uri: "t://a", text: "a", blob: "AAAA" }] },
      { contents: [{ uri: "t://a", text: 7 }] },
      { contents: [{ uri: "t://a", blob: "?" }] },
      { contents: [{ uri: "t://a", text: "", mimeType: "nonsense" }] },
      new Error("/srv/secret is not readable"),
    ];
    for (const value of bad) {
      const { legacy, modern } = await read(value);
      for (const { error } of [legacy, modern]) {
        assertEquals(error.code, -32603, JSON.stringify(value));
        assertMatch(error.message, /^The resource failed unexpectedly \(correlation id [\w-]+\)$/);
      }
    }
    const { legacy, modern } = await read(new ProtocolError(-32602, "Not yours", { reason: "access" }));
    assertEquals([legacy.error.message, modern.error.data], ["Not yours", { reason: "access" }]);
  },
);

verifies(["T26-221", "T25-224"], "a resource knows who reads it", async () => {
  const parts = createTestServer();
  parts.server.registerResource(
    "mine",
    "test://mine",
    { cacheScope: "public" },
    (_uri, _variables, { auth }) => auth?.subject === "ada" ? "for ada" : undefined,
  );
  const read = (subject: string) =>
    parts.modern(user(subject)).request("resources/read", { uri: "test://mine" });
  assertEquals((await read("ada")).error, undefined);
  assertEquals((await read("eve")).error.code, -32602);
});

verifies(["T25-222", "T26-216"], "a resource that cannot be served is refused", () => {
  const { server } = withResources();
  const faults: readonly [string, string, Parameters<typeof server.registerResource>[2], string][] = [
    ["", "t://x", {}, "its name is empty"],
    ["x", "test://motd", {}, "is taken"],
    ["x", "test://rows/{id}", {}, "is taken"],
    ["x", "relative/path", {}, "not an absolute URI"],
    ["x", "t://a b", {}, "not an absolute URI"],
    ["x", "t://{?q}", {}, "only {name} and {+name}"],
    ["x", "t://{id}", { complete: { other: () => [] } }, 'completes "other"'],
    ["x", "t://x", { complete: { id: () => [] } }, 'completes "id"'],
  ];
  for (const [name, uri, config, reason] of faults) {
    assertThrows(() => server.registerResource(name, uri, config, () => ""), TypeError, reason);
  }
  for (const cacheTtlMs of [-1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => server.registerResource("x", "t://x", { cacheTtlMs }, () => ""),
      RangeError,
      "cacheTtlMs",
    );
  }
});
