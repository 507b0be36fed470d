/**
 * Workflow prompts whose tools ask the client, and prompts that are given up.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { argument, constant, output, variable, workflow } from "../../mod.ts";
import { createGate } from "../support/gate_tool.ts";
import { settle } from "../support/settle.ts";
import { verifies } from "../support/requirements.ts";
import { user } from "../support/test_server.ts";
import { ADA, type Json, told, type Toolbox, withTools } from "./pipeline.ts";

const FORMS = { elicitation: { form: {} } };

function accept(text: string): Json {
  return { action: "accept", content: { text } };
}

/** A workflow that notes, sets a variable, asks twice, and uses all of it. */
function withQuestions(): Toolbox {
  const parts = withTools({ secrets: ["s".repeat(32)] });
  const { server, calls } = parts;
  server.registerTool("set", { inputSchema: z.object({ value: z.string() }) }, async ({ value }, ctx) => {
    calls.push(`set ${value}`);
    await ctx.variables.set({ kept: { value }, dropped: "x" });
    return "set";
  });
  server.registerTool("drop", {}, async (_, ctx) => {
    calls.push(`drop ${JSON.stringify(await ctx.variables.all())}`);
    await ctx.variables.delete("dropped");
    return "dropped";
  });
  server.registerTool("look", { inputSchema: z.object({ at: z.string() }) }, async ({ at }, ctx) => {
    calls.push(`look at ${at} and ${JSON.stringify(await ctx.variables.all())}`);
    return at;
  });
  server.registerWorkflow(
    workflow("w", "ask around").argument("who", "Who")
      .step("set", "set").arg("value", argument("who"))
      .step("drop", "drop")
      .step("first", "ask").arg("what", constant("colour")).bind("colour")
      .step("second", "ask").arg("what", constant("size")).bind("size").resource("docs://all/{x}").template(
        "x",
        output("colour"),
      )
      .step("look", "look").arg("at", variable("kept", "value"))
      .step("end", "note").arg("text", output("size")).arg("more", output("colour")),
  );
  return parts;
}

const DONE = [
  "set Ada",
  'drop {"kept":{"value":"Ada"},"dropped":"x"}',
  "ask colour",
  "read docs://all/colour%3A%20red",
  "ask size",
  'look at Ada and {"kept":{"value":"Ada"}}',
  "note size: large",
];

verifies(
  ["INTG-02", "T26-187"],
  "in the newer revision a workflow asks round by round, and runs no finished step twice",
  async () => {
    const parts = withQuestions();
    const client = parts.modern(ADA);
    const get = async (more: Json) =>
      (await client.request("prompts/get", { name: "w", arguments: { who: "Ada" }, ...more }, {
        capabilities: FORMS,
      })).result;

    const first = await get({});
    assertEquals(Object.keys(first.inputRequests as Json), ["first/answer"]);
    assertEquals(parts.calls, DONE.slice(0, 3));

    const { requestState } = first;
    const stolen = await parts.modern(user("eve")).request("prompts/get", {
      name: "w",
      arguments: { who: "Ada" },
      requestState,
    });
    assertEquals(stolen.error.code, -32602);
    const other = await client.request("prompts/get", { name: "w", arguments: { who: "Eve" }, requestState });
    assertEquals(other.error.code, -32602);

    const second = await get({ requestState, inputResponses: { "first/answer": accept("red") } });
    assertEquals(Object.keys(second.inputRequests as Json), ["second/answer"]);
    const third = await get({
      requestState: second.requestState,
      inputResponses: { "second/answer": accept("large") },
    });
    // A step that asks is run from the top with the answer, and so are its resources; no other step is.
    assertEquals(parts.calls, [
      ...DONE.slice(0, 3),
      "ask colour",
      ...DONE.slice(3, 5),
      "read docs://all/colour%3A%20red",
      ...DONE.slice(4),
    ]);
    assertEquals(told(third).length, 15);
    assertEquals(told(third).at(-1), "user: Tool result:\n```\nnoted size: large\n```");
  },
);

Deno.test("in the older revision a workflow asks on the stream of its request, and tells the same", async () => {
  const parts = withQuestions();
  const asked: unknown[] = [];
  const client = await parts.legacy(ADA, {
    capabilities: { elicitation: {} },
    onRequest: ({ params }) => {
      const { message } = params as Json;
      asked.push(message);
      return { result: accept(message === "colour?" ? "red" : "large") };
    },
  });
  const { result } = await client.request("prompts/get", { name: "w", arguments: { who: "Ada" } });
  assertEquals(asked, ["colour?", "size?"]);
  assertEquals(parts.calls, DONE);
  assertEquals(told(result).length, 15);
});

