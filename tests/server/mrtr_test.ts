import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import type { Answer } from "../support/http_client.ts";
import type { ModernClient } from "../support/modern_client.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const FORMS = { elicitation: { form: {} } };
const WITH_TASKS = { ...FORMS, extensions: { "io.modelcontextprotocol/tasks": {} } };
const ADA = { action: "accept", content: { text: "Ada" } };
const TEXT = z.object({ text: z.string() });
const inputSchema = z.object({ n: z.number().optional() });

interface Asking extends TestServer {
  /** What the handlers did, in order. */
  readonly trace: string[];
}

function withAsking(options?: TestServerOptions): Asking {
  const parts = createTestServer(options);
  const trace: string[] = [];
  parts.server.registerTool("greet", { inputSchema }, async (_, ctx) => {
    const first = await ctx.elicit("first", { message: "First?", schema: TEXT });
    const step = await ctx.step("step", () => {
      trace.push("step");
      return 1;
    });
    const last = await ctx.elicit("last", { message: "Last?", schema: TEXT });
    trace.push(ctx.taskId);
    return `${first.action} ${step} ${last.action}`;
  });
  parts.server.registerTool("order", {
    inputSchema,
    task: {
      support: "required",
      prepare: async (_, ctx) => {
        const who = await ctx.elicit("who", { message: "Who?", schema: TEXT });
        trace.push("prepared");
        return who.action === "accept" ? who.content.text : who.action;
      },
    },
  }, (_, ctx) => {
    trace.push(`run for ${ctx.prepared}`);
    return `for ${ctx.prepared}`;
  });
  return { ...parts, trace };
}

function retry(
  client: ModernClient,
  name: string,
  round: Answer,
  inputResponses: Json,
  args?: Json,
  capabilities: Json = FORMS,
): Promise<Answer> {
  const { requestState } = round.result;
  return client.call(name, args, { capabilities, params: { requestState, inputResponses } });
}

verifies(
  ["T26-185", "T26-187", "T26-188", "T26-189", "T26-195"],
  "a plain call asks by input_required, and its journal travels with the client",
  async () => {
    const { modern, trace, unchanged } = withAsking({ secrets: ["s".repeat(32)] });
    const client = modern(user("ada"));
    await unchanged(async () => {
      const first = await client.call("greet", undefined, { capabilities: FORMS });
      assertEquals(first.result.resultType, "input_required");
      assertEquals(first.result.inputRequests, {
        first: {
          method: "elicitation/create",
          params: {
            message: "First?",
            requestedSchema: {
              type: "object",
              properties: { text: { type: "string" } },
              required: ["text"],
            },
          },
        },
      });
      const second = await retry(client, "greet", first, { first: ADA });
      assertEquals(Object.keys(second.result.inputRequests as Json), ["last"]);
      const done = await retry(client, "greet", second, { last: { action: "decline" } });
      assertEquals(done.result.content, [{ type: "text", text: "accept 1 decline" }]);
    });
    assertEquals(trace[0], "step");
    assertEquals(trace.length, 2, "a step that has run is not run again");
  },
);

Deno.test("answers without state count as those of a first round, and unknown keys as nothing", async () => {
  const { modern } = withAsking();
  const client = modern(user("ada"));
  const params = { inputResponses: { first: ADA, last: ADA, nobody: { action: "cancel" } } };
  const { result } = await client.call("greet", undefined, { capabilities: FORMS, params });
  assertEquals(result.content, [{ type: "text", text: "accept 1 accept" }]);
});

Deno.test("what an earlier round accepted is not overwritten", async () => {
  const { modern } = withAsking();
  const client = modern(user("ada"));
  const first = await client.call("greet", undefined, { capabilities: FORMS });
  const second = await retry(client, "greet", first, { first: ADA });
  const done = await retry(client, "greet", second, { first: { action: "cancel" }, last: ADA });
  assertEquals(done.result.content, [{ type: "text", text: "accept 1 accept" }]);
});

Deno.test("a round without the missing answer asks again", async () => {
  const { modern } = withAsking();
  const client = modern(user("ada"));
  const first = await client.call("greet", undefined, { capabilities: FORMS });
  const again = await retry(client, "greet", first, { other: ADA });
  assertEquals(again.result.inputRequests, first.result.inputRequests);
});

verifies("T26-190", "a kind of input that this request does not declare is -32021", async () => {
  const { modern, unchanged } = withAsking({ secrets: ["s".repeat(32)] });
  const client = modern(user("ada"));
  const { status, error } = await unchanged(() => client.call("greet", undefined, { capabilities: {} }));
  assertEquals([status, error.code], [400, -32021]);
});

