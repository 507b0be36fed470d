/**
 * Calls that continue a workflow, and workflows that their client ends.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { z } from "zod";
import { constant, createWorker, output, workflow } from "../../mod.ts";
import type { Answer } from "../support/http_client.ts";
import { createGate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { user } from "../support/test_server.ts";
import { ADA, type Json, told } from "./pipeline.ts";
import { getModern, metaOf, naming, stepsOf, taskOf, type TaskToolbox, withPipeline } from "./task_tools.ts";

const SOURCE = { source: "prod" };

/** A pipeline that has stopped at its first step. */
async function stopped(
  options?: Parameters<typeof withPipeline>[0],
): Promise<TaskToolbox & { task: string }> {
  const parts = withPipeline(options);
  parts.failing.push("prod");
  const task = taskOf(await getModern(parts, "pipeline", SOURCE));
  parts.calls.length = 0;
  return { ...parts, task };
}

function headOf(parts: TaskToolbox, id: string) {
  return parts.backend.valuesOf("task").find((head) => head.id === id) as unknown as {
    readonly status: string;
    readonly workflow: {
      readonly steps: readonly { readonly status: string; readonly by?: string; readonly nonce?: string }[];
      readonly extras: readonly { readonly tool: string }[];
      readonly pauseReason?: Json;
    };
  };
}

async function callModern(parts: TaskToolbox, name: string, args: Json, meta?: Json): Promise<Answer> {
  return await parts.modern(ADA).call(name, args, { meta });
}

for (const key of ["io.perdure/taskId", "_task_id"]) {
  verifies(
    ["CONT-01", "CONT-02", "INTG-04"],
    `a call that names the task by ${key} is its step, and the server does what follows`,
    async () => {
      const { task, ...parts } = await stopped();
      const { result } = await callModern(parts, "work", { text: "by hand" }, { [key]: task });
      assertEquals(result.content, [{ type: "text", text: "by hand!" }]);
      assertEquals((result._meta as Json)["io.perdure/workflow"], {
        task_id: task,
        task_status: "working",
        step: "fetch",
        steps: [
          { name: "fetch", status: "completed" },
          { name: "transform", status: "pending" },
          { name: "store", status: "pending" },
        ],
      });
      await settle();
      assertEquals(parts.calls, ["work by hand", "work by hand!", "redo by hand!!"]);
      const poll = await parts.modern(ADA).request("tasks/get", { taskId: task });
      assertEquals([poll.result.status, (poll.result.result as Json).structuredContent], ["completed", {
        completed: true,
        steps_completed: 3,
      }]);
      // The whole conversation, the client's call included, whenever it is asked for.
      const whole = told((await getModern(parts, "pipeline", undefined, { task })).result);
      assertEquals(whole[2], 'assistant: Mind "prod".');
      assertEquals(
        whole[3],
        'assistant: Calling tool \'work\' with parameters:\n```json\n{\n  "text": "by hand"\n}\n```',
      );
      assertEquals(whole.at(-1), "user: Tool result:\n```\nby hand!!!\n```");
    },
  );
}

verifies(
  ["CONT-01", "CONT-03", "INTG-04"],
  "a session continues a workflow, and waits for its result",
  async () => {
    const parts = withPipeline();
    parts.failing.push("prod");
    const client = await parts.legacy(ADA);
    const first = await client.request("prompts/get", { name: "pipeline", arguments: SOURCE });
    const taskId = taskOf(first);
    const waiting = client.request("tasks/result", { taskId });
    const { result } = await client.call("work", { text: "x" }, { _meta: naming(taskId) });
    assertEquals(((result._meta as Json)["io.perdure/workflow"] as Json).step, "fetch");
    const done = await waiting;
    assertEquals(done.result.structuredContent, { completed: true, steps_completed: 3 });
    assertEquals((done.result._meta as Json)["io.modelcontextprotocol/related-task"], { taskId });
    const { tasks } = (await client.request("tasks/list")).result as { tasks: Json[] };
    assertEquals(tasks.map(({ taskId, status }) => [taskId, status]), [[taskId, "completed"]]);
  },
);

