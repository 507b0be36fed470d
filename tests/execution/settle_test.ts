import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type SettleContext,
  settleError,
  settleValue,
  StepError,
  ToolError,
} from "../../src/execution/mod.ts";
import { ProtocolError } from "../../src/protocol/mod.ts";
import { MissingCapabilityError } from "../../src/tasks/mod.ts";
import type { PerdureEvent } from "../../src/store/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { verifies } from "../support/requirements.ts";
import { startTask } from "./harness.ts";

function contextOf(changes: Partial<SettleContext> = {}): { context: SettleContext; events: PerdureEvent[] } {
  const events: PerdureEvent[] = [];
  const context: SettleContext = {
    name: "report",
    taskId: "task-1",
    era: "2026-07-28",
    runtime: new FakeRuntime(),
    emit: (event) => void events.push(event),
    maxResultBytes: 1000,
    signal: new AbortController().signal,
    ...changes,
  };
  return { context, events };
}

/** An output schema for `{ sum: number }`. */
const SUM: Partial<SettleContext> = {
  checkOutput: (value) => {
    const sum = (value as { sum?: unknown } | null)?.sum;
    return typeof sum === "number"
      ? Promise.resolve({ sum })
      : Promise.reject(new TypeError("sum must be a number"));
  },
};

const CORRELATED = /^The tool failed unexpectedly \(correlation id [A-Za-z0-9_-]{12}\)$/;

async function assertUnexpected(value: unknown, changes?: Partial<SettleContext>): Promise<void> {
  const { context, events } = contextOf(changes);
  const { outcome } = await settleValue(value, context);
  assert(outcome.kind === "result" && outcome.result.isError === true);
  const [{ text }] = outcome.result.content as unknown as [{ text: string }];
  assertMatch(text, CORRELATED);
  assertEquals(events.map(({ type, taskId }) => [type, taskId]), [["tool_threw", "task-1"]]);
  assert(events[0]!.message.includes(text.slice(-13, -1)));
}

Deno.test("A string is one text block, made well-formed", async () => {
  const { outcome } = await settleValue("a\ud800", contextOf().context);
  assertEquals(outcome, { kind: "result", result: { content: [{ type: "text", text: "a\ufffd" }] } });
});

Deno.test("A call result stays as it is, unknown members included", async () => {
  const content = [
    {
      type: "text",
      text: "",
      x: 1,
      annotations: { audience: ["user"], priority: 0.5, lastModified: "1970" },
    },
    { type: "image", data: "", mimeType: "image/png", _meta: {} },
    { type: "audio", data: "", mimeType: "audio/wav" },
    { type: "resource", resource: { uri: "a:b", text: "" } },
    { type: "resource", resource: { uri: "a:b", blob: "", mimeType: "a/b", _meta: {} } },
    { type: "resource_link", uri: "a:b", name: "b", size: 1, icons: [{ src: "data:", sizes: ["any"] }] },
  ];
  const result = { content, _meta: { a: 1 }, more: true };
  assertEquals((await settleValue(result, contextOf().context)).outcome, { kind: "result", result });
});

Deno.test("An isError result tells its first text as the status message", async () => {
  const image = { type: "image", data: "", mimeType: "image/png" };
  const result = { content: [image, { type: "text", text: "No paper" }], isError: true };
  const settled = await settleValue(result, contextOf().context);
  assertEquals([settled.statusMessage, settled.outcome], ["No paper", { kind: "result", result }]);
  const silent = await settleValue({ content: [], isError: true }, contextOf().context);
  assertEquals(silent.statusMessage, "The tool reported an error");
});

verifies(["T25-202", "T26-230"], "A structured value is checked, and shown as text as well", async () => {
  const { outcome } = await settleValue({ sum: 3, extra: 1 }, contextOf(SUM).context);
  const result = { content: [{ type: "text", text: '{"sum":3}' }], structuredContent: { sum: 3 } };
  assertEquals(outcome, { kind: "result", result });
});

verifies(
  ["T25-203", "T26-229"],
  "A call result of a tool with an output schema has its structured content checked",
  async () => {
    const value = { content: [], structuredContent: { sum: 3, extra: 1 } };
    const { outcome } = await settleValue(value, contextOf(SUM).context);
    assertEquals(outcome, { kind: "result", result: { content: [], structuredContent: { sum: 3 } } });
    const isError = { content: [], isError: true };
    assertEquals((await settleValue(isError, contextOf(SUM).context)).outcome, {
      kind: "result",
      result: isError,
    });
  },
);

const UNFIT: Readonly<Record<string, [unknown, Partial<SettleContext>?]>> = {
  "nothing": [undefined],
  "null": [null],
  "a number": [7],
  "a list": [[]],
  "an object without content": [{ sum: 3 }],
  "content that is no list": [{ content: "text" }],
  "content with a block that has no type": [{ content: [{ text: "a" }] }],
  "a structured value outside the schema": [{ sum: "3" }, SUM],
  "nothing although there is a schema": [undefined, SUM],
  "a string although the schema wants an object": ["3", SUM],
  "a result without the structured content that the schema wants": [{ content: [] }, SUM],
  "a bigint": [{ content: [], n: 1n }],
};

for (const [what, [value, changes]] of Object.entries(UNFIT)) {
  Deno.test(`A handler that returns ${what} fails with a fixed text and a correlation id`, async () => {
    await assertUnexpected(value, changes);
  });
}

