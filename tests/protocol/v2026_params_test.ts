import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type JsonObject, type JsonValue, ProtocolError } from "../../src/protocol/mod.ts";
import {
  parseCallToolParams,
  parseListenParams,
  parsePromptsGet,
  parseReadResource,
  parseRequestMeta,
  parseUpdateTaskParams,
} from "../../src/protocol/v2026_07_28/mod.ts";
import { verifies } from "../support/requirements.ts";
import {
  assertRefuses,
  assertRequires,
  assertSafe,
  MARKER,
  nested,
  type Parse,
  thrownBy,
} from "./hostile.ts";

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const CALL: JsonObject = {
  name: "report",
  arguments: { year: 2024 },
  inputResponses: { confirm: { action: "accept" } },
  requestState: "opaque",
  task: { ttl: "not looked at" },
  _meta: { "io.perdure/idempotencyKey": "once", progressToken: "p" },
};
const UPDATE = { taskId: "a", inputResponses: { confirm: { action: "decline" } } };
const LISTEN: JsonObject = { notifications: { toolsListChanged: true, taskIds: ["a", "b"], future: {} } };

verifies("T26-017", "parseCallToolParams() pays no attention to a task member", () => {
  assertEquals(parseCallToolParams(CALL), {
    name: "report",
    arguments: { year: 2024 },
    inputResponses: { confirm: { action: "accept" } },
    requestState: "opaque",
    progressToken: "p",
    idempotencyKey: "once",
  });
  assertEquals(parseCallToolParams({ name: "a", task: 5 }), { name: "a" });
});

Deno.test("parseCallToolParams() names the field at fault", () => {
  assertRequires(parseCallToolParams, CALL, ["name"]);
  assertRefuses(parseCallToolParams, CALL, ["name"], (value) => value === MARKER);
  assertRefuses(parseCallToolParams, CALL, ["arguments"], isObject);
  assertRefuses(parseCallToolParams, CALL, ["requestState"], isState);
  assertRefuses(parseCallToolParams, CALL, ["inputResponses"], isObject);
  thrownBy(parseCallToolParams, { name: "a", requestState: "x".repeat(65_537) });
});

Deno.test("parsePromptsGet() and parseReadResource() take answers and state too", () => {
  const retry = { inputResponses: { a: { action: "cancel" } }, requestState: "s" };
  assertEquals(parsePromptsGet({ name: "p", arguments: { a: "b" }, ...retry }), {
    name: "p",
    arguments: { a: "b" },
    ...retry,
  });
  assertEquals(parseReadResource({ uri: "file:///a", ...retry }), { uri: "file:///a", ...retry });
  for (const parse of [parsePromptsGet, parseReadResource]) {
    const params = { name: "p", uri: "u", ...retry };
    assertRefuses(parse, params, ["requestState"], isState);
    assertRefuses(parse, params, ["inputResponses"], isObject);
  }
});

verifies("T26-069", "parseUpdateTaskParams() needs a task id and answers", () => {
  assertEquals(parseUpdateTaskParams(UPDATE), UPDATE);
  assertRequires(parseUpdateTaskParams, UPDATE, ["taskId"]);
  assertRequires(parseUpdateTaskParams, UPDATE, ["inputResponses"]);
  assertRefuses(parseUpdateTaskParams, UPDATE, ["taskId"], (value) => value === MARKER);
  assertRefuses(parseUpdateTaskParams, UPDATE, ["inputResponses"], isObject);
});

Deno.test("parseUpdateTaskParams() takes exactly 64 answers", () => {
  const answers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, {}]));
  assertEquals(
    Object.keys(parseUpdateTaskParams({ taskId: "a", inputResponses: answers(64) }).inputResponses).length,
    64,
  );
  assertEquals(faultOfAnswers(answers(65)), 'Invalid params: "inputResponses" must have at most 64 members');
});

