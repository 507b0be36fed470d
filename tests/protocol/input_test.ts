import { assertEquals } from "@std/assert";
import {
  declares,
  type InputRequest,
  type JsonObject,
  type JsonValue,
  parseInputResponse,
  requiredCapability,
  toInputCapabilities,
} from "../../src/protocol/mod.ts";
import { assertValid2025, assertValid2026, assertValidTasksExt } from "../support/official_schemas.ts";
import { verifies } from "../support/requirements.ts";
import { assertRefuses, assertRequires, assertSafe, HOSTILE, MARKER, thrownBy } from "./hostile.ts";

const FORM: InputRequest = {
  method: "elicitation/create",
  params: {
    message: "Publish?",
    requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
  },
};
const PAGE: InputRequest = {
  method: "elicitation/create",
  params: { mode: "url", message: "Sign in", url: "https://example.com/sign-in" },
};
const SAMPLE: InputRequest = {
  method: "sampling/createMessage",
  params: { maxTokens: 100, messages: [{ role: "user", content: { type: "text", text: "Hello" } }] },
};
const SAMPLE_WITH_TOOLS: InputRequest = {
  method: "sampling/createMessage",
  params: {
    maxTokens: 100,
    messages: [],
    tools: [{ name: "t", inputSchema: { type: "object" } }],
    toolChoice: { mode: "auto" },
  },
};
const SAMPLE_WITH_CONTEXT: InputRequest = {
  method: "sampling/createMessage",
  params: { maxTokens: 100, messages: [], includeContext: "thisServer" },
};
const ROOTS: InputRequest = { method: "roots/list" };
const ALL = [FORM, PAGE, SAMPLE, SAMPLE_WITH_TOOLS, SAMPLE_WITH_CONTEXT, ROOTS];
const MESSAGE: JsonObject = {
  role: "assistant",
  model: "m",
  content: { type: "text", text: "Hi" },
  stopReason: "endTurn",
};
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

verifies("T26-068", "input requests are valid in both revisions", () => {
  for (const request of ALL) {
    assertValid2026("InputRequest", request);
    assertValidTasksExt("InputRequests", { key: request });
  }
  assertValid2025("ElicitRequest", { jsonrpc: "2.0", id: 1, ...FORM });
  assertValid2025("CreateMessageRequest", { jsonrpc: "2.0", id: 1, ...SAMPLE_WITH_TOOLS });
  assertValid2025("ListRootsRequest", { jsonrpc: "2.0", id: 1, ...ROOTS });
});

Deno.test("parseInputResponse() reads each kind and leaves out what it does not know", () => {
  assertEquals(parseInputResponse(FORM, { action: "accept", content: { ok: true }, _meta: {}, x: 1 }), {
    action: "accept",
    content: { ok: true },
  });
  const values = { a: "x", b: 1.5, c: false, d: ["y"] };
  assertEquals(parseInputResponse(FORM, { action: "accept", content: values }), {
    action: "accept",
    content: values,
  });
  assertEquals(parseInputResponse(SAMPLE, { ...MESSAGE, _meta: {} }), MESSAGE);
  assertEquals(parseInputResponse(ROOTS, { roots: [{ uri: "file:///a", name: "A" }], x: 1 }), {
    roots: [{ uri: "file:///a", name: "A" }],
  });
});

Deno.test("parseInputResponse() keeps content only of accepted forms", () => {
  const content = { ok: true };
  for (const action of ["decline", "cancel"] as const) {
    assertEquals(parseInputResponse(FORM, { action, content }), { action });
  }
  assertEquals(parseInputResponse(PAGE, { action: "accept", content }), { action: "accept" });
  assertEquals(parseInputResponse(FORM, { action: "accept", content: null }), { action: "accept" });
  assertEquals(parseInputResponse(FORM, { action: "accept" }), { action: "accept" });
});

Deno.test("parseInputResponse() decodes by the kind asked for, never by what came", () => {
  assertEquals(thrownBy((value) => parseInputResponse(SAMPLE, value), { action: "accept" }).code, -32602);
  assertEquals(thrownBy((value) => parseInputResponse(FORM, value), MESSAGE).code, -32602);
  assertEquals(thrownBy((value) => parseInputResponse(ROOTS, value), { action: "accept" }).code, -32602);
});

verifies("T26-080", "parseInputResponse() names the field at fault", () => {
  const form = (value: JsonObject | undefined) => parseInputResponse(FORM, value);
  assertRequires(form, { action: "accept" }, ["action"]);
  assertRefuses(form, { action: "accept" }, ["action"]);
  const isContent = (value: JsonValue) =>
    value === null || isObject(value) && Object.values(value).every((item) => typeof item === "string");
  assertRefuses(form, { action: "accept" }, ["content"], isContent);
  const sample = (value: JsonObject | undefined) => parseInputResponse(SAMPLE, value);
  for (const field of ["role", "model", "content"]) assertRequires(sample, MESSAGE, [field]);
  assertRefuses(sample, MESSAGE, ["role"]);
  for (const field of ["model", "stopReason"]) {
    assertRefuses(sample, MESSAGE, [field], (value) => value === "" || value === MARKER);
  }
  assertRefuses(sample, MESSAGE, ["content"], (value) => Array.isArray(value) && value.length === 0);
  const roots = (value: JsonObject | undefined) => parseInputResponse(ROOTS, value);
  assertRequires(roots, { roots: [] }, ["roots"]);
  assertRefuses(roots, { roots: [] }, ["roots"], (value) => Array.isArray(value) && value.length === 0);
  for (const value of HOSTILE.filter((value) => !isObject(value))) {
    assertSafe(thrownBy((value) => parseInputResponse(FORM, value), value as JsonObject));
  }
});

