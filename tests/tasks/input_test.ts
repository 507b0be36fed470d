import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  addOutstanding,
  applyAnswers,
  earliestDeadline,
  hasOutstanding,
  NO_INPUT,
} from "../../src/tasks/mod.ts";
import { verifies } from "../support/requirements.ts";

const request = { json: { method: "roots/list" } };
const other = { json: { method: "elicitation/create" } };

verifies(
  ["T26-065", "T26-066", "T26-067", "lib-I15"],
  "addOutstanding() keeps the first request of a key",
  () => {
    const asked = addOutstanding(NO_INPUT, { a: { request } });
    assertStrictEquals(addOutstanding(asked, { a: { request: other } }), asked);
    const { input: answered } = applyAnswers(asked, { a: { value: 1 } }, "n");
    assertStrictEquals(addOutstanding(answered, { a: { request: other } }), answered);
  },
);

verifies(["T26-071", "lib-I6"], "applyAnswers() takes the first answer to an outstanding key only", () => {
  const asked = addOutstanding(NO_INPUT, { a: { request }, b: { request } });
  const first = applyAnswers(asked, { a: { value: { x: 1 } }, unknown: { value: 2 } }, "first");
  assertEquals(first.accepted, ["a"]);
  assertEquals(Object.keys(first.input.outstanding), ["b"]);
  const second = applyAnswers(first.input, { a: { value: "late" } }, "second");
  assertEquals(second.accepted, []);
  assertStrictEquals(second.input, first.input);
  assertEquals(first.input.answers, { a: { value: { json: { x: 1 } }, nonce: "first" } });
});

verifies("T26-071", "applyAnswers() finds no key that objects have by themselves", () => {
  const asked = addOutstanding(NO_INPUT, { a: { request } });
  const hostile = JSON.parse('{ "__proto__": { "value": 1 }, "toString": { "value": 1 } }');
  assertEquals(applyAnswers(asked, hostile, "n").accepted, []);
});

Deno.test('applyAnswers() takes "__proto__" for a key like any other', () => {
  const asked = addOutstanding(NO_INPUT, JSON.parse('{ "__proto__": { "request": { "json": 1 } } }'));
  assertEquals(Object.keys(asked.outstanding), ["__proto__"]);
  const { input, accepted } = applyAnswers(asked, JSON.parse('{ "__proto__": { "value": 7 } }'), "n");
  assertEquals(accepted, ["__proto__"]);
  assertEquals(JSON.stringify(input.answers), '{"__proto__":{"value":{"json":7},"nonce":"n"}}');
  assert(!hasOutstanding(input));
});

Deno.test("earliestDeadline() is that of an open question", () => {
  const asked = addOutstanding(NO_INPUT, {
    a: { request, deadline: 30 },
    b: { request, deadline: 10 },
    c: { request },
  });
  assertEquals(earliestDeadline(asked), 10);
  const { input } = applyAnswers(asked, { b: { value: 1 } }, "n");
  assertEquals(earliestDeadline(input), 30);
  assertEquals(earliestDeadline(NO_INPUT), undefined);
});
