import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type JsonObject, ProtocolError } from "../../src/protocol/mod.ts";
import {
  parseCallToolParams,
  parseCancelledNotification,
  parseCancelTaskParams,
  parseComplete,
  parseInitializeParams,
  parseListParams,
  parseProgressNotification,
  parsePromptsGet,
  parseReadResource,
  parseSetLevel,
  parseSubscribe,
  parseTaskIdParams,
} from "../../src/protocol/v2025_11_25/mod.ts";
import { verifies } from "../support/requirements.ts";
import { assertRefuses, assertRequires, HOSTILE, MARKER, type Parse, thrownBy } from "./hostile.ts";

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const isShortText = (value: unknown) => value === MARKER || value === "";
const INITIALIZE: JsonObject = {
  protocolVersion: "2025-11-25",
  capabilities: { elicitation: {}, sampling: { tools: {} } },
  clientInfo: { name: "client", version: "1.0.0", title: "Client" },
};
const CALL: JsonObject = {
  name: "report",
  arguments: { year: 2024 },
  task: { ttl: 60_000 },
  _meta: {
    progressToken: 7,
    "io.perdure/idempotencyKey": "once",
    "io.perdure/taskId": "task-1",
    other: [1],
  },
  unknown: true,
};

Deno.test("parseInitializeParams() reads version, capabilities and name", () => {
  assertEquals(parseInitializeParams({ ...INITIALIZE, extra: 1 }), {
    protocolVersion: "2025-11-25",
    capabilities: { elicitation: {}, sampling: { tools: {} } },
    clientInfo: { name: "client", version: "1.0.0", title: "Client" },
  });
});

Deno.test("parseInitializeParams() names the field at fault", () => {
  for (const field of ["protocolVersion", "capabilities", "clientInfo"]) {
    assertRequires(parseInitializeParams, INITIALIZE, [field]);
  }
  assertRefuses(parseInitializeParams, INITIALIZE, ["protocolVersion"], (value) => value === MARKER);
  assertRefuses(parseInitializeParams, INITIALIZE, ["capabilities"], isObject);
  for (const name of ["roots", "sampling", "elicitation", "tasks", "experimental"]) {
    assertRefuses(parseInitializeParams, INITIALIZE, ["capabilities", name], isObject);
  }
  assertRefuses(parseInitializeParams, INITIALIZE, ["clientInfo"]);
  for (const name of ["name", "version", "title"]) {
    assertRefuses(parseInitializeParams, INITIALIZE, ["clientInfo", name], isShortText);
  }
});

Deno.test("parseCallToolParams() reads what it knows and lets the rest pass", () => {
  assertEquals(parseCallToolParams(CALL), {
    name: "report",
    arguments: { year: 2024 },
    task: { ttl: 60_000 },
    progressToken: 7,
    idempotencyKey: "once",
    continuesTaskId: "task-1",
  });
  assertEquals(parseCallToolParams({ name: "a" }), { name: "a" });
  assertEquals(parseCallToolParams({ name: "a", _meta: {} }), { name: "a" });
  assertEquals(parseCallToolParams({ name: "a", _meta: { _task_id: "old" } }).continuesTaskId, "old");
});

Deno.test("parseCallToolParams() names the field at fault", () => {
  assertRequires(parseCallToolParams, CALL, ["name"]);
  assertRefuses(parseCallToolParams, CALL, ["name"], (value) => value === MARKER);
  assertRefuses(parseCallToolParams, CALL, ["arguments"], isObject);
  assertRefuses(parseCallToolParams, CALL, ["task"], isObject);
  assertRefuses(parseCallToolParams, CALL, ["_meta"], isObject);
  for (const key of ["io.perdure/idempotencyKey", "io.perdure/taskId", "_task_id"]) {
    assertRefuses(parseCallToolParams, CALL, ["_meta", key], (value) => value === MARKER);
  }
});

verifies("T25-017", "parseCallToolParams() takes an empty task object as the wish for a task", () => {
  assertEquals(parseCallToolParams({ name: "a", task: {} }), { name: "a", task: {} });
  assertEquals(parseCallToolParams({ name: "a", task: { ttl: 0, pollInterval: 5 } }).task, { ttl: 0 });
});