Deno.test("parseInputResponse() takes every kind of sampling content, alone or in a list", () => {
  const blocks: JsonObject[] = [
    { type: "text", text: "" },
    { type: "image", data: "aGk=", mimeType: "image/png" },
    { type: "audio", data: "aGk=", mimeType: "audio/wav" },
    { type: "tool_use", id: "1", name: "t", input: {} },
    { type: "tool_result", toolUseId: "1", content: [] },
  ];
  for (const content of [...blocks, blocks]) parseInputResponse(SAMPLE, { ...MESSAGE, content });
  const wrong: JsonValue[] = [
    { type: "text" },
    { type: "image", data: "aGk=" },
    { type: "audio", mimeType: "audio/wav" },
    { type: "tool_use", id: "1", name: "t", input: [] },
    { type: "tool_result", toolUseId: "1" },
    { type: "video", data: "" },
    [{ type: "text", text: 1 }],
  ];
  for (const content of wrong) {
    thrownBy((value) => parseInputResponse(SAMPLE, value), { ...MESSAGE, content });
  }
});

verifies("T25-276", "parseInputResponse() takes file: roots only", () => {
  for (
    const root of [
      { uri: "https://example.com" },
      { uri: "" },
      { uri: 1 },
      { uri: "file:///a", name: 1 },
      null,
    ]
  ) {
    thrownBy((value) => parseInputResponse(ROOTS, value), { roots: [root] });
  }
});

Deno.test("parseInputResponse() keeps __proto__ in a form as data", () => {
  const { content } = parseInputResponse(
    FORM,
    JSON.parse('{"action":"accept","content":{"__proto__":"x"}}'),
  ) as {
    content: JsonObject;
  };
  assertEquals(Object.entries(content), [["__proto__", "x"]]);
  assertEquals(content["toString"], undefined);
});

verifies(["T25-252", "T26-270"], "declares() takes an empty elicitation capability for forms only", () => {
  const cases: [JsonObject, boolean, boolean][] = [
    [{}, false, false],
    [{ elicitation: {} }, true, false],
    [{ elicitation: { form: {} } }, true, false],
    [{ elicitation: { url: {} } }, false, true],
    [{ elicitation: { form: {}, url: {} } }, true, true],
    [{ elicitation: { url: true } }, true, false],
    [{ elicitation: null }, false, false],
    [JSON.parse('{"__proto__":{"elicitation":{}}}'), false, false],
  ];
  for (const [capabilities, form, page] of cases) {
    assertEquals([declares(capabilities, FORM), declares(capabilities, PAGE)], [form, page]);
  }
});

verifies(
  ["T25-268", "T26-279", "T25-269"],
  "declares() asks for sampling.tools and sampling.context where they are used",
  () => {
    const cases: [JsonObject, boolean, boolean, boolean][] = [
      [{}, false, false, false],
      [{ sampling: {} }, true, false, false],
      [{ sampling: { tools: {} } }, true, true, false],
      [{ sampling: { context: {} } }, true, false, true],
      [{ sampling: { tools: true, context: null } }, true, false, false],
    ];
    for (const [capabilities, ...expected] of cases) {
      const found = [SAMPLE, SAMPLE_WITH_TOOLS, SAMPLE_WITH_CONTEXT].map((request) =>
        declares(capabilities, request)
      );
      assertEquals(found, expected);
    }
  },
);

Deno.test("declares() asks for roots", () => {
  assertEquals([declares({}, ROOTS), declares({ roots: { listChanged: true } }, ROOTS)], [false, true]);
});

Deno.test("requiredCapability() is a valid capability object that declares what it names", () => {
  for (const request of ALL) {
    assertValid2026("ClientCapabilities", requiredCapability(request));
    assertEquals(declares(requiredCapability(request), request), true);
  }
  assertEquals(requiredCapability(FORM), { elicitation: { form: {} } });
  assertEquals(requiredCapability(PAGE), { elicitation: { url: {} } });
  assertEquals(requiredCapability(SAMPLE), { sampling: {} });
  assertEquals(requiredCapability(SAMPLE_WITH_TOOLS), { sampling: { tools: {} } });
  assertEquals(requiredCapability(SAMPLE_WITH_CONTEXT), { sampling: { context: {} } });
  assertEquals(requiredCapability(ROOTS), { roots: {} });
});

Deno.test("toInputCapabilities() keeps what decides and nothing else", () => {
  const large = { blob: MARKER.repeat(1024) };
  const capabilities = {
    elicitation: { ...large, url: large },
    sampling: { ...large, tools: large },
    roots: large,
    experimental: large,
    extensions: { [MARKER]: large },
  };
  const kept = toInputCapabilities(capabilities);
  assertEquals(kept, { elicitation: { url: {} }, sampling: { tools: {} }, roots: {} });
  for (const request of ALL) assertEquals(declares(kept, request), declares(capabilities, request));
  assertEquals(toInputCapabilities({ elicitation: {} }), { elicitation: { form: {} } });
  assertEquals(toInputCapabilities({}), {});
});