verifies(
  "T26-191",
  "a state that was changed, or belongs to other calls or callers, is refused alike",
  async () => {
    const { modern, unchanged } = withAsking({ allowAnonymous: true });
    const client = modern(user("ada"));
    const first = await client.call("greet", { n: 1 }, { capabilities: FORMS });
    const state = String(first.result.requestState);
    const [iv = "", body = ""] = state.split(".");
    const flip = (text: string) =>
      (text[5] === "A" ? text.slice(0, 5) + "B" : text.slice(0, 5) + "A") + text.slice(6);
    const attempts: [ModernClient, string, Json, string][] = [
      ...["", "x", ".", `${flip(iv)}.${body}`, `${iv}.${flip(body)}`, `${state}A`, `${iv}.`, body].map(
        (text): [ModernClient, string, Json, string] => [client, "greet", { n: 1 }, text],
      ),
      [client, "greet", { n: 2 }, state],
      [client, "greet", {}, state],
      [client, "order", { n: 1 }, state],
      [modern(user("eve")), "greet", { n: 1 }, state],
      [modern({ clientId: "ada" }), "greet", { n: 1 }, state],
      [modern(undefined), "greet", { n: 1 }, state],
    ];
    const messages = new Set<string>();
    for (const [caller, name, args, requestState] of attempts) {
      const { error } = await unchanged(() =>
        caller.call(name, args, {
          capabilities: WITH_TASKS,
          params: { requestState, inputResponses: { first: ADA } },
        })
      );
      assertEquals([error.code, error.data], [-32602, { reason: "state" }], requestState.slice(0, 20));
      messages.add(error.message);
    }
    assertEquals(messages.size, 1);
    const good = await retry(client, "greet", first, { first: ADA }, { n: 1 });
    assertEquals(good.result.resultType, "input_required");
  },
);

verifies("T26-191", "a state expires", async () => {
  const { modern, runtime } = withAsking();
  const client = modern(user("ada"));
  const first = await client.call("greet", undefined, { capabilities: FORMS });
  runtime.jumpWallClock(599_999);
  assertEquals((await retry(client, "greet", first, { first: ADA })).result.resultType, "input_required");
  runtime.jumpWallClock(1);
  assertEquals((await retry(client, "greet", first, { first: ADA })).error.data, { reason: "state" });
});

Deno.test("anonymous callers can be asked, too", async () => {
  const { modern } = withAsking({ allowAnonymous: true });
  const client = modern(undefined);
  const first = await client.call("greet", undefined, { capabilities: FORMS });
  const second = await retry(client, "greet", first, { first: ADA });
  const done = await retry(client, "greet", second, { last: ADA });
  assertEquals(done.result.content, [{ type: "text", text: "accept 1 accept" }]);
});

for (const caller of [user("ada"), undefined]) {
  Deno.test(`states too large to travel count for createsPerMinute of ${caller ? "their owner" : "all strangers"}`, async () => {
    const { modern, backend, unchanged, runtime } = withAsking({
      allowAnonymous: true,
      limits: { createsPerMinute: 2 },
    });
    const client = modern(caller);
    const inputResponses = { first: { action: "accept", content: { text: "x".repeat(20_000) } } };
    const ask = () => client.call("greet", undefined, { capabilities: FORMS, params: { inputResponses } });
    for (let i = 0; i < 2; i++) assertEquals((await ask()).result.resultType, "input_required");
    assertEquals(backend.idsOf("payload").length, 2);
    const { error } = await unchanged(ask);
    assertEquals([error.code, error.data?.limit], [-32603, "createsPerMinute"]);
    await runtime.advance(30_000);
    assertEquals((await ask()).result.resultType, "input_required");
  });
}

Deno.test("the state shows its bearer nothing of what is in it", async () => {
  const { modern } = withAsking();
  const client = modern(user("ada"));
  const first = await client.call("greet", undefined, { capabilities: FORMS });
  const second = await retry(client, "greet", first, {
    first: { action: "accept", content: { text: "hunter2" } },
  });
  const state = String(second.result.requestState);
  const decoded = state.split(".").map((part) => atob(part.replaceAll("-", "+").replaceAll("_", "/"))).join();
  assert(!decoded.includes("hunter2") && !state.includes("hunter2"));
});

