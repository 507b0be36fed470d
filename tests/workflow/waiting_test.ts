/**
 * Workflows with a task whose tools ask or take long, and whose clients or servers leave.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { z } from "zod";
import { argument, constant, output, workflow } from "../../mod.ts";
import { createGate } from "../support/gate_tool.ts";
import type { Answer } from "../support/http_client.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { user } from "../support/test_server.ts";
import { ADA, type Json, told } from "./pipeline.ts";
import { getModern, metaOf, naming, stepsOf, taskOf, type TaskToolbox, withPipeline } from "./task_tools.ts";

const FORMS = { elicitation: { form: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };

function accept(text: string): Json {
  return { action: "accept", content: { text } };
}

/** A workflow whose second step asks twice, and records what it did before. */
function withQuestions(options?: Parameters<typeof withPipeline>[0]): TaskToolbox {
  const parts = withPipeline(options);
  const { server, calls } = parts;
  const schema = z.object({ text: z.string() });
  server.registerTool("order", { inputSchema: z.object({ what: z.string() }) }, async ({ what }, ctx) => {
    calls.push(`order ${what}`);
    await ctx.step("reserve", () => void calls.push("reserve"));
    const size = await ctx.elicit("size", { message: "Which size?", schema });
    const colour = await ctx.elicit("colour", { message: "Which colour?", schema });
    const texts = [size, colour].map((answer) =>
      answer.action === "accept" ? answer.content.text : answer.action
    );
    return `${what} ${texts.join(" ")}`;
  });
  server.registerWorkflow(
    workflow("shop", "buy it").task().argument("what", "What")
      .step("look", "work").arg("text", argument("what")).bind("seen")
      .step("order", "order").arg("what", output("seen")).bind("ordered")
      .step("pay", "work").arg("text", output("ordered")),
  );
  return parts;
}

const DONE = "user: Tool result:\n```\nhat! large red!\n```";

Deno.test("in the newer revision a workflow's tool asks round by round, and its state is only the task", async () => {
  const parts = withQuestions();
  const get = (params: Json, caller = ADA): Promise<Answer> =>
    parts.modern(caller).request("prompts/get", { name: "shop", arguments: { what: "hat" }, ...params }, {
      capabilities: FORMS,
    });
  const first = await get({});
  const { requestState } = first.result;
  assertEquals([first.result.resultType, Object.keys(first.result.inputRequests as Json)], [
    "input_required",
    [
      "order/size",
    ],
  ]);
  const task = String((first.result._meta as Json)["io.perdure/taskId"]);
  const poll = async () => (await parts.modern(ADA).request("tasks/get", { taskId: task })).result;
  assertEquals([(await poll()).status, Object.keys((await poll()).inputRequests as Json)], [
    "input_required",
    [
      "order/size",
    ],
  ]);
  // The state grows with nothing: it names the task.
  assertEquals(String(requestState).length < 300, true);

  const stolen = await get({ requestState, inputResponses: { "order/size": accept("x") } }, user("eve"));
  assertEquals([stolen.error.code, stolen.error.data?.reason], [-32602, "state"]);
  const moved = await get({ requestState, arguments: { what: "cap" } });
  assertEquals([moved.error.code, moved.error.data?.reason], [-32602, "state"]);
  const bad = await get({ requestState, inputResponses: { "order/size": accept(5 as unknown as string) } });
  assertEquals(bad.error.code, -32602);
  // Asked again without an answer, the same question stands.
  const again = await get({ requestState });
  assertEquals(again.result.inputRequests, first.result.inputRequests);

  const second = await get({ requestState, inputResponses: { "order/size": accept("large") } });
  assertEquals(Object.keys(second.result.inputRequests as Json), ["order/colour"]);
  const third = await get({
    requestState: second.result.requestState,
    inputResponses: { "order/colour": accept("red") },
  });
  assertEquals([metaOf(third).task_status, told(third.result).at(-1)], ["completed", DONE]);
  // The step is run from the top in each round, and what it has recorded is not done again.
  assertEquals(parts.calls, [
    "work hat",
    ...["order hat!", "reserve", "order hat!", "order hat!", "order hat!"],
    "work hat! large red",
  ]);
  assertEquals(parts.backend.idsOf("task").length, 1);
});

