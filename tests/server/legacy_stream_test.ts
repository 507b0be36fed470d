import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const RELATED = "io.modelcontextprotocol/related-task";
const FORM = { message: "Name?", schema: z.object({ name: z.string() }) };

function withGate(): TestServer & Gate {
  const parts = createTestServer();
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "optional" } }, gate.handler);
  parts.server.registerTool("asking", {
    task: {
      support: "optional",
      prepare: async (_, ctx) => {
        await ctx.progress(1, 4, "asking");
        ctx.log("info", "asking");
        const answer = await ctx.elicit("who", FORM);
        return answer.action === "accept" ? answer.content.name : answer.action;
      },
    },
  }, async (_, ctx) => {
    await ctx.progress(2, 4);
    return `for ${ctx.prepared}`;
  });
  return { ...parts, ...gate };
}

verifies(["T25-065", "T25-170", "T25-172"], "status changes go out on the session's stream", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const stream = await client.listen();
  const done = await client.createTask("work");
  await runs[0]!.finish("fine");
  const message = await stream.next();
  assertEquals(message, {
    jsonrpc: "2.0",
    method: "notifications/tasks/status",
    params: (await client.request("tasks/get", { taskId: done })).result,
  });
  const cancelled = await client.createTask("work");
  await client.request("tasks/cancel", { taskId: cancelled });
  const { params } = (await stream.next()) as { params: Json };
  assertEquals([params.taskId, params.status], [cancelled, "cancelled"]);
  await stream.stop();
});

verifies(["T25-108", "T25-172"], "no other session hears of a task, not even of the same owner", async () => {
  const { legacy, runs } = withGate();
  const ada = await legacy(user("ada"));
  const others = [await legacy(user("ada")), await legacy(user("eve"))];
  const streams = await Promise.all(others.map((client) => client.listen()));
  await ada.createTask("work", undefined, { task: {}, _meta: { progressToken: "p" } });
  await runs[0]!.ctx.progress(1);
  await runs[0]!.finish("fine");
  for (const client of others) assertEquals((await client.bare("DELETE")).status, 204);
  for (const stream of streams) assertEquals(await stream.next(), undefined);
});

Deno.test("a second stream of a session gets nothing twice", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const streams = [await client.listen(), await client.listen()];
  await client.createTask("work");
  await runs[0]!.finish("fine");
  await client.bare("DELETE");
  const messages = await Promise.all(streams.map(async (stream) => {
    let count = 0;
    while (await stream.next() !== undefined) count++;
    return count;
  }));
  assertEquals(messages.toSorted(), [0, 1]);
});

verifies(
  ["T25-091", "T25-065", "T25-240"],
  "the progress token is good before and after CreateTaskResult",
  async () => {
    const { legacy } = withGate();
    const client = await legacy(user("ada"), {
      capabilities: { elicitation: {} },
      onRequest: () => ({ result: { action: "accept", content: { name: "Ada" } } }),
    });
    const stream = await client.listen();
    const { result, sent } = await client.call("asking", undefined, {
      task: {},
      _meta: { progressToken: 7 },
    });
    const { taskId } = result.task as { taskId: string };
    assertEquals(sent.map(({ method }) => method), [
      "notifications/progress",
      "notifications/message",
      "elicitation/create",
    ]);
    assertEquals(sent[0]?.params, { progressToken: 7, progress: 1, total: 4, message: "asking" });
    assertEquals((await stream.next())?.params, {
      progressToken: 7,
      progress: 2,
      total: 4,
      _meta: { [RELATED]: { taskId } },
    });
    assertEquals(((await stream.next())?.params as Json).status, "completed");
    const { result: outcome } = await client.request("tasks/result", { taskId });
    assertEquals(outcome.content, [{ type: "text", text: "for Ada" }]);
    await stream.stop();
  },
);