verifies("CONT-02", "a continuing call that fails is recorded as a failure, and can be mended", async () => {
  const { task, ...parts } = await stopped();
  parts.failing.push("one");
  const failed = await callModern(parts, "work", { text: "one" }, naming(task));
  assertEquals(failed.result.isError, true);
  assertEquals(headOf(parts, task).workflow.steps.map(({ status, by }) => [status, by]), [
    ["failed", "client"],
    ["pending", undefined],
    ["pending", undefined],
  ]);
  assertEquals(headOf(parts, task).workflow.pauseReason?.error, "one is out of order");
  assertEquals(parts.calls, ["work one"]);
  parts.server.registerTool("broken", {}, () => {
    throw new Error("secret");
  });
  parts.server.registerWorkflow(workflow("b", "break").task().step("s", "broken"));
  const other = taskOf(await getModern(parts, "b"));
  await callModern(parts, "broken", {}, naming(other));
  assertEquals(headOf(parts, other).workflow.steps.map(({ status, by }) => [status, by]), [[
    "failed",
    "client",
  ]]);
  await callModern(parts, "work", { text: "two" }, naming(task));
  await settle();
  assertEquals(headOf(parts, task).status, "completed");
});

verifies(
  ["CONT-01", "lib-I9"],
  "a call that names no workflow of its caller's is answered as if it named nothing, and changes nothing",
  async () => {
    const { task, ...parts } = await stopped({ allowAnonymous: true });
    parts.server.registerTool(
      "tasked",
      { task: { support: "required" } },
      () => new Promise<never>(() => {}),
    );
    const tool = await parts.modern(ADA).createTask("tasked");
    const done = taskOf(await getModern(parts, "pipeline", { source: "fine" }));
    const cases = [
      ["unknown", ADA, "x".repeat(36)],
      ["foreign", user("eve"), task],
      ["anonymous", undefined, task],
      ["terminal", ADA, done],
      ["no workflow", ADA, tool],
    ] as const;
    for (const [what, caller, taskId] of cases) {
      await parts.unchanged(async () => {
        const args = { text: "same" };
        const plain = await parts.modern(caller).call("work", args);
        const named = await parts.modern(caller).call("work", args, { meta: naming(taskId) });
        assertEquals(named.text, plain.text, what);
      });
    }
    const anonymous = await parts.legacy(undefined);
    await parts.unchanged(async () => {
      const { result } = await anonymous.call("work", { text: "a" }, { _meta: naming(task) });
      assertEquals(result._meta, undefined);
    });
    // Arguments that the tool does not take: it was not run, so there is nothing to record.
    await parts.unchanged(async () => {
      const refused = await callModern(parts, "work", { text: 5 }, naming(task));
      assertEquals([refused.result.isError, Object.keys(refused.result._meta as Json).length], [true, 1]);
    });
    assertEquals(parts.events, []);
  },
);

verifies("lib-I11", "what a failed try of a step left is deleted once it is mended", async () => {
  const { task, ...parts } = await stopped();
  parts.server.registerTool("large", { inputSchema: z.object({ fails: z.boolean() }) }, ({ fails }) => ({
    content: [{ type: "text", text: "x".repeat(20_000) }],
    isError: fails,
  }));
  parts.server.registerWorkflow(workflow("w", "do").task().step("s", "large").step("t", "judge"));
  const other = taskOf(await getModern(parts, "w"));
  for (const fails of [true, true, false]) {
    await callModern(parts, "large", { fails }, naming(other));
    await settle();
  }
  const named = JSON.stringify(headOf(parts, other)).match(/"gen":"[^"]*"/g) ?? [];
  const stored = parts.backend.idsOf("payload").filter((id) => id.startsWith(other));
  assertEquals([stored.length, new Set(named).size], [named.length, named.length]);
  assertEquals(task.length, 36);
});

Deno.test("who may not have the prompt of a workflow does not continue it either", async () => {
  const parts = withPipeline();
  parts.server.registerWorkflow(
    workflow("w", "judge").scopes(["judging"]).task().step("s", "judge").arg("text", constant("x")),
  );
  const judge = { ...ADA, scopes: ["judging"] };
  const first = await parts.modern(judge).request("prompts/get", { name: "w" });
  const meta = naming(taskOf(first));
  const args = { text: "x", verdict: "good", grade: 1 };
  await parts.unchanged(async () => {
    const { result } = await parts.modern(ADA).call("judge", args, { meta });
    assertEquals((result._meta as Json)["io.perdure/workflow"], undefined);
  });
  await parts.modern(judge).call("judge", args, { meta });
  assertEquals(headOf(parts, taskOf(first)).status, "completed");
});