Deno.test("parseCallToolParams() refuses a time to live that is no count of milliseconds", () => {
  assertRefuses(parseCallToolParams, CALL, ["task", "ttl"], (value) => value === 0);
  for (const ttl of [-1, 0.5, 2 ** 53, 1e308, Infinity, NaN, "1000", null]) {
    const { message } = thrownBy(parseCallToolParams, { name: "a", task: { ttl } });
    assertEquals(
      message,
      'Invalid params: "task.ttl" must be a non-negative integer of milliseconds, at most 9007199254740991',
    );
  }
  assertEquals(parseCallToolParams({ name: "a", task: { ttl: 2 ** 53 - 1 } }).task?.ttl, 2 ** 53 - 1);
});

verifies("T25-239", "parseCallToolParams() takes strings and integers as progress tokens", () => {
  for (const progressToken of ["", "a", "x".repeat(256), 0, -3, 2 ** 53 - 1]) {
    assertEquals(parseCallToolParams({ name: "a", _meta: { progressToken } }).progressToken, progressToken);
  }
  const isToken = (value: unknown) => value === MARKER || value === "" || Number.isSafeInteger(value);
  assertRefuses(parseCallToolParams, CALL, ["_meta", "progressToken"], isToken);
});

Deno.test("parseCallToolParams() keeps __proto__ in arguments as data", () => {
  const params = JSON.parse('{"name":"a","arguments":{"__proto__":{"polluted":1}},"__proto__":{"name":"b"}}');
  const parsed = parseCallToolParams(params);
  assertEquals(Object.keys(parsed.arguments ?? {}), ["__proto__"]);
  assertEquals(parsed.name, "a");
  assertEquals(({} as { polluted?: unknown }).polluted, undefined);
  assertEquals(
    thrownBy(parseCallToolParams, JSON.parse('{"__proto__":{"name":"b"}}')).message.includes('"name"'),
    true,
  );
});

Deno.test("parseTaskIdParams() takes 1 to 128 visible ASCII characters", () => {
  for (const taskId of ["a", "!~", "x".repeat(128), "a:b/c"]) {
    assertEquals(parseTaskIdParams({ taskId }), { taskId });
  }
  assertRequires(parseTaskIdParams, { taskId: "a" }, ["taskId"]);
  assertRefuses(parseTaskIdParams, { taskId: "a" }, ["taskId"], (value) => value === MARKER);
  for (const taskId of ["x".repeat(129), "a b", "a\n", "é", "\ud800", "a\0"]) {
    thrownBy(parseTaskIdParams, { taskId });
  }
});

Deno.test("parseCancelTaskParams() reads a result of any kind, null being none", () => {
  assertEquals(parseCancelTaskParams({ taskId: "a" }), { taskId: "a" });
  assertEquals(parseCancelTaskParams({ taskId: "a", result: null }), { taskId: "a" });
  for (const result of [0, false, "", [], { a: 1 }]) {
    assertEquals(parseCancelTaskParams({ taskId: "a", result }), { taskId: "a", result });
  }
});

Deno.test("parseListParams() takes an empty cursor for a cursor", () => {
  assertEquals(parseListParams(undefined), {});
  assertEquals(parseListParams({ cursor: "" }), { cursor: "" });
  assertEquals(parseListParams({ cursor: "x".repeat(2048) }).cursor?.length, 2048);
  assertRefuses(parseListParams, { cursor: "a" }, ["cursor"], isShortText);
});

Deno.test("parsePromptsGet() reads arguments into an object without prototype", () => {
  const parsed = parsePromptsGet(
    JSON.parse('{"name":"p","arguments":{"a":"b","__proto__":"c","constructor":"d"}}'),
  );
  assertEquals(Object.entries(parsed.arguments ?? {}), [["a", "b"], ["__proto__", "c"], [
    "constructor",
    "d",
  ]]);
  assertEquals(parsePromptsGet({ name: "p", arguments: {} }).arguments?.toString, undefined);
  assertEquals(parsePromptsGet({ name: "p" }), { name: "p" });
  assertEquals(parsePromptsGet({ name: "p", _meta: { "io.perdure/taskId": "task-1" } }), {
    name: "p",
    continuesTaskId: "task-1",
  });
  assertRequires(parsePromptsGet, { name: "p" }, ["name"]);
  assertRefuses(parsePromptsGet, { name: "p" }, ["name"], (value) => value === MARKER);
  assertRefuses(
    parsePromptsGet,
    { name: "p" },
    ["arguments"],
    (value) => isObject(value) && Object.values(value as object).every((item) => typeof item === "string"),
  );
});

Deno.test("parseReadResource() and parseSubscribe() take a URI", () => {
  for (const parse of [parseReadResource, parseSubscribe]) {
    assertEquals(parse({ uri: "file:///a" }), { uri: "file:///a" });
    assertRequires(parse, { uri: "a" }, ["uri"]);
    assertRefuses(parse, { uri: "a" }, ["uri"], (value) => value === MARKER);
  }
});