Deno.test("a step whose tool may not ask fails, and the trace says so", async () => {
  const parts = withQuestions();
  const params = { name: "w", arguments: { who: "Ada" } };
  const legacy = await (await parts.legacy(ADA)).request("prompts/get", params);
  const modern = await parts.modern(ADA).request("prompts/get", params, { capabilities: {} });
  for (const { result } of [legacy, modern]) {
    assert(told(result).at(-1)!.startsWith("user: Error executing tool:\n```\n"), told(result).at(-1));
  }
});

Deno.test("what a tool prepares is asked for as well, apart from what it asks itself", async () => {
  const parts = withTools({ secrets: ["s".repeat(32)] });
  const question = { message: "?", schema: z.object({ text: z.string() }) };
  parts.server.registerTool("order", {
    task: {
      support: "optional",
      prepare: async (_, ctx) => {
        const answer = await ctx.elicit("who", question);
        return answer.action === "accept" ? answer.content.text : null;
      },
    },
  }, async (_, ctx) => {
    const answer = await ctx.elicit("who", question);
    return `${ctx.prepared} and ${answer.action === "accept" ? answer.content.text : null}`;
  });
  parts.server.registerWorkflow(workflow("w", "order").step("order", "order"));
  const client = parts.modern(ADA);
  const get = async (more: Json) =>
    (await client.request("prompts/get", { name: "w", ...more }, { capabilities: FORMS })).result;
  const first = await get({});
  assertEquals(Object.keys(first.inputRequests as Json), ["order/#prepare/who"]);
  const second = await get({
    requestState: first.requestState,
    inputResponses: { "order/#prepare/who": accept("Ada") },
  });
  assertEquals(Object.keys(second.inputRequests as Json), ["order/who"]);
  const third = await get({
    requestState: second.requestState,
    inputResponses: { "order/who": accept("Bob") },
  });
  assertEquals(told(third).at(-1), "user: Tool result:\n```\nAda and Bob\n```");
});

/** A workflow that waits in its first step. */
function withGate() {
  const parts = withTools();
  const gate = createGate();
  parts.server.registerTool("wait", {}, gate.handler);
  parts.server.registerWorkflow(
    workflow("w", "wait").step("wait", "wait").step("never", "note").arg("text", constant("never")),
  );
  return { ...parts, gate };
}

Deno.test("in the older revision a cancelled prompt stops its tool, and runs no further step", async () => {
  const parts = withGate();
  const client = await parts.legacy(ADA);
  const answer = client.request("prompts/get", { name: "w" }, "p1");
  await settle();
  const [run] = parts.gate.runs;
  assertEquals(await client.notify("notifications/cancelled", { requestId: "p1" }), 202);
  await settle();
  assertEquals((run!.ctx.signal.reason as { reason: string }).reason, "cancelled");
  assertEquals((await answer).error.data?.reason, "cancelled");
  assertEquals([parts.calls, parts.events], [[], []]);
});

Deno.test("in the newer revision a client that leaves stops the workflow", async () => {
  const parts = withGate();
  const leaving = new AbortController();
  await parts.unchanged(async () => {
    const call = parts.modern(ADA).send("1", "prompts/get", { name: "w" }, { signal: leaving.signal });
    await settle();
    leaving.abort();
    await parts.runtime.advance(20_000);
    await call;
  });
  assertEquals((parts.gate.runs[0]!.ctx.signal.reason as { reason: string }).reason, "cancelled");
  assertEquals([parts.calls, parts.events], [[], []]);
});

Deno.test("a server that closes begins no workflow, and stops the one that runs", async () => {
  const parts = withGate();
  const call = parts.modern(ADA).request("prompts/get", { name: "w" });
  await settle();
  const closing = parts.server.close({ graceMs: 1000 });
  await settle();
  const late = await parts.modern(ADA).request("prompts/get", { name: "w" });
  assertEquals(late.error.data, { reason: "closing", retryAfterMs: 1000 });
  await parts.runtime.drive(closing);
  assertEquals((await call).error.code, -32603);
  assertEquals([parts.gate.runs.length, parts.calls], [1, []]);
});

Deno.test("a tool that goes on after a cancel is not followed by another step", async () => {
  const parts = withTools();
  const held = Promise.withResolvers<void>();
  parts.server.registerTool("deaf", {}, async () => {
    await held.promise;
    return "done all the same";
  });
  parts.server.registerWorkflow(
    workflow("w", "wait").step("deaf", "deaf").step("never", "note").arg("text", constant("never")),
  );
  const leaving = new AbortController();
  const call = parts.modern(ADA).send("1", "prompts/get", { name: "w" }, { signal: leaving.signal });
  await settle();
  leaving.abort();
  await settle();
  held.resolve();
  await parts.runtime.advance(1000);
  await call;
  assertEquals(parts.calls, []);
});