Deno.test("parseUpdateTaskParams() takes exactly 64 KiB of JSON an answer, counted in UTF-8", () => {
  const text = (bytes: number, unit: string, width: number) => unit.repeat((bytes - 2) / width);
  for (const [unit, width] of [["a", 1], ["é", 2], ["😀", 4]] as const) {
    const fits = text(65_536 - (65_534 % width), unit, width);
    parseUpdateTaskParams({ taskId: "a", inputResponses: { k: fits } });
    assertEquals(
      faultOfAnswers({ k: fits + unit }),
      'Invalid params: "inputResponses" must have at most 65536 bytes in each member',
    );
  }
});

Deno.test("parseUpdateTaskParams() takes exactly 256 KiB in all", () => {
  const full = "a".repeat(65_534);
  const four = { a: full, b: full, c: full, d: full };
  parseUpdateTaskParams({ taskId: "a", inputResponses: four });
  assertEquals(
    faultOfAnswers({ ...four, e: 1 }),
    'Invalid params: "inputResponses" must have at most 262144 bytes in all',
  );
});

Deno.test("parseUpdateTaskParams() takes exactly 32 levels an answer", () => {
  parseUpdateTaskParams({ taskId: "a", inputResponses: { k: nested(32) } });
  for (const depth of [33, 10_000]) {
    assertEquals(
      faultOfAnswers({ k: nested(depth) }),
      'Invalid params: "inputResponses" must nest at most 32 levels deep in each member',
    );
  }
});

Deno.test("parseUpdateTaskParams() never repeats a key", () => {
  for (const key of [MARKER.repeat(40), `${MARKER}\ud800`, ""]) {
    assertEquals(
      faultOfAnswers({ [key]: {} }),
      'Invalid params: "inputResponses" must have keys of well-formed text of 1 to 256 characters',
    );
  }
});

Deno.test("parseUpdateTaskParams() keeps __proto__ and constructor as keys", () => {
  const { inputResponses } = parseUpdateTaskParams(
    JSON.parse('{"taskId":"a","inputResponses":{"__proto__":{"x":1},"constructor":2}}'),
  );
  assertEquals(Object.entries(inputResponses), [["__proto__", { x: 1 }], ["constructor", 2]]);
  assertEquals(inputResponses["x"], undefined);
  assertEquals(inputResponses["toString"], undefined);
});

Deno.test("parseListenParams() reads the filter", () => {
  assertEquals(parseListenParams(LISTEN), { notifications: { toolsListChanged: true, taskIds: ["a", "b"] } });
  assertEquals(parseListenParams({ notifications: {} }), { notifications: {} });
  assertRequires(parseListenParams, LISTEN, ["notifications"]);
  assertRefuses(parseListenParams, LISTEN, ["notifications"], isObject);
  for (const name of ["toolsListChanged", "promptsListChanged", "resourcesListChanged"]) {
    assertRefuses(parseListenParams, LISTEN, ["notifications", name], (value) => value === true);
  }
  const isList = (value: JsonValue) =>
    Array.isArray(value) && value.every((item) => typeof item === "string");
  for (const name of ["resourceSubscriptions", "taskIds"]) {
    assertRefuses(parseListenParams, LISTEN, ["notifications", name], isList);
    thrownBy(parseListenParams, { notifications: { [name]: Array(1001).fill("a") } });
    thrownBy(parseListenParams, { notifications: { [name]: ["\ud800"] } });
  }
});

Deno.test("no guard throws anything but -32602, whatever it is given", () => {
  const guards: readonly Parse[] = [
    parseCallToolParams,
    parsePromptsGet,
    parseReadResource,
    parseUpdateTaskParams,
    parseListenParams,
    parseRequestMeta,
  ];
  const known = fc.constantFrom("name", "inputResponses", "requestState", "_meta", "taskId", "notifications");
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
});

function isState(value: JsonValue): boolean {
  return typeof value === "string" && value.isWellFormed();
}

function faultOfAnswers(inputResponses: JsonObject): string {
  const error = thrownBy(parseUpdateTaskParams, { taskId: "a", inputResponses });
  assertSafe(error);
  return error.message;
}