const MALFORMED: readonly [unknown, string][] = [
  [{ content: [{ type: "text" }] }, '"content[0].text" must be a string'],
  [
    { content: [{ type: "text", text: "a" }, { type: "text", text: 7 }] },
    '"content[1].text" must be a string',
  ],
  [{ content: [{ type: "future", x: 1 }] }, '"content[0].type" must be one of text, image'],
  [{ content: [{ type: "image", data: "" }] }, '"content[0].mimeType" must be a string'],
  [{ content: [{ type: "audio", mimeType: "audio/wav" }] }, '"content[0].data" must be a string'],
  [{ content: [{ type: "resource", uri: "a:b" }] }, '"content[0].resource" must be an object'],
  [
    { content: [{ type: "resource", resource: { uri: "a:b" } }] },
    '"content[0].resource.text" must be a string',
  ],
  [{ content: [{ type: "resource", resource: { blob: "" } }] }, '"content[0].resource.uri" must be a string'],
  [{ content: [{ type: "resource_link", uri: "a:b" }] }, '"content[0].name" must be a string'],
  [
    { content: [{ type: "resource_link", uri: "a:b", name: "b", size: "1" }] },
    '"content[0].size" must be a number',
  ],
  [
    { content: [{ type: "text", text: "", annotations: { audience: ["all"] } }] },
    '"content[0].annotations.audience[0]" must be "user" or "assistant"',
  ],
  [
    { content: [{ type: "text", text: "", annotations: { priority: 2 } }] },
    '"content[0].annotations.priority" must be a number from 0 to 1',
  ],
  [{ content: [{ type: "text", text: "", _meta: [] }] }, '"content[0]._meta" must be an object'],
  [{ content: [], isError: "yes" }, '"isError" must be true or false'],
  [{ content: [], _meta: 1 }, '"_meta" must be an object'],
];

for (const [value, fault] of MALFORMED) {
  verifies(
    "T25-201",
    `A result in which ${fault} goes to no client, and the author is told so`,
    async () => {
      await assertUnexpected(value);
      const { context, events } = contextOf();
      await settleValue(value, context);
      assert(String(events[0]?.error).includes(fault), String(events[0]?.error));
    },
  );
}

for (const size of [1000, 1001]) {
  Deno.test(`A result of ${size} bytes ${size > 1000 ? "is too large" : "fits"} where 1,000 are allowed`, async () => {
    const frame = JSON.stringify({ content: [{ type: "text", text: "" }] }).length;
    const { outcome } = await settleValue("x".repeat(size - frame), contextOf().context);
    if (size <= 1000) return assertEquals(outcome.kind, "result");
    assert(outcome.kind === "rpcError");
    assertEquals([outcome.error.code, outcome.error.data], [-32603, { reason: "too_large" }]);
  });
}

Deno.test("A result is measured in bytes", async () => {
  const { outcome } = await settleValue("€".repeat(400), contextOf().context);
  assertEquals(outcome.kind, "rpcError");
});

Deno.test("A result that nests too deep, or in a circle, is too large", async () => {
  let deep: unknown = 0;
  for (let i = 0; i < 70; i++) deep = [deep];
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [deep, circle]) {
    const { outcome } = await settleValue({ content: [], value }, contextOf().context);
    assert(outcome.kind === "rpcError");
    assertEquals([outcome.error.code, outcome.error.data], [-32603, { reason: "too_large" }]);
  }
});

for (const depth of [60, 62, 63, 64, 65]) {
  verifies("lib-I4", `A task whose result nests ${depth} deep ends`, async () => {
    let value: unknown = 0;
    for (let i = 1; i < depth; i++) value = [value];
    const task = await startTask(() => ({ content: [], value }));
    await task.runtime.drive(task.done);
    assertEquals((await task.stored()).status, depth <= 64 ? "completed" : "failed");
  });
}

Deno.test("A thrown ToolError is an isError result with its message", () => {
  const settled = settleError(new ToolError("No paper in tray \ud800"), contextOf().context);
  const result = { content: [{ type: "text", text: "No paper in tray \ufffd" }], isError: true };
  assertEquals(settled.outcome, { kind: "result", result });
});

Deno.test("A ToolError out of a step is an isError result that names the step", () => {
  const error = new StepError("print", new ToolError("No paper"));
  const { outcome } = settleError(error, contextOf().context);
  const result = { content: [{ type: "text", text: 'Step "print" failed: No paper' }], isError: true };
  assertEquals(outcome, { kind: "result", result });
});

verifies(["T25-053", "T26-055"], "A thrown ProtocolError is that JSON-RPC error", () => {
  const { outcome } = settleError(
    new ProtocolError(-32602, "Not these", { field: "a" }),
    contextOf().context,
  );
  assertEquals(outcome, {
    kind: "rpcError",
    error: { code: -32602, message: "Not these", data: { field: "a" } },
  });
});

Deno.test("A missing capability is -32021 in the one revision, a tool error in the other", () => {
  const error = new MissingCapabilityError({ sampling: {} });
  const modern = settleError(error, contextOf().context).outcome;
  assert(modern.kind === "rpcError");
  assertEquals(modern.error.code, -32021);
  const legacy = settleError(error, contextOf({ era: "2025-11-25" }).context).outcome;
  assert(legacy.kind === "result");
  assertEquals(legacy.result.isError, true);
});

for (const thrown of [new Error("password is hunter2"), "hunter2", undefined, null, { message: "hunter2" }]) {
  Deno.test(`Thrown ${JSON.stringify(thrown) ?? thrown} shows nothing of itself`, () => {
    const { context, events } = contextOf();
    const settled = settleError(thrown, context);
    assertEquals(JSON.stringify(settled).includes("hunter2"), false);
    assertMatch(settled.statusMessage ?? "", CORRELATED);
    assertEquals(events[0]?.error, thrown);
  });
}

Deno.test("A value whose members throw is an outcome like any other", async () => {
  const value = {
    content: [],
    get evil() {
      throw new Error("hunter2");
    },
  };
  await assertUnexpected(value);
});