verifies("CONT-02", "what is done stays as it is, and further calls are kept beside it", async () => {
  const parts = withPipeline();
  parts.failing.push("prod!");
  const task = taskOf(await getModern(parts, "pipeline", SOURCE));
  const before = headOf(parts, task).workflow.steps[0];
  const answers = [
    await callModern(parts, "note", { text: "beside" }, naming(task)),
    await callModern(parts, "work", { text: "mended" }, naming(task)),
  ];
  assertEquals(
    answers.map(({ result }) => ((result._meta as Json)["io.perdure/workflow"] as Json).step),
    [undefined, "transform"],
  );
  await settle();
  const { status, workflow: { steps, extras } } = headOf(parts, task);
  assertEquals([status, steps[0], extras.map(({ tool }) => tool)], ["completed", before, ["note"]]);
});

Deno.test("who keeps as many bytes as allowed adds nothing to a workflow, and gets the answer all the same", async () => {
  const parts = withPipeline({ limits: { retainedBytes: 4000 } });
  parts.server.registerWorkflow(workflow("w", "judge").task().step("s", "judge").arg("text", constant("x")));
  const task = taskOf(await getModern(parts, "w"));
  const beside = () => callModern(parts, "work", { text: "x".repeat(5000) }, naming(task));
  const told = async () => ((await beside()).result._meta as Json)["io.perdure/workflow"] !== undefined;
  assertEquals([await told(), await told(), await told()], [true, false, false]);
  assertEquals(headOf(parts, task).workflow.extras.length, 1);
  assertEquals(parts.events.map(({ type }) => type), ["continuation_failed", "continuation_failed"]);
});

verifies("EXEC-04", "a step that needs what a failed one was to give is not run, and says so", async () => {
  const parts = withPipeline();
  parts.failing.push("a");
  parts.server.registerWorkflow(
    workflow("w", "depend").task()
      .step("first", "work").arg("text", constant("a")).bind("made")
      .step("second", "note").arg("text", constant("b"))
      .step("third", "redo").arg("text", constant("c"))
      .step("fourth", "work").arg("text", output("made"))
      .step("fifth", "work").arg("text", constant("e")),
  );
  const task = taskOf(await getModern(parts, "w"));
  // The client goes on past the failure: so does the server, up to what cannot be had without it.
  await callModern(parts, "note", { text: "b" }, naming(task));
  await settle();
  assertEquals(parts.calls, ["work a", "note b", "redo c"]);
  const answer = await getModern(parts, "w", undefined, { task });
  assertEquals(metaOf(answer).pause_reason, {
    type: "unresolvedDependency",
    blockedStep: "fourth",
    missingOutput: "made",
    producingStep: "first",
    suggestedTool: "work",
  });
  assertEquals(
    told(answer.result).at(-1)!.split("\n\n")[0],
    "assistant: Step 'fourth' depends on output 'made' from step 'first', which did not complete.",
  );
  // Done in the end, in whatever order.
  for (const text of ["a", "d"]) await callModern(parts, "work", { text }, naming(task));
  await settle();
  assertEquals(stepsOf(await getModern(parts, "w", undefined, { task })), {
    first: "completed",
    second: "completed",
    third: "completed",
    fourth: "completed",
    fifth: "completed",
  });
});

verifies("CONT-02", "of fifty calls at once, in two processes, none is lost", async () => {
  const steps = Array.from({ length: 20 }, (_, i) => `s${i}`);
  const many = steps.reduce(
    (chain, name) => chain.step(name, "work").arg("text", output("stop")),
    workflow("many", "do much").task().step("stop", "judge").arg("text", constant("x")).bind("stop"),
  );
  const here = withPipeline();
  const there = withPipeline({ backend: here.backend, runtime: here.runtime, seed: 2 });
  for (const { server } of [here, there]) server.registerWorkflow(many);
  const task = taskOf(await getModern(here, "many"));
  const calls = Array.from({ length: 50 }, (_, i) => {
    const text = `${i} ${"x".repeat(i % 2 === 0 ? 2000 : 1)}`;
    return callModern(i % 3 === 0 ? there : here, "work", { text }, naming(task));
  });
  const answers = await here.runtime.drive(Promise.all(calls));
  const { workflow: { steps: states, extras } } = headOf(here, task);
  assertEquals(states.map(({ status }) => status), ["pending", ...steps.map(() => "completed")]);
  assertEquals(new Set(states.map(({ nonce }) => nonce)).size, 21);
  assertEquals(extras.length, 30);
  const taken = answers.flatMap(({ result }) =>
    ((result._meta as Json)["io.perdure/workflow"] as { step?: string }).step ?? []
  );
  assertEquals(taken.toSorted(), steps.toSorted());
  // Nothing is left of what lost against another and was written again.
  const named = JSON.stringify(headOf(here, task)).match(/"gen":"[^"]*"/g) ?? [];
  const stored = new Set(here.backend.idsOf("payload").map((id) => id.split("/")[1]));
  assertEquals(stored.size, new Set(named).size);
});