Deno.test("an answer may come by tasks/update: the server goes on by itself, and the prompt from there", async () => {
  const parts = withQuestions();
  const modern = parts.modern(ADA);
  const first = await getModern(parts, "shop", { what: "hat" }, { capabilities: FORMS });
  const taskId = String((first.result._meta as Json)["io.perdure/taskId"]);
  await modern.request("tasks/update", { taskId, inputResponses: { "order/size": accept("large") } }, {
    capabilities: FORMS,
  });
  const asked = (await modern.request("tasks/get", { taskId })).result;
  assertEquals([asked.status, Object.keys(asked.inputRequests as Json)], ["input_required", [
    "order/colour",
  ]]);
  assertEquals(parts.calls.slice(2), ["reserve", "order hat!"]);
  const second = await getModern(parts, "shop", undefined, { task: taskId, capabilities: FORMS });
  assertEquals(Object.keys(second.result.inputRequests as Json), ["order/colour"]);
  // A client that cannot be asked is told what there is to do instead.
  const other = await getModern(parts, "shop", undefined, { task: taskId, capabilities: {} });
  assertEquals([metaOf(other).task_status, stepsOf(other)], ["input_required", {
    look: "completed",
    order: "pending",
    pay: "pending",
  }]);
  // Nor has it done the step by calling the tool, which asks it as well.
  await parts.unchanged(async () => {
    const call = await modern.call("order", { what: "x" }, { meta: naming(taskId), capabilities: {} });
    assertEquals(call.error.code, -32021);
  });
  const inputResponses = { "order/colour": accept("red") };
  await modern.request("tasks/update", { taskId, inputResponses }, { capabilities: FORMS });
  await settle();
  const { result } = await modern.request("tasks/get", { taskId });
  assertEquals([result.status, parts.calls.at(-1)], ["completed", "work hat! large red"]);
});

Deno.test("in the older revision the questions go on the stream of the prompt", async () => {
  const parts = withQuestions();
  const asked: unknown[] = [];
  const client = await parts.legacy(ADA, {
    capabilities: { elicitation: {} },
    onRequest: ({ params }) => {
      const { message, _meta } = params as Json;
      asked.push([message, Object.keys(_meta as Json)]);
      return { result: accept(message === "Which size?" ? "large" : "red") };
    },
  });
  const answer = await client.request("prompts/get", { name: "shop", arguments: { what: "hat" } });
  assertEquals(asked, [
    ["Which size?", ["io.modelcontextprotocol/related-task"]],
    ["Which colour?", ["io.modelcontextprotocol/related-task"]],
  ]);
  assertEquals([metaOf(answer).task_status, told(answer.result).at(-1)], ["completed", DONE]);
  assertEquals(parts.calls, ["work hat", "order hat!", "reserve", "work hat! large red"]);
});

Deno.test("a client that cannot be asked is handed the step over, in either revision", async () => {
  const parts = withQuestions();
  const params = { name: "shop", arguments: { what: "hat" } };
  const legacy = await (await parts.legacy(ADA)).request("prompts/get", params);
  const modern = await parts.modern(ADA).request("prompts/get", params, { capabilities: {} });
  for (const answer of [legacy, modern]) {
    assertEquals(metaOf(answer).pause_reason, {
      type: "inputRequired",
      blockedStep: "order",
      isOpen: false,
      suggestedTool: "order",
    });
    assertEquals(stepsOf(answer), { look: "completed", order: "pending", pay: "pending" });
    assertEquals(
      told(answer.result).at(-1)!.split("\n\n").slice(0, 3),
      [
        "assistant: Step 'order' asks what this client cannot be asked.",
        "To continue the workflow, make these tool calls:",
        '1. Call order with {"what":"hat!"}',
      ],
    );
  }
});

/** A workflow whose second step waits for the test. */
function withGate(options?: Parameters<typeof withPipeline>[0]) {
  const parts = withPipeline(options);
  const gate = createGate();
  parts.server.registerTool("wait", {}, gate.handler);
  parts.server.registerWorkflow(
    workflow("w", "wait").task()
      .step("before", "work").arg("text", constant("a"))
      .step("wait", "wait")
      .step("after", "work").arg("text", constant("b")),
  );
  return { ...parts, gate };
}

