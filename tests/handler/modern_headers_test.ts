import { assertEquals } from "@std/assert";
import type { MirroredParam } from "../../src/server/exchange.ts";
import { verifies } from "../support/requirements.ts";
import { assertRefused, type Body, createTestHandler, type HeaderChanges, modern } from "./requests.ts";

const MIRRORED: readonly MirroredParam[] = [
  { path: ["region"], header: "Region" },
  { path: ["page", "size"], header: "Size" },
  { path: ["dry"], header: "Dry" },
];

function createHandler() {
  return createTestHandler({ mirrored: MIRRORED });
}

async function accepts(method: string, params: Body, headers: HeaderChanges): Promise<boolean> {
  const { fetch, dispatcher } = createHandler();
  const response = await fetch(modern(method, params, headers));
  if (response.status === 200) return dispatcher.calls.length === 1;
  const header = Object.keys(headers)[0] ?? "";
  const { error } = await response.clone().json();
  await assertRefused(response, { status: 400, code: -32020, names: '"', id: 7 });
  assertEquals(error.message.toLowerCase().includes(`"${header}"`), true, error.message);
  assertEquals(dispatcher.calls, []);
  return false;
}

verifies(
  ["T26-162", "T26-163", "T26-164"],
  "Mcp-Method must be there and equal the method to the letter",
  async () => {
    const check = (value: string | undefined) => accepts("tools/list", {}, { "mcp-method": value });
    assertEquals(await check("tools/list"), true);
    assertEquals(await check("  tools/list\t"), true);
    for (
      const value of [undefined, "", "prompts/list", "TOOLS/LIST", "tools/list x", "tools/list, tools/call"]
    ) {
      assertEquals(await check(value), false, value);
    }
  },
);

verifies("T26-164", "header names may be spelled in any case", async () => {
  const { fetch } = createHandler();
  for (const name of ["Mcp-Method", "mcp-method", "MCP-METHOD"]) {
    const response = await fetch(modern("tools/list", {}, { "mcp-method": undefined, [name]: "tools/list" }));
    assertEquals(response.status, 200);
  }
});

for (
  const [method, params] of [
    ["tools/call", { name: "report" }],
    ["prompts/get", { name: "report" }],
    ["resources/read", { uri: "report" }],
    ["tasks/get", { taskId: "report" }],
    ["tasks/update", { taskId: "report" }],
    ["tasks/cancel", { taskId: "report" }],
  ] as const
) {
  verifies(["T26-105", "T26-162", "T26-163"], `Mcp-Name is checked on ${method}`, async () => {
    const check = (value: string | undefined) => accepts(method, params, { "mcp-name": value });
    assertEquals(await check("report"), true);
    assertEquals(await check("  report  "), true);
    assertEquals(await check("=?base64?cmVwb3J0?="), true);
    for (const value of [undefined, "", "Report", "other", "report x", "=?BASE64?cmVwb3J0?="]) {
      assertEquals(await check(value), false, value);
    }
  });
}

Deno.test("createFetchHandler() looks for no Mcp-Name where the method has none", async () => {
  const { fetch } = createHandler();
  assertEquals((await fetch(modern("tools/list", {}, { "mcp-name": "whatever" }))).status, 200);
});

Deno.test("createFetchHandler() counts a header sent twice with the same value once", async () => {
  const twice = (value: string) => ({ "mcp-name": `${value}, ${value}` });
  assertEquals(await accepts("tasks/get", { taskId: "id" }, twice("id")), true);
  assertEquals(await accepts("tools/call", { name: "a, b" }, { "mcp-name": "a, b" }), true);
  assertEquals(await accepts("tools/call", { name: "a, b" }, twice("a, b")), true);
  assertEquals(await accepts("tools/call", { name: "x, x" }, { "mcp-name": "x, x" }), true);
  assertEquals(await accepts("tools/call", { name: "é" }, twice("=?base64?w6k=?=")), true);
  const { fetch } = createHandler();
  const all = modern("tools/list", {}, {
    "mcp-protocol-version": "2026-07-28, 2026-07-28",
    "mcp-method": "tools/list, tools/list, tools/list",
  });
  assertEquals((await fetch(all)).status, 200);
});

Deno.test("createFetchHandler() refuses a header sent twice with different values", async () => {
  assertEquals(await accepts("tasks/get", { taskId: "id" }, { "mcp-name": "id, other" }), false);
  assertEquals(await accepts("tasks/get", { taskId: "id" }, { "mcp-name": "other, id" }), false);
  assertEquals(await accepts("tasks/get", { taskId: "id" }, { "mcp-name": "id, id, other" }), false);
  assertEquals(await accepts("tools/call", { name: "a, b" }, { "mcp-name": "a, b, a, b, a" }), false);
});

Deno.test("createFetchHandler() leaves a body without a name to the check of its parameters", async () => {
  assertEquals(await accepts("tools/call", {}, { "mcp-name": undefined }), true);
  assertEquals(await accepts("tools/call", { name: 7 }, { "mcp-name": undefined }), false);
  assertEquals(await accepts("tools/call", {}, { "mcp-name": "report" }), false);
});