Deno.test("a call that becomes a task of its own continues the workflow when it has ended", async () => {
  const { task, ...parts } = await stopped();
  const gate = createGate();
  parts.server.registerTool(
    "slow",
    { inputSchema: z.object({}), task: { support: "optional" } },
    gate.handler,
  );
  parts.server.registerWorkflow(
    workflow("w", "wait").task()
      .step("a", "judge").arg("text", constant("x"))
      .step("b", "slow"),
  );
  const name = taskOf(await getModern(parts, "w"));
  const legacy = await parts.legacy(ADA);
  const asTask = await legacy.createTask("slow", {}, { task: {}, _meta: naming(name) });
  const promoted = parts.modern(ADA).call("slow", {}, { meta: naming(name) });
  await parts.runtime.advance(1500);
  assertEquals((await promoted).result.resultType, "task");
  assertEquals(headOf(parts, name).workflow.steps.map(({ status }) => status), ["pending", "pending"]);
  for (const run of gate.runs) await run.finish("done");
  await settle();
  assertEquals((await legacy.request("tasks/get", { taskId: asTask })).result.status, "completed");
  const { workflow: { steps, extras } } = headOf(parts, name);
  assertEquals([steps.map(({ status }) => status), extras.length], [["pending", "completed"], 1]);
  assertEquals(parts.events, []);
  assertEquals(task.length, 36);
});

Deno.test("a worker records a call that it has ended, and leaves the rest to the server", async () => {
  const parts = withPipeline();
  parts.server.registerTool("far", { task: { support: "required" } });
  parts.server.registerWorkflow(
    workflow("w", "wait").task().step("a", "far").step("b", "work").arg("text", constant("b")),
  );
  const task = taskOf(await getModern(parts, "w"));
  await parts.modern(ADA).createTask("far", {}, { meta: naming(task) });
  const { backend, runtime } = parts;
  const worker = createWorker({
    backend,
    runtime,
    namespace: "test",
    tools: { far: { handler: () => "done" } },
  });
  await runtime.advance(2000);
  assertEquals(headOf(parts, task).workflow.steps.map(({ status }) => status), ["completed", "pending"]);
  assertEquals(metaOf(await getModern(parts, "w", undefined, { task })).task_status, "completed");
  await worker.close();
});

Deno.test("a client ends a workflow with a result of its own, in either revision", async () => {
  const { task, ...parts } = await stopped();
  const legacy = await parts.legacy(ADA);
  const cancelled = await legacy.request("tasks/cancel", {
    taskId: task,
    result: { verdict: "good enough" },
  });
  assertEquals([
    cancelled.result.status,
    (cancelled.result._meta as Json)["io.perdure/workflow.progress"] !== undefined,
  ], [
    "completed",
    true,
  ]);
  const { result } = await legacy.request("tasks/result", { taskId: task });
  assertEquals([result.structuredContent, result.content], [{ verdict: "good enough" }, [{
    type: "text",
    text: '{"verdict":"good enough"}',
  }]]);
  const twice = await legacy.request("tasks/cancel", { taskId: task, result: "x" });
  assertEquals([twice.error.code, twice.error.data?.reason], [-32602, "terminal"]);

  parts.failing.push("prod");
  const other = taskOf(await getModern(parts, "pipeline", SOURCE));
  const modern = parts.modern(ADA);
  assertEquals(
    (await modern.request("tasks/cancel", { taskId: other, result: "done by hand" })).error,
    undefined,
  );
  const poll = await modern.request("tasks/get", { taskId: other });
  assertEquals([poll.result.status, (poll.result.result as Json).content], ["completed", [{
    type: "text",
    text: "done by hand",
  }]]);

  parts.failing.push("prod");
  const third = taskOf(await getModern(parts, "pipeline", SOURCE));
  await modern.request("tasks/cancel", { taskId: third });
  const answer = await getModern(parts, "pipeline", undefined, { task: third });
  assertEquals([metaOf(answer).task_status, told(answer.result).at(-1)], [
    "cancelled",
    "assistant: The workflow was ended before all of its steps were done: it is cancelled.",
  ]);
  // Of a tool's task a client cannot say what it came to.
  parts.server.registerTool("tasked", { task: { support: "required" } }, () => new Promise<never>(() => {}));
  const tool = await modern.createTask("tasked");
  const gone = await legacy.request("tasks/cancel", { taskId: tool, result: { content: [] } });
  assertEquals(gone.result.status, "cancelled");
});
