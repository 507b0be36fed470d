import { assertEquals, assertStringIncludes } from "@std/assert";
import type { JsonObject } from "../../src/protocol/mod.ts";
import {
  declaresTasks,
  headerMismatch,
  missingCapability,
  parseRequestMeta,
  TASKS_CAPABILITY,
  unsupportedVersion,
} from "../../src/protocol/v2026_07_28/mod.ts";
import { testIfThere } from "../support/not_run.ts";
import { verifies } from "../support/requirements.ts";
import { assertValid2026, missingJsonSchemas } from "../support/official_schemas.ts";
import { assertRefuses, assertRequires, assertSafe, MARKER, replaced, thrownBy } from "./hostile.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const INFO = "io.modelcontextprotocol/clientInfo";
const LEVEL = "io.modelcontextprotocol/logLevel";
const TASKS = "io.modelcontextprotocol/tasks";
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const PARAMS: JsonObject = {
  _meta: {
    [VERSION]: "2026-07-28",
    [CAPABILITIES]: { extensions: { [TASKS]: {} } },
    [INFO]: { name: "client", version: "1", websiteUrl: "https://example.com" },
    [LEVEL]: "info",
    progressToken: "p",
    traceparent: TRACE,
    tracestate: "a=b",
    baggage: "c=d",
    "com.example/other": [1],
  },
};
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

Deno.test("parseRequestMeta() reads what a request says about itself", () => {
  assertEquals(parseRequestMeta(PARAMS), {
    protocolVersion: "2026-07-28",
    clientCapabilities: { extensions: { [TASKS]: {} } },
    clientInfo: { name: "client", version: "1" },
    logLevel: "info",
    progressToken: "p",
    traceparent: TRACE,
    tracestate: "a=b",
    baggage: "c=d",
  });
});

verifies("T26-128", "parseRequestMeta() does not ask for the client's name", () => {
  assertEquals(parseRequestMeta({ _meta: { [VERSION]: "x", [CAPABILITIES]: {} } }), {
    protocolVersion: "x",
    clientCapabilities: {},
  });
});

verifies(
  "T26-127",
  "parseRequestMeta() refuses a request without version or capabilities with HTTP 400",
  () => {
    for (const path of [["_meta"], ["_meta", VERSION], ["_meta", CAPABILITIES]]) {
      assertRequires(parseRequestMeta, PARAMS, path);
      assertEquals(thrownBy(parseRequestMeta, replaced(PARAMS, path, undefined)).httpStatus, 400);
      assertEquals(thrownBy(parseRequestMeta, replaced(PARAMS, path, 5)).httpStatus, 400);
    }
    assertEquals(thrownBy(parseRequestMeta, undefined).message, 'Invalid params: "_meta" is missing');
    assertRefuses(parseRequestMeta, PARAMS, ["_meta"]);
    assertRefuses(parseRequestMeta, PARAMS, ["_meta", VERSION], (value) => value === MARKER);
    assertRefuses(parseRequestMeta, PARAMS, ["_meta", CAPABILITIES], isObject);
    for (const name of ["elicitation", "sampling", "roots", "extensions", "experimental"]) {
      assertRefuses(parseRequestMeta, PARAMS, ["_meta", CAPABILITIES, name], isObject);
    }
  },
);

verifies("T26-268", "parseRequestMeta() refuses an unknown log level", () => {
  assertRefuses(parseRequestMeta, PARAMS, ["_meta", LEVEL]);
  assertEquals(thrownBy(parseRequestMeta, replaced(PARAMS, ["_meta", LEVEL], "loud")).httpStatus, undefined);
});

Deno.test("parseRequestMeta() names what else is at fault", () => {
  assertRefuses(parseRequestMeta, PARAMS, ["_meta", INFO]);
  assertRefuses(
    parseRequestMeta,
    PARAMS,
    ["_meta", "progressToken"],
    (value) => value === MARKER || value === "" || Number.isSafeInteger(value),
  );
});

Deno.test("parseRequestMeta() leaves out a malformed trace context", () => {
  const wrong = [
    5,
    "",
    "00-" + "0".repeat(32) + "-00f067aa0ba902b7-01",
    TRACE.toUpperCase(),
    `ff${TRACE.slice(2)}`,
    `${TRACE}\n`,
  ];
  for (const traceparent of wrong) {
    const meta = parseRequestMeta(replaced(PARAMS, ["_meta", "traceparent"], traceparent));
    assertEquals([meta.traceparent, meta.tracestate, meta.baggage], [undefined, undefined, "c=d"]);
  }
  for (const baggage of ["", "a\r\nb", {}, "é", "x".repeat(8193)]) {
    assertEquals(parseRequestMeta(replaced(PARAMS, ["_meta", "baggage"], baggage)).baggage, undefined);
  }
});

verifies("T26-015", "declaresTasks() asks for the extension and nothing else", () => {
  assertEquals(declaresTasks({ extensions: { [TASKS]: {} } }), true);
  assertEquals(declaresTasks(TASKS_CAPABILITY), true);
  const others: JsonObject[] = [
    {},
    { tasks: { requests: { tools: { call: {} } } } },
    { extensions: {} },
    { extensions: { [TASKS]: null } },
    { extensions: { [TASKS]: true } },
    { extensions: JSON.parse(`{"__proto__":{"${TASKS}":{}}}`) },
    JSON.parse(`{"__proto__":{"extensions":{"${TASKS}":{}}}}`),
  ];
  for (const capabilities of others) assertEquals(declaresTasks(capabilities), false);
});

Deno.test("the errors of this revision have their numbers, data and HTTP status", () => {
  assertEquals(headerMismatch("Mcp-Method is missing").toJsonRpc(), {
    code: -32020,
    message: "Header mismatch: Mcp-Method is missing",
  });
  assertEquals(missingCapability(TASKS_CAPABILITY).toJsonRpc(), {
    code: -32021,
    message: "Missing required client capability",
    data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
  });
  assertEquals(unsupportedVersion(["2026-07-28"], "1900-01-01").toJsonRpc(), {
    code: -32022,
    message: "Unsupported protocol version",
    data: { supported: ["2026-07-28"], requested: "1900-01-01" },
  });
  for (const error of [headerMismatch("x"), missingCapability({}), unsupportedVersion([], "")]) {
    assertEquals(error.httpStatus, 400);
  }
});

Deno.test("unsupportedVersion() repeats at most 64 well-formed characters", () => {
  const error = unsupportedVersion([], "\ud800".repeat(1000));
  assertSafe(error);
  assertStringIncludes(JSON.stringify(error.data), `"requested":"${"\ufffd".repeat(64)}"`);
});

testIfThere(missingJsonSchemas, "the errors of this revision are valid by its schema", () => {
  const errors = {
    HeaderMismatchError: headerMismatch("x"),
    MissingRequiredClientCapabilityError: missingCapability(TASKS_CAPABILITY),
    UnsupportedProtocolVersionError: unsupportedVersion(["2026-07-28"], "1900-01-01"),
  };
  for (const [definition, error] of Object.entries(errors)) {
    assertValid2026(definition, { jsonrpc: "2.0", id: 1, error: error.toJsonRpc() });
  }
});