verifies(
  "T26-185",
  "prepare asks before there is a task, and the task starts with what it returned",
  async () => {
    const { modern, unchanged, trace, backend } = withAsking({ secrets: ["s".repeat(32)] });
    const client = modern(user("ada"));
    const first = await unchanged(() => client.call("order", undefined, { capabilities: WITH_TASKS }));
    assertEquals(Object.keys(first.result.inputRequests as Json), ["who"]);
    assertEquals(trace, []);
    const { result } = await retry(client, "order", first, { who: ADA }, undefined, WITH_TASKS);
    assertEquals([result.resultType, result.status], ["task", "working"]);
    assertEquals(trace, ["prepared", "run for Ada"]);
    assertEquals(backend.idsOf("task"), [result.taskId]);
    const got = (await client.request("tasks/get", { taskId: result.taskId })).result;
    assertEquals((got.result as Json).content, [{ type: "text", text: "for Ada" }]);
  },
);

Deno.test("an answer that fits no form ends the round with -32602 before there is a task", async () => {
  const { modern, unchanged } = withAsking({ secrets: ["s".repeat(32)] });
  const client = modern(user("ada"));
  const first = await client.call("order", undefined, { capabilities: WITH_TASKS });
  for (
    const who of [{ action: "maybe" }, {}, { action: "accept", content: { text: 7 } }, { action: "accept" }]
  ) {
    const { error } = await unchanged(() => retry(client, "order", first, { who }, undefined, WITH_TASKS));
    assertEquals(error.code, -32602, JSON.stringify(error));
  }
  assertEquals(
    (await retry(client, "order", first, { who: ADA }, undefined, WITH_TASKS)).result.resultType,
    "task",
  );
});

verifies("T26-194", "a last round that comes twice makes one task, and starts one run", async () => {
  const { modern, trace, backend, runtime } = withAsking();
  const client = modern(user("ada"));
  const first = await client.call("order", undefined, { capabilities: WITH_TASKS });
  const twice = await runtime.drive(
    Promise.all([1, 2].map(() => retry(client, "order", first, { who: ADA }, undefined, WITH_TASKS))),
  );
  assertEquals(backend.idsOf("task").length, 1);
  assertEquals(trace.filter((text) => text.startsWith("run")).length, 1);
  const late = await retry(client, "order", first, { who: { action: "cancel" } }, undefined, WITH_TASKS);
  const [taskId] = backend.idsOf("task");
  for (const { result } of [...twice, late]) {
    assertEquals(
      [result.resultType, result.taskId],
      ["task", taskId],
      "who lost the first answer gets the same",
    );
  }
  assertEquals(backend.idsOf("task").length, 1);
});

Deno.test("a round that is sent twice and becomes slow makes one task", async () => {
  const { modern, server, backend, runtime } = withAsking();
  const keys: string[] = [];
  server.registerTool("slow", { task: { support: "optional" } }, async (_, ctx) => {
    keys.push(ctx.idempotencyKey);
    await ctx.elicit("first", { message: "First?", schema: TEXT });
    await ctx.sleep("long", 5000);
    return "done";
  });
  const client = modern(user("ada"));
  const first = await client.call("slow", undefined, { capabilities: WITH_TASKS });
  const again = () => retry(client, "slow", first, { first: ADA }, undefined, WITH_TASKS);
  const answers = await runtime.drive(Promise.all([again(), again()]));
  const [taskId] = backend.idsOf("task");
  assertEquals(answers.map(({ result }) => result.taskId), [taskId, taskId]);
  await runtime.advance(10_000);
  assertEquals(backend.valuesOf("task").map(({ status }) => status), ["completed"]);
  // Until one of them is a task, both run: what they pass on says that they are the same call.
  assertEquals([keys.length, new Set(keys).size], [3, 1]);
});

verifies("lib-I12", "a last round that comes again once its task is gone revives no task", async () => {
  const { modern, trace, runtime, backend } = withAsking({ ttlMs: 60_000 });
  const client = modern(user("ada"));
  const first = await client.call("order", undefined, { capabilities: WITH_TASKS });
  const made = await retry(client, "order", first, { who: ADA }, undefined, WITH_TASKS);
  const taskId = String(made.result.taskId);
  runtime.jumpWallClock(60_000);
  await backend.delete(backend.keys().filter(({ id }) => id === taskId));
  const { error } = await retry(client, "order", first, { who: ADA }, undefined, WITH_TASKS);
  assertEquals(error.data, { reason: "state" });
  assertEquals(trace.filter((text) => text.startsWith("run")).length, 1);
});