verifies(
  ["T26-163", "T26-167"],
  "characters that a header may not have are refused, even if they match",
  async () => {
    for (const text of ["é", "r\u00e9gion", "\u007f", "a\u0080b"]) {
      assertEquals(await accepts("tools/call", { name: text }, { "mcp-name": text }), false);
      const params = { name: "mirror", arguments: { region: text } };
      assertEquals(await accepts("tools/call", params, { "mcp-param-region": text }), false);
    }
  },
);

for (
  const [what, value, header, isAccepted] of [
    ["the text itself", "test-value", "test-value", true],
    ["nothing", "test-value", undefined, false],
    ["another text", "test-value", "Test-Value", false],
    ["Base64", "Hello", "=?base64?SGVsbG8=?=", true],
    ["Base64 of text beyond ASCII", "Zürich 東京", "=?base64?WsO8cmljaCDmnbHkuqw=?=", true],
    ["Base64 of nothing", "", "=?base64??=", true],
    ["Base64 without its padding", "Hello", "=?base64?SGVsbG8?=", false],
    ["Base64 with foreign characters", "Hello", "=?base64?SGVs!!!bG8=?=", false],
    ["Base64 with a space", "Hello", "=?base64?SGVs bG8=?=", false],
    ["Base64 with stray bits", "Hello", "=?base64?SGVsbG9=?=", false],
    ["the URL alphabet", "~~~", "=?base64?fn5-?=", false],
    ["the standard alphabet", "~~~", "=?base64?fn5+?=", true],
    ["Base64 of no UTF-8", "\ufffd", "=?base64?gA==?=", false],
    ["Base64 of another text", "Hello", "=?base64?V29ybGQ=?=", false],
    ["no markers", "SGVsbG8=", "SGVsbG8=", true],
    ["no suffix", "=?base64?SGVsbG8=", "=?base64?SGVsbG8=", true],
    ["no prefix", "SGVsbG8=?=", "SGVsbG8=?=", true],
    ["half of both markers", "=?base64?=", "=?base64?=", true],
    ["a marker in capitals", "=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?=", true],
    ["a body that looks encoded, as it is", "=?base64?SGVsbG8=?=", "=?base64?SGVsbG8=?=", false],
    [
      "a body that looks encoded, encoded",
      "=?base64?SGVsbG8=?=",
      "=?base64?PT9iYXNlNjQ/U0dWc2JHOD0/PQ==?=",
      true,
    ],
    ["leading spaces, encoded", " a", "=?base64?IGE=?=", true],
    ["leading spaces, bare", " a", " a", false],
  ] as const
) {
  verifies(
    ["T26-165", "T26-166", "T26-168"],
    `Mcp-Param-* with ${what} is ${isAccepted ? "taken" : "refused"}`,
    async () => {
      const params = { name: "mirror", arguments: { region: value } };
      assertEquals(await accepts("tools/call", params, { "mcp-param-region": header }), isAccepted);
    },
  );
}

verifies("T26-169", "an argument that is absent or null needs no header", async () => {
  const check = (args: unknown, value?: string) =>
    accepts("tools/call", { name: "mirror", arguments: args }, { "mcp-param-region": value });
  assertEquals(await check({}), true);
  assertEquals(await check({ region: null }), true);
  assertEquals(await check(undefined), true);
  assertEquals(await check({}, "eu"), false);
  assertEquals(await check({ region: null }, "null"), false);
  assertEquals(await check([], "eu"), false);
  assertEquals(await check({ region: {} }, "[object Object]"), false);
});

verifies("T26-170", "numbers compare by value, booleans by word", async () => {
  const size = (value: number, header: string) =>
    accepts("tools/call", { name: "mirror", arguments: { page: { size: value } } }, {
      "mcp-param-size": header,
    });
  for (const header of ["42", "42.0", "4.2e1", "42, 42"]) assertEquals(await size(42, header), true, header);
  for (const header of ["43", "0x2a", "", "4 2", "42px", "NaN"]) {
    assertEquals(await size(42, header), false, header);
  }
  assertEquals(await size(-1, "-1"), true);
  const dry = (value: boolean, header: string) =>
    accepts("tools/call", { name: "mirror", arguments: { dry: value } }, { "mcp-param-dry": header });
  assertEquals([await dry(true, "true"), await dry(false, "false")], [true, true]);
  assertEquals([await dry(true, "True"), await dry(true, "1"), await dry(false, "")], [false, false, false]);
});

Deno.test("createFetchHandler() finds no mirrored argument on a prototype", async () => {
  for (const path of [["toString"], ["__proto__", "toString"], ["constructor", "name"]]) {
    const { fetch } = createTestHandler({ mirrored: [{ path, header: "Name" }] });
    assertEquals((await fetch(modern("tools/call", { name: "mirror", arguments: {} }))).status, 200);
  }
});