Deno.test("prepare asks through the request's stream, and each way to answer reaches it", async () => {
  const answers: [Json, string | RegExp][] = [
    [{ result: { action: "accept", content: { name: "Ada" } } }, "for Ada"],
    [{ result: { action: "decline" } }, "for decline"],
    [{ result: { action: "cancel" } }, "for cancel"],
  ];
  for (const [answer, text] of answers) {
    const { legacy } = withGate();
    let asked: Json = {};
    const client = await legacy(user("ada"), {
      capabilities: { elicitation: { form: {} } },
      onRequest: (request) => (asked = request, answer),
    });
    assertEquals((await client.call("asking")).result.content, [{ type: "text", text }]);
    assertEquals(asked.method, "elicitation/create");
    assertMatch(String(asked.id), /^call\//);
  }
});

Deno.test("a refusal, or an answer that fits no form, ends a call before there is a task", async () => {
  for (
    const answer of [{ error: { code: -1, message: "not now" } }, { result: { action: "maybe" } }, {
      result: {},
    }, { result: { action: "accept", content: { name: 7 } } }]
  ) {
    const { legacy, unchanged, runs } = withGate();
    const client = await legacy(user("ada"), {
      capabilities: { elicitation: {} },
      onRequest: () => answer,
    });
    const { error } = await unchanged(() => client.call("asking", undefined, { task: {} }));
    assertEquals(error.code, -32602);
    assertEquals(runs.length, 0);
  }
});

verifies("T25-143", "a client that declared no elicitation is not asked", async () => {
  const { legacy, unchanged } = withGate();
  const client = await legacy(user("ada"));
  const { result, sent } = await unchanged(() => client.call("asking"));
  assertEquals([result.isError, sent.some(({ method }) => method === "elicitation/create")], [true, false]);
});

Deno.test("another session cannot answer a question, and a forged id answers none", async () => {
  const { legacy, server } = withGate();
  server.registerTool("ask", {}, async (_, ctx) => {
    const answer = await ctx.elicit("who", FORM);
    return answer.action === "accept" ? answer.content.name : answer.action;
  });
  const eve = await legacy(user("eve"));
  const client = await legacy(user("ada"), {
    capabilities: { elicitation: {} },
    onRequest: () => ({ result: { action: "accept", content: { name: "Ada" } } }),
  });
  const stolen = client.stolenBy({ authorization: encodeURIComponent(JSON.stringify(user("eve"))) });
  assertEquals((await stolen.request("ping")).status, 404);
  assertEquals((await eve.request("ping")).status, 200);
  assertEquals((await client.call("ask")).result.content, [{ type: "text", text: "Ada" }]);
});

verifies(["T25-092", "T25-241"], "nothing more is said of a task once it has ended", async () => {
  const { legacy, server, runtime } = createTestServer();
  let ctx!: Parameters<Parameters<typeof server.registerTool>[2] & object>[1];
  server.registerTool("stubborn", { task: { support: "required" } }, (_, context) => {
    ctx = context;
    return new Promise(() => {});
  });
  const client = await legacy(user("ada"));
  const stream = await client.listen();
  const taskId = await client.createTask("stubborn", undefined, { task: {}, _meta: { progressToken: 1 } });
  await ctx.progress(1);
  await client.request("tasks/cancel", { taskId });
  await ctx.progress(2).catch(() => {});
  ctx.log("error", "still here");
  await runtime.advance(2000);
  await client.bare("DELETE");
  const methods: unknown[] = [];
  for (let message = await stream.next(); message; message = await stream.next()) {
    methods.push(message.method);
  }
  assertEquals(methods, ["notifications/progress", "notifications/tasks/status"]);
});

verifies("T25-092", "a handler that goes on after its return is not heard", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const stream = await client.listen();
  await client.createTask("work", undefined, { task: {}, _meta: { progressToken: 1 } });
  await runs[0]!.finish("fine");
  await runs[0]!.ctx.progress(2).catch(() => {});
  runs[0]!.ctx.log("error", "still here");
  await client.bare("DELETE");
  assertEquals((await stream.next())?.method, "notifications/tasks/status");
  assertEquals(await stream.next(), undefined);
});

verifies("T25-230", "logging/setLevel decides which messages come", async () => {
  const { legacy, server } = createTestServer();
  server.registerTool("chatty", {}, (_, ctx) => {
    for (
      const level of [
        "debug",
        "info",
        "notice",
        "warning",
        "error",
        "critical",
        "alert",
        "emergency",
      ] as const
    ) {
      ctx.log(level, { level }, "chat");
    }
    return "done";
  });
  const client = await legacy(user("ada"));
  const heard = async () => {
    const { sent } = await client.call("chatty");
    return sent.map(({ params }) => (params as Json).level);
  };
  assertEquals((await heard())[0], "info");
  assertEquals((await client.request("logging/setLevel", { level: "alert" })).result, {});
  assertEquals(await heard(), ["alert", "emergency"]);
  assertEquals((await client.request("logging/setLevel", { level: "debug" })).result, {});
  assertEquals((await heard()).length, 8);
  for (const level of ["loud", 7, null, undefined, "__proto__"]) {
    const { error } = await client.request("logging/setLevel", { level });
    assertEquals([error.code, error.message.includes("level")], [-32602, true]);
  }
});

verifies("T25-065", "log messages of a task name it, on the session's stream", async () => {
  const { legacy, runs } = withGate();
  const client = await legacy(user("ada"));
  const stream = await client.listen();
  const taskId = await client.createTask("work");
  runs[0]!.ctx.log("warning", "careful");
  assertEquals((await stream.next())?.params, {
    level: "warning",
    data: "careful",
    _meta: { [RELATED]: { taskId } },
  });
  await stream.stop();
});