for (const era of ["2025", "2026"] as const) {
  verifies(
    ["EXEC-02", "INTG-04"],
    `a prompt that has taken as long as it may hands over, and its step ends behind it (${era})`,
    async () => {
      const parts = withGate({ workflowWaitMs: 20_000 });
      const get = async (meta?: Json) =>
        era === "2026"
          ? await parts.modern(ADA).request("prompts/get", { name: "w" }, { meta })
          : await (await parts.legacy(ADA)).request("prompts/get", {
            name: "w",
            ...(meta && { _meta: meta }),
          });
      const waiting = get();
      await parts.runtime.advance(20_500);
      assertEquals(parts.gate.runs.length, 1);
      await parts.runtime.advance(500);
      const answer = await waiting;
      const task = taskOf(answer);
      assertEquals(metaOf(answer).pause_reason, { type: "timeLimit", nextStep: "wait" });
      assertEquals(stepsOf(answer), { before: "completed", wait: "running", after: "pending" });
      assertEquals(
        told(answer.result).at(-1)!.split("\n\n")[0],
        [
          "assistant: Step 'wait' is still running: the prompt took as long as it may.",
          "Ask for this prompt again, with its task, to see how it went on.",
        ].join(" "),
      );
      assertEquals((metaOf(answer).remaining_steps as Json[]).map(({ name }) => name), ["after"]);
      // Nobody runs twice what still runs: who asks waits as long as it would take to run it.
      const other = get(naming(task));
      await parts.runtime.advance(20_000);
      const meanwhile = await other;
      assertEquals([stepsOf(meanwhile).wait, metaOf(meanwhile).pause_reason], ["running", undefined]);
      assertEquals(
        told(meanwhile.result).at(-1),
        "assistant: The workflow is being run at step 'wait'. Ask for this prompt again, with its task, to see how it " +
          "went on.",
      );
      await parts.runtime.advance(120_000);
      const third = get(naming(task));
      await parts.runtime.advance(10_000);
      await parts.gate.runs[0]!.finish("at last");
      const later = await parts.runtime.drive(third);
      assertEquals(metaOf(later).task_status, "completed");
      assertEquals([parts.gate.runs.length, parts.calls], [1, ["work a", "work b"]]);
    },
  );
}

Deno.test("a client that leaves stops a workflow before its next step", async () => {
  const parts = withGate();
  const leaving = new AbortController();
  const call = parts.modern(ADA).send("1", "prompts/get", { name: "w" }, { signal: leaving.signal });
  await settle();
  leaving.abort();
  await parts.runtime.advance(1);
  await parts.gate.runs[0]!.finish("done all the same");
  const [head] = parts.backend.valuesOf("task") as {
    workflow: { pauseReason: Json; steps: Json[] };
    exec: Json;
  }[];
  assertEquals([head!.exec.phase, head!.workflow.pauseReason], ["parked", {
    type: "cancelled",
    nextStep: "after",
  }]);
  assertEquals(head!.workflow.steps.map(({ status }) => status), ["completed", "completed", "pending"]);
  assertEquals(parts.calls, ["work a"]);
  await parts.runtime.advance(120_000);
  await call.catch(() => {});
});

Deno.test("a cancelled request of a session stops its workflow, and tasks/cancel stops its tool", async () => {
  const parts = withGate();
  const client = await parts.legacy(ADA);
  const first = client.request("prompts/get", { name: "w" }, "p1");
  await settle();
  await client.notify("notifications/cancelled", { requestId: "p1" });
  await settle();
  assertEquals(parts.gate.runs[0]!.ctx.signal.aborted, false);
  await parts.gate.runs[0]!.finish("done");
  const answer = await first;
  assertEquals(metaOf(answer).pause_reason, { type: "cancelled", nextStep: "after" });

  const second = client.request("prompts/get", { name: "w" });
  await settle();
  const { tasks } = (await client.request("tasks/list")).result as { tasks: Json[] };
  const taskId = tasks.find(({ taskId }) => taskId !== taskOf(answer))!.taskId;
  await client.request("tasks/cancel", { taskId });
  const cancelled = await second;
  assertEquals((parts.gate.runs[1]!.ctx.signal.reason as Json).reason, "cancelled");
  assertEquals([metaOf(cancelled).task_status, stepsOf(cancelled)], ["cancelled", {
    before: "completed",
    wait: "running",
    after: "pending",
  }]);
  assertEquals(parts.calls, ["work a", "work a"]);
});

