import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  isRequestId,
  type JsonRpcMessage,
  type JsonValue,
  parseMessage,
  ProtocolError,
  toFailure,
  toResult,
} from "../../src/protocol/mod.ts";
import { assertValid2025, assertValid2026 } from "../support/official_schemas.ts";
import { verifies } from "../support/requirements.ts";
import { assertSafe, HOSTILE, MARKER } from "./hostile.ts";

const id = fc.oneof(fc.string({ maxLength: 40 }), fc.maxSafeInteger());
const object = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
const method = fc.string({ minLength: 1, maxLength: 40 });
const error = fc.record({
  code: fc.maxSafeInteger(),
  message: fc.string(),
  data: fc.jsonValue({ maxDepth: 2 }),
}, { requiredKeys: ["code", "message"] });
const message: fc.Arbitrary<object> = fc.oneof(
  fc.record({ jsonrpc: fc.constant("2.0"), id, method, params: object }, {
    requiredKeys: ["jsonrpc", "id", "method"],
  }),
  fc.record({ jsonrpc: fc.constant("2.0"), method, params: object }, { requiredKeys: ["jsonrpc", "method"] }),
  fc.record({ jsonrpc: fc.constant("2.0"), id, result: object }),
  fc.record({ jsonrpc: fc.constant("2.0"), id, error }, { requiredKeys: ["jsonrpc", "error"] }),
);

/** As it comes off the wire: own members, `__proto__` included. */
function sent(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value));
}

function fault(value: JsonValue): ProtocolError {
  const error = assertThrows(() => parseMessage(value), ProtocolError);
  assertEquals(error.code, -32600);
  assertSafe(error);
  return error;
}

Deno.test("parseMessage() gives back what was encoded", () => {
  fc.assert(fc.property(message, (value) => {
    const { message } = parseMessage(sent(value));
    assertEquals(sortedJson(message), sortedJson(value));
  }));
});

Deno.test("parseMessage() tells requests, notifications and responses apart", () => {
  const cases: [JsonValue, string][] = [
    [{ jsonrpc: "2.0", id: 0, method: "ping" }, "request"],
    [{ jsonrpc: "2.0", id: "", method: "ping", params: {} }, "request"],
    [{ jsonrpc: "2.0", method: "ping" }, "notification"],
    [{ jsonrpc: "2.0", id: 1, result: {} }, "response"],
    [{ jsonrpc: "2.0", id: 1, error: { code: 1, message: "" } }, "response"],
    [{ jsonrpc: "2.0", error: { code: 1, message: "" } }, "response"],
  ];
  for (const [value, type] of cases) assertEquals(parseMessage(value).type, type);
});

Deno.test("parseMessage() on anything throws nothing but ProtocolError", () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    try {
      parseMessage(value as JsonValue);
    } catch (error) {
      assertInstanceOf(error, ProtocolError);
      assertEquals(error.code, -32600);
    }
  }));
  fc.assert(fc.property(message, fc.string(), fc.jsonValue(), (base, key, value) => {
    try {
      parseMessage(sent({ ...base, [key]: value }));
    } catch (error) {
      assertInstanceOf(error, ProtocolError);
    }
  }));
});

verifies("T25-132", "parseMessage() refuses batches", () => {
  assertStringIncludes(fault([{ jsonrpc: "2.0", id: 1, method: "ping" }]).message, "batches");
  assertStringIncludes(fault([]).message, "batches");
});

verifies(
  ["T25-119", "T25-120", "T26-107"],
  "parseMessage() takes strings and safe integers as ids, never null",
  () => {
    const bad: JsonValue[] = [null, true, 1.5, 1e308, 2 ** 53, [], {}, "\ud800", MARKER.repeat(1024)];
    for (const id of bad) {
      const error = fault({ jsonrpc: "2.0", id, method: "ping" });
      assertStringIncludes(error.message, '"id"');
      assertEquals(error.requestId, undefined);
      assert(!isRequestId(id));
    }
    for (const id of [0, -1, 2 ** 53 - 1, "", "a:b/c", "é", "x".repeat(1024)]) assert(isRequestId(id));
  },
);

Deno.test("parseMessage() names the field at fault and keeps a readable id", () => {
  const cases: [JsonValue, string][] = [
    [{ id: 7, method: "ping" }, '"jsonrpc"'],
    [{ jsonrpc: "1.0", id: 7, method: "ping" }, '"jsonrpc"'],
    [{ jsonrpc: "2.0", id: 7 }, '"method"'],
    [{ jsonrpc: "2.0", id: 7, method: 1 }, '"method"'],
    [{ jsonrpc: "2.0", id: 7, method: "" }, '"method"'],
    [{ jsonrpc: "2.0", id: 7, method: MARKER.repeat(1024) }, '"method"'],
    [{ jsonrpc: "2.0", id: 7, method: "\ud800" }, '"method"'],
    [{ jsonrpc: "2.0", id: 7, method: "ping", params: [] }, '"params"'],
    [{ jsonrpc: "2.0", id: 7, method: "ping", params: null }, '"params"'],
    [{ jsonrpc: "2.0", id: 7, result: {}, error: { code: 1, message: "" } }, '"result"'],
    [{ jsonrpc: "2.0", id: 7, result: 1 }, '"result"'],
    [{ jsonrpc: "2.0", id: 7, error: null }, '"error"'],
    [{ jsonrpc: "2.0", id: 7, error: { code: 1.5, message: "" } }, '"error.code"'],
    [{ jsonrpc: "2.0", id: 7, error: { code: 1e308, message: "" } }, '"error.code"'],
    [{ jsonrpc: "2.0", id: 7, error: { code: 1 } }, '"error.message"'],
  ];
  for (const [value, field] of cases) {
    const error = fault(value);
    assertStringIncludes(error.message, field);
    assertEquals(error.requestId, 7);
  }
  assertStringIncludes(fault({ jsonrpc: "2.0", result: {} }).message, '"id" is missing');
  for (const value of HOSTILE) fault(value);
});

Deno.test("parseMessage() reads own members only and leaves __proto__ alone", () => {
  fault(JSON.parse('{"__proto__":{"jsonrpc":"2.0","id":1,"method":"ping"}}'));
  const { message } = parseMessage(
    JSON.parse('{"jsonrpc":"2.0","method":"x","params":{"__proto__":{"polluted":1}}}'),
  );
  assertEquals((message as { params: object }).params, JSON.parse('{"__proto__":{"polluted":1}}'));
  assert(!("polluted" in {}));
});

verifies(
  ["T25-122", "T25-123", "T25-124"],
  "toResult() and toFailure() build valid responses with the same id",
  () => {
    const responses: JsonRpcMessage[] = [
      toResult("a", { ok: true }),
      toFailure(1, { code: -32600, message: "no" }),
      toFailure(undefined, { code: -32700, message: "no", data: null }),
    ];
    for (const response of responses) {
      assertValid2025("JSONRPCMessage", response);
      assertValid2026("JSONRPCResponse", {
        ...response,
        ..."result" in response && { result: { resultType: "complete" } },
      });
    }
    assertEquals(responses, [
      { jsonrpc: "2.0", id: "a", result: { ok: true } },
      { jsonrpc: "2.0", id: 1, error: { code: -32600, message: "no" } },
      { jsonrpc: "2.0", error: { code: -32700, message: "no", data: null } },
    ]);
  },
);

function sortedJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1)
        : inner,
  );
}