verifies(
  "T25-230",
  "logging/setLevel counts for tasks that run already, and for their session alone",
  async () => {
    const { legacy, runs } = withGate();
    const ada = await legacy(user("ada"));
    const other = await legacy(user("ada"));
    const streams = [await ada.listen(), await other.listen()];
    await ada.createTask("work");
    await other.createTask("work");
    const heard: unknown[] = [];
    for (const level of ["error", "debug", "critical"] as const) {
      await ada.request("logging/setLevel", { level });
      for (const { ctx } of runs) {
        for (const said of ["debug", "info", "error"] as const) ctx.log(said, level);
        ctx.log("emergency", "end");
      }
      for (const stream of streams) {
        const levels: unknown[] = [];
        for (;;) {
          const { params } = (await stream.next()) as { params: Json };
          if (params.data === "end") break;
          levels.push(params.level);
        }
        heard.push(levels);
      }
    }
    const all = ["info", "error"];
    assertEquals(heard, [["error"], all, ["debug", ...all], all, [], all]);
    for (const stream of streams) await stream.stop();
    const again = await ada.listen();
    runs[0]!.ctx.log("error", "low");
    runs[0]!.ctx.log("critical", "high");
    assertEquals(((await again.next()) as { params: Json }).params.data, "high");
    await again.stop();
  },
);

verifies("T25-240", "progress that does not rise is not sent", async () => {
  const { legacy, server } = createTestServer();
  server.registerTool("wavering", {}, async (_, ctx) => {
    for (const done of [1, 3, 2, 3, 4]) await ctx.progress(done);
    return "done";
  });
  const client = await legacy(user("ada"));
  const { sent } = await client.call("wavering", undefined, { _meta: { progressToken: "p" } });
  assertEquals(sent.map(({ params }) => (params as Json).progress), [1, 3, 4]);
  assertEquals((await client.call("wavering")).sent, [], "without a token there is none");
});

Deno.test("streams of one owner are limited, and the next one is told why", async () => {
  const { legacy, server } = createTestServer({ limits: { streams: 2 } });
  server.registerTool("work", {}, () => "");
  const ada = await legacy(user("ada"));
  const second = await legacy(user("ada"));
  const open = [await ada.listen(), await second.listen()];
  const refused = await second.bare("GET");
  const { error } = await refused.json();
  assertEquals(refused.status, 429);
  assertEquals([error.code, error.data], [-32603, { reason: "limit", limit: "streams", retryAfterMs: 1000 }]);
  const eve = await legacy(user("eve"));
  open.push(await eve.listen());
  await open[0]!.stop();
  await settle();
  open.push(await second.listen());
  for (const stream of open) await stream.stop();
});

Deno.test("requests that wait for a task count as streams of their owner", async () => {
  const parts = createTestServer({ limits: { streams: 2 } });
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "optional" } }, gate.handler);
  const client = await parts.legacy(user("ada"));
  const taskId = await client.createTask("work");
  const stream = await client.listen();
  const waiting = client.request("tasks/result", { taskId });
  await settle();
  const { status, error } = await client.request("tasks/result", { taskId });
  assertEquals([status, error.code, error.data], [200, -32603, {
    reason: "limit",
    limit: "streams",
    retryAfterMs: 1000,
  }]);
  await gate.runs[0]!.finish("done");
  await parts.runtime.drive(waiting);
  const next = await client.createTask("work");
  const again = client.request("tasks/result", { taskId: next });
  await settle();
  await client.request("tasks/cancel", { taskId: next });
  assertEquals((await parts.runtime.drive(again)).error.data, { reason: "cancelled" });
  await stream.stop();
});

Deno.test("anonymous streams and waits of both revisions share one limit, and leave those of principals alone", async () => {
  const parts = createTestServer({ allowAnonymous: true, limits: { anonymousStreams: 3, streams: 1 } });
  const { legacy, modern, runtime, unchanged } = parts;
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "optional" } }, gate.handler);
  const [first, second] = [await legacy(undefined), await legacy(undefined)];
  const taskId = await first.createTask("work");
  const stream = await first.listen();
  const subscription = await modern(undefined).send("s", "subscriptions/listen", { notifications: {} });
  const waiting = second.request("tasks/result", { taskId });
  await settle();
  const data = { reason: "limit", limit: "anonymousStreams", retryAfterMs: 1000 };
  await unchanged(async () => {
    const listening = await second.bare("GET");
    assertEquals([listening.status, (await listening.json()).error.data], [429, data]);
    const other = await modern(undefined).send("t", "subscriptions/listen", { notifications: {} });
    assertEquals([other.status, (await other.json()).error.data], [200, data]);
    const result = await first.request("tasks/result", { taskId });
    assertEquals([result.status, result.error.data], [200, data]);
  });
  const known = await (await legacy(user("ada"))).listen();
  await gate.runs[0]!.finish("done");
  await runtime.drive(waiting);
  const again = await second.listen();
  for (const open of [stream, known, again]) await open.stop();
  await subscription.body?.cancel();
});