verifies("T25-232", "parseSetLevel() refuses an unknown level", () => {
  for (const level of ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]) {
    assertEquals(parseSetLevel({ level }), { level });
  }
  assertRequires(parseSetLevel, { level: "info" }, ["level"]);
  assertRefuses(parseSetLevel, { level: "info" }, ["level"]);
});

Deno.test("parseComplete() reads both kinds of references", () => {
  const argument = { name: "a", value: "" };
  assertEquals(parseComplete({ ref: { type: "ref/prompt", name: "p", title: "x" }, argument }), {
    ref: { type: "ref/prompt", name: "p" },
    argument,
  });
  const resource = { ref: { type: "ref/resource" as const, uri: "file:///{x}" }, argument };
  const context = { arguments: { b: "c" } };
  assertEquals(parseComplete({ ...resource, context }), { ...resource, context: { b: "c" } });
});

Deno.test("parseComplete() names the field at fault", () => {
  const params: JsonObject = {
    ref: { type: "ref/prompt", name: "p" },
    argument: { name: "a", value: "b" },
    context: { arguments: { c: "d" } },
  };
  const isText = (value: unknown) => value === MARKER;
  for (const path of [["ref"], ["argument"]]) assertRequires(parseComplete, params, path);
  assertRefuses(parseComplete, params, ["ref"]);
  assertRefuses(parseComplete, params, ["ref", "type"]);
  assertRefuses(parseComplete, params, ["ref", "name"], isText);
  assertRefuses(parseComplete, params, ["argument"]);
  assertRefuses(parseComplete, params, ["argument", "name"], isText);
  assertRefuses(parseComplete, params, ["argument", "value"], (value) => typeof value === "string");
  assertRefuses(parseComplete, params, ["context"], isObject);
});

verifies("T25-247", "parseCancelledNotification() passes over what is malformed", () => {
  assertEquals(parseCancelledNotification({ requestId: 1, reason: "late" }), {
    requestId: 1,
    reason: "late",
  });
  assertEquals(parseCancelledNotification({ requestId: "a" }), { requestId: "a" });
  assertEquals(
    parseCancelledNotification({ requestId: 1, reason: MARKER.repeat(1024) })?.reason?.length,
    1024,
  );
  assertEquals(parseCancelledNotification(undefined), undefined);
  assertEquals(parseCancelledNotification({ reason: "no id" }), undefined);
  for (const requestId of [null, 1.5, [], {}, true]) {
    assertEquals(parseCancelledNotification({ requestId }), undefined);
  }
  assertEquals(parseCancelledNotification({ requestId: 1, reason: 5 }), undefined);
});

Deno.test("parseProgressNotification() passes over what is malformed", () => {
  const progress = { progressToken: "t", progress: 0.5, total: 1, message: "half" };
  assertEquals(parseProgressNotification(progress), progress);
  assertEquals(parseProgressNotification({ ...progress, message: MARKER.repeat(1024) })?.message, undefined);
  for (const wrong of [{ progress: "1" }, { progress: Infinity }, { total: NaN }, { progressToken: null }]) {
    assertEquals(parseProgressNotification({ ...progress, ...wrong }), undefined);
  }
});

Deno.test("no guard throws anything but -32602, whatever it is given", () => {
  const guards: readonly Parse[] = [
    parseInitializeParams,
    parseCallToolParams,
    parseTaskIdParams,
    parseCancelTaskParams,
    parseListParams,
    parsePromptsGet,
    parseReadResource,
    parseSetLevel,
    parseComplete,
    parseCancelledNotification,
    parseProgressNotification,
  ];
  const known = fc.constantFrom("name", "arguments", "task", "_meta", "taskId", "ref", "capabilities", "uri");
  const params = fc.dictionary(fc.oneof(known, fc.string()), fc.jsonValue({ maxDepth: 4 }));
  fc.assert(
    fc.property(params, fc.constantFrom(...guards), (params, guard) => {
      try {
        guard(JSON.parse(JSON.stringify(params)));
      } catch (error) {
        if (!(error instanceof ProtocolError) || error.code !== -32602) throw error;
      }
    }),
    { numRuns: 2000 },
  );
  for (const guard of guards) {
    for (const value of HOSTILE.filter(isObject)) {
      try {
        guard(value as JsonObject);
      } catch (error) {
        if (!(error instanceof ProtocolError) || error.code !== -32602) throw error;
      }
    }
  }
});
