/**
 * Workflows with a task: created, run, stopped with a reason, handed over, gone on with.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { argument, constant, field, output, ToolError, variable, workflow } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { user } from "../support/test_server.ts";
import { ADA, type Json, told } from "./pipeline.ts";
import { getModern, metaOf, naming, stepsOf, taskOf, withPipeline } from "./task_tools.ts";

const SOURCE = { source: "prod" };

verifies(
  ["FNDX-01", "INTG-04"],
  "a workflow prompt creates a task of its own, and completes it",
  async () => {
    const parts = withPipeline();
    const answer = await getModern(parts, "pipeline", SOURCE);
    assertEquals(parts.calls, ["work prod", "work prod!", "redo prod!!"]);
    const taskId = taskOf(answer);
    assertEquals(metaOf(answer), {
      task_id: taskId,
      task_status: "completed",
      steps: ["fetch", "transform", "store"].map((name) => ({ name, status: "completed" })),
      remaining_steps: [],
      "io.perdure/taskId": taskId,
    });
    assertEquals(told(answer.result).at(-1), "user: Tool result:\n```\nprod!!!\n```");
    const { result } = await parts.modern(ADA).request("tasks/get", { taskId });
    assertEquals([result.status, (result.result as Json).structuredContent], [
      "completed",
      { completed: true, steps_completed: 3 },
    ]);
    const stolen = await parts.modern(user("eve")).request("tasks/get", { taskId });
    assertEquals(stolen.error.data?.reason, "not_found");
  },
);

verifies(
  ["EXEC-01", "FNDX-04"],
  "each step is stored before the next one starts, and a once-only one is marked before it starts",
  async () => {
    const parts = withPipeline();
    const seen: string[] = [];
    const statuses = () => {
      const [head] = parts.backend.valuesOf("task");
      const { steps } = head!.workflow as { steps: { status: string }[] };
      return steps.map(({ status }) => status[0]).join("");
    };
    for (const repeatable of [false, true]) {
      const task = repeatable ? { support: "optional", repeatable } as const : undefined;
      parts.server.registerTool(`look_${repeatable}`, { task }, () => {
        seen.push(statuses());
        return "seen";
      });
    }
    parts.server.registerWorkflow(
      workflow("w", "look around").task()
        .step("a", "look_false").step("b", "look_true").step("c", "look_false").step("d", "look_false")
        .retryable(),
    );
    await getModern(parts, "w");
    // Of a step that may be called again nothing is stored before it is done.
    assertEquals(seen, ["rppp", "cppp", "ccrp", "cccp"]);
  },
);

verifies(
  ["HAND-01", "HAND-02", "HAND-03", "EXEC-02", "EXEC-03"],
  "a step that fails stops the workflow, and the rest is handed over",
  async () => {
    const parts = withPipeline();
    parts.failing.push("prod");
    const answer = await getModern(parts, "pipeline", SOURCE);
    const taskId = taskOf(answer);
    assertEquals(metaOf(answer), {
      task_id: taskId,
      task_status: "working",
      steps: [
        { name: "fetch", status: "failed" },
        { name: "transform", status: "pending" },
        { name: "store", status: "pending" },
      ],
      pause_reason: {
        type: "toolError",
        failedStep: "fetch",
        error: "prod is out of order",
        retryable: true,
        suggestedTool: "work",
      },
      remaining_steps: [
        {
          name: "fetch",
          tool: "work",
          arguments: { text: "prod" },
          guidance: 'Mind "prod".',
          for_client: true,
        },
        {
          name: "transform",
          tool: "work",
          arguments: {},
          placeholders: { text: "<output from raw>" },
          for_client: false,
        },
        {
          name: "store",
          tool: "redo",
          arguments: {},
          placeholders: { text: "<output from made>" },
          for_client: false,
        },
      ],
      "io.perdure/taskId": taskId,
    });
    const messages = told(answer.result);
    assertEquals(messages.slice(2), [
      'assistant: Mind "prod".',
      'assistant: Calling tool \'work\' with parameters:\n```json\n{\n  "text": "prod"\n}\n```',
      "user: Error executing tool:\n```\nprod is out of order\n```",
      [
        "assistant: Step 'fetch' failed: prod is out of order. This step is retryable.",
        "To continue the workflow, make these tool calls:",
        '1. Call work with {"text":"prod"}\n   Note: Mind "prod".',
        "Once these calls have come with the task of this workflow, the server goes on by itself with what follows; " +
        "otherwise, make these tool calls too:",
        '2. Call work with {"text":"<output from raw>"}\n3. Call redo with {"text":"<output from made>"}',
      ].join("\n\n"),
    ]);
    assert(!messages.join("").includes(taskId));
    const { result } = await parts.modern(ADA).request("tasks/get", { taskId });
    assertEquals([result.status, result.statusMessage], [
      "working",
      "Step 'fetch' failed: prod is out of order",
    ]);
    assertEquals((result._meta as Json)["io.perdure/workflow.pause_reason"], metaOf(answer).pause_reason);
  },
);

Deno.test("the prompt with the task tries a retryable step again, and tells as if it had never failed", async () => {
  const parts = withPipeline();
  const whole = told((await getModern(parts, "pipeline", SOURCE)).result);
  parts.failing.push("prod", "prod");
  const first = await getModern(parts, "pipeline", SOURCE);
  const task = taskOf(first);
  const second = await getModern(parts, "pipeline", SOURCE, { task });
  assertEquals(second.result, first.result);
  const third = await getModern(parts, "pipeline", undefined, { task });
  assertEquals(metaOf(third).task_status, "completed");
  assertEquals(told(third.result), whole);
  const again = await getModern(parts, "pipeline", SOURCE, { task });
  assertEquals(again.result, third.result);
  assertEquals(parts.calls.slice(3), ["work prod", "work prod", "work prod", "work prod!", "redo prod!!"]);
});

Deno.test("a failure that cannot be tried again stays one, whoever asks for the prompt", async () => {
  const parts = withPipeline();
  parts.failing.push("prod!");
  const first = await getModern(parts, "pipeline", SOURCE);
  assertEquals(stepsOf(first), { fetch: "completed", transform: "failed", store: "pending" });
  const messages = told(first.result);
  // The step itself is not handed over: the client decides whether to go on without.
  assertEquals(
    messages.at(-1),
    "assistant: Step 'transform' failed: prod! is out of order.\n\n" +
      'To continue the workflow, make these tool calls:\n\n1. Call redo with {"text":"<output from made>"}',
  );
  const again = await getModern(parts, "pipeline", undefined, { task: taskOf(first) });
  assertEquals(again.result, first.result);
  assertEquals(parts.calls, ["work prod", "work prod!"]);
});

Deno.test("every stop has a reason with what is missing, and nothing of its step is run", async () => {
  const parts = withPipeline();
  parts.server.registerTool("away", { task: { support: "required" } });
  const reasons: Record<string, unknown> = {};
  const texts: Record<string, string> = {};
  const base = () =>
    workflow("x", "stop").task().argument("who", "Who").argument("maybe", "Maybe", { required: false })
      .step("made", "shape").arg("n", constant(1)).bind("made");
  const stops = {
    param: base().step("s", "judge").arg("text", field("made", "rows.0.name")).arg("grade", constant(1)).arg(
      "verdict",
      variable("verdict"),
    ),
    schema: base().step("s", "judge").arg("text", argument("who")).arg("verdict", argument("maybe")),
    type: base().step("s", "shape").arg("n", argument("who")),
    resource: base().step("s", "note").arg("text", argument("who")).resource("docs://all/gone"),
    only: base().step("s").resource("docs://all/bytes"),
    elsewhere: base().step("s", "away"),
    late: base().step("s", "note").arg("text", argument("who")).bind("own").resource("docs://all/{x}")
      .template("x", constant("gone")),
  };
  for (const [name, builder] of Object.entries(stops)) {
    parts.server.registerWorkflow({ ...builder.build(), name });
    const answer = await getModern(parts, name, { who: "Ada" });
    reasons[name] = metaOf(answer).pause_reason;
    texts[name] = told(answer.result).at(-1)!.split("\n\n")[0]!;
    assertEquals(stepsOf(answer), { made: "completed", s: "pending" }, name);
    assertEquals(metaOf(answer).task_status, "working");
  }
  assertEquals(parts.calls.filter((call) => !/^shape 1$|^read/.test(call)), []);
  assertEquals(reasons, {
    param: {
      type: "unresolvableParams",
      blockedStep: "s",
      missingParam: "text",
      missing: [
        {
          parameter: "text",
          message: 'the output "made" has no field "rows.0.name": the object has no "name"',
        },
        { parameter: "verdict", message: 'the variable "verdict" is not set' },
      ],
      suggestedTool: "judge",
    },
    schema: {
      type: "schemaMismatch",
      blockedStep: "s",
      missingFields: ["verdict", "grade"],
      suggestedTool: "judge",
    },
    type: {
      type: "schemaMismatch",
      blockedStep: "s",
      missingFields: [],
      message: (reasons.type as Json).message,
      suggestedTool: "shape",
    },
    resource: {
      type: "resourceError",
      blockedStep: "s",
      uri: "docs://all/gone",
      error: "There is no such resource",
      suggestedTool: "note",
    },
    only: { type: "resourceError", blockedStep: "s", uri: "docs://all/bytes", error: "it holds no text" },
    elsewhere: {
      type: "toolUnavailable",
      blockedStep: "s",
      message: 'Tool "away" has no handler in this process',
      suggestedTool: "away",
    },
    late: {
      type: "resourceError",
      blockedStep: "s",
      uri: "docs://all/gone",
      error: "There is no such resource",
      suggestedTool: "note",
    },
  });
  assertStringIncludes((reasons.type as { message: string }).message, 'Invalid arguments for tool "shape"');
  assertEquals(
    texts.param,
    "assistant: Could not resolve parameter 'text' for step 's'. In all: text: the output " +
      '"made" has no field "rows.0.name": the object has no "name"; verdict: the variable "verdict" is not set.',
  );
  assertEquals(texts.schema, "assistant: Step 's' has missing required fields: {verdict, grade}.");
  assertEquals(
    texts.resource,
    "assistant: Step 's' could not read resource \"docs://all/gone\": There is no such resource.",
  );
});

Deno.test("a resource behind a tool is read again, the tool is not run again", async () => {
  const parts = withPipeline();
  const { server, calls } = parts;
  let isThere = false;
  server.registerResource("late", "late://{x}", {}, (uri) => {
    calls.push(`read ${uri}`);
    return isThere ? "here it is" : undefined;
  });
  server.registerWorkflow(
    workflow("w", "read behind").task()
      .step("s", "work").arg("text", constant("x")).bind("own").resource("late://{name}").template(
        "name",
        output("own"),
      )
      .step("t", "work").arg("text", output("own")),
  );
  const first = await getModern(parts, "w");
  assertEquals(stepsOf(first), { s: "pending", t: "pending" });
  // The tool is not to be called again: there are only resources left.
  assertEquals(metaOf(first).pause_reason, {
    type: "resourceError",
    blockedStep: "s",
    uri: "late://x!",
    error: "There is no such resource",
  });
  assertEquals((metaOf(first).remaining_steps as Json[])[0], {
    name: "s",
    arguments: {},
    resources: ["late://{name}"],
    for_client: true,
  });
  isThere = true;
  const second = await getModern(parts, "w", undefined, { task: taskOf(first) });
  assertEquals(stepsOf(second), { s: "completed", t: "completed" });
  assertEquals(calls, ["work x", "read late://x!", "read late://x!", "work x!"]);
  assertEquals(told(second.result).slice(2, 5), [
    'assistant: Calling tool \'work\' with parameters:\n```json\n{\n  "text": "x"\n}\n```',
    "user: Tool result:\n```\nx!\n```",
    "user: Resource content from late://x!:\n```\nhere it is\n```",
  ]);
});

Deno.test("only the owner gets on with a workflow, by its own prompt and with its own arguments", async () => {
  const parts = withPipeline();
  parts.failing.push("prod");
  parts.server.registerWorkflow(
    workflow("other", "do else").task().step("s", "work").arg("text", constant("x")),
  );
  const task = taskOf(await getModern(parts, "pipeline", SOURCE));
  await parts.unchanged(async () => {
    const eve = await parts.modern(user("eve")).request("prompts/get", {
      name: "pipeline",
      arguments: SOURCE,
    }, {
      meta: naming(task),
    });
    const other = await getModern(parts, "other", undefined, { task });
    const unknown = await getModern(parts, "pipeline", SOURCE, { task: "x".repeat(36) });
    assertEquals(
      [eve.error, other.error, unknown.error].map(({ data }) => data?.reason),
      Array(3).fill("not_found"),
    );
    assertEquals(eve.error, unknown.error);
    const changed = await getModern(parts, "pipeline", { source: "test" }, { task });
    assertEquals(changed.error.code, -32602);
  });
  const bad = await getModern(parts, "pipeline", {});
  assertEquals(bad.error.code, -32602);
  assertEquals(parts.backend.idsOf("task").length, 1);
});

verifies("INTG-02", "a workflow without a task stores nothing, and says nothing of tasks", async () => {
  const parts = withPipeline();
  parts.server.registerWorkflow(workflow("plain", "do").step("s", "work").arg("text", constant("x")));
  await parts.unchanged(async () => {
    const { result } = await getModern(parts, "plain", undefined, { task: "x".repeat(36) });
    assertEquals(Object.keys(result).toSorted(), ["_meta", "description", "messages", "resultType"]);
    assertEquals(Object.keys(result._meta as Json), ["io.modelcontextprotocol/serverInfo"]);
  });
});

Deno.test("where no task can be made, the prompt is served without one", async () => {
  const parts = withPipeline({ limits: { activeTasks: 1 } });
  parts.failing.push("one");
  const first = await getModern(parts, "pipeline", { source: "one" });
  assertEquals(metaOf(first).task_status, "working");
  const second = await getModern(parts, "pipeline", { source: "two" });
  assertEquals(metaOf(second), {});
  assertEquals(told(second.result).length, 9);
  assertEquals(parts.events.map(({ type }) => type), ["workflow_without_task"]);
});

Deno.test("a workflow reports its steps as progress, and stores none of it", async () => {
  const parts = withPipeline();
  parts.server.registerTool("slow", {}, async (_, ctx) => {
    await ctx.progress(1, 2, "half");
    return "slow";
  });
  parts.server.registerWorkflow(workflow("w", "go").task().step("a", "slow").step("b", "slow"));
  const { sent } = await parts.modern(ADA).request("prompts/get", { name: "w" }, {
    meta: { progressToken: "p" },
  });
  assertEquals(sent.map(({ params }) => (params as Json).progress), [0, 0.5, 1, 1.5, 2]);
  assertEquals((sent[1]!.params as Json).message, "Step 1/2: a: half");
  await settle();
});

Deno.test("a workflow that has other steps by now is not gone on with, and its calls are recorded all the same", async () => {
  const before = withPipeline();
  const after = withPipeline({ backend: before.backend, runtime: before.runtime, seed: 2 });
  const first = workflow("w", "change").task().step("a", "judge").arg("text", constant("x"));
  before.server.registerWorkflow(first.step("b", "work").arg("text", constant("b")));
  after.server.registerWorkflow(first.step("c", "work").arg("text", constant("c")));
  const task = taskOf(await getModern(before, "w"));
  await before.unchanged(async () => {
    const answer = await getModern(after, "w", undefined, { task });
    assertEquals(metaOf(answer).pause_reason, { type: "workflowChanged", nextStep: "a" });
    assertEquals((metaOf(answer).remaining_steps as Json[]).map(({ name, tool }) => [name, tool]), [
      ["a", "judge"],
      ["b", "work"],
    ]);
  });
  const args = { text: "x", verdict: "good", grade: 1 };
  await after.modern(ADA).call("judge", args, { meta: naming(task) });
  await settle();
  assertEquals([before.calls, after.calls], [[], ["judge good"]]);
  const done = await getModern(before, "w", undefined, { task });
  assertEquals([metaOf(done).task_status, before.calls], ["completed", ["work b"]]);
});

Deno.test("what a failed try has recorded does not make the next one fail, and is for the same thing", async () => {
  const parts = withPipeline();
  const keys: string[] = [];
  parts.server.registerTool("flaky", {}, async (_, ctx) => {
    keys.push(ctx.idempotencyKey);
    return await ctx.step("send", () => {
      if (keys.length === 1) throw new ToolError("no network");
      return `sent at try ${keys.length}`;
    });
  });
  parts.server.registerWorkflow(workflow("w", "send").task().step("s", "flaky").retryable());
  const task = taskOf(await getModern(parts, "w"));
  const answer = await getModern(parts, "w", undefined, { task });
  assertEquals(told(answer.result).at(-1), "user: Tool result:\n```\nsent at try 2\n```");
  assertEquals(new Set(keys).size, 1);
});