Deno.test("a server that closes lets the step end, and hands over", async () => {
  const parts = withGate();
  const waiting = getModern(parts, "w");
  await settle();
  const closing = parts.server.close();
  await parts.runtime.advance(100);
  await parts.gate.runs[0]!.finish("done");
  const answer = await waiting;
  assertEquals(metaOf(answer).pause_reason, { type: "closing", nextStep: "after" });
  await parts.runtime.drive(closing);
  assertEquals(parts.calls, ["work a"]);
});

Deno.test("a question that nobody answers in time leaves the workflow where it is", async () => {
  const parts = withQuestions({ workflowWaitMs: 20_000 });
  const client = await parts.legacy(ADA, { capabilities: { elicitation: {} } });
  const stream = await client.open("prompts/get", { name: "shop", arguments: { what: "hat" } }, "p1");
  assertEquals(((await stream.next())!.params as Json).message, "Which size?");
  await parts.runtime.advance(21_000);
  await stream.stop();
  const { tasks } = (await client.request("tasks/list")).result as {
    tasks: { taskId: string; _meta: Json }[];
  };
  const [{ taskId: task, _meta }] = tasks as [typeof tasks[0]];
  assertEquals(_meta["io.perdure/workflow.pause_reason"], {
    type: "inputRequired",
    blockedStep: "order",
    isOpen: true,
    suggestedTool: "order",
  });
  // It can be answered all the same, and the workflow gone on with, here by a client of the other revision.
  const second = await getModern(parts, "shop", undefined, { task, capabilities: FORMS });
  assertEquals(Object.keys(second.result.inputRequests as Json), ["order/size"]);
});

verifies(
  "CONT-02",
  "a call that comes while the server finds that it cannot do the step lets it go on",
  async () => {
    const parts = withPipeline();
    const { server, calls } = parts;
    const gate = Promise.withResolvers<void>();
    server.registerResource("slow", "slow://doc", {}, async () => {
      await gate.promise;
      return "text";
    });
    server.registerWorkflow(
      workflow("w", "judge").task()
        .step("judge", "judge").arg("text", constant("x")).resource("slow://doc")
        .step("after", "work").arg("text", constant("b")),
    );
    const waiting = getModern(parts, "w");
    await settle();
    const [task] = parts.backend.idsOf("task");
    const args = { text: "x", verdict: "good", grade: 1 };
    const { result } = await parts.modern(ADA).call("judge", args, { meta: naming(task!) });
    assertEquals(((result._meta as Json)["io.perdure/workflow"] as Json).step, "judge");
    gate.resolve();
    const answer = await waiting;
    assertEquals([metaOf(answer).task_status, calls], ["completed", ["judge good", "work b"]]);
  },
);

Deno.test("a prompt tries a failed step again once, also where its client goes on past it meanwhile", async () => {
  const parts = withPipeline();
  const gate = createGate();
  parts.server.registerTool("flaky", {}, gate.handler);
  parts.server.registerWorkflow(
    workflow("w", "try").task()
      .step("a", "flaky").retryable()
      .step("b", "work").arg("text", constant("b"))
      .step("c", "redo").arg("text", constant("c")),
  );
  const fail = async (run: number) => {
    await settle();
    await gate.runs[run]!.fail(new Error("broken"));
  };
  const first = getModern(parts, "w");
  await fail(0);
  const task = taskOf(await first);
  const second = getModern(parts, "w", undefined, { task });
  await settle();
  await parts.modern(ADA).call("work", { text: "by hand" }, { meta: naming(task) });
  await fail(1);
  assertEquals(stepsOf(await second), { a: "failed", b: "completed", c: "completed" });
  assertEquals([gate.runs.length, parts.calls], [2, ["work by hand", "redo c"]]);
});
