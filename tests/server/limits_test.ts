import { assertEquals, assertThrows } from "@std/assert";
import { createGate, type Gate } from "../support/gate_tool.ts";
import { type FetchHandler, type Principal, type RepeatOptions, roots } from "../../mod.ts";
import { type Answer, postMessage, readAnswer } from "../support/http_client.ts";
import { type Json, judgeAnswer2025 } from "../support/wire_judge.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

function withGate(options?: TestServerOptions): TestServer & Gate {
  const parts = createTestServer(options);
  const gate = createGate();
  parts.server.registerTool("work", { task: { support: "required" } }, gate.handler);
  return { ...parts, ...gate };
}

async function initialize(fetch: FetchHandler, caller: Principal | undefined): Promise<Answer> {
  const clientInfo = { name: "test-client", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const body = { jsonrpc: "2.0", id: 0, method: "initialize", params };
  const response = await postMessage(
    fetch,
    body,
    caller === undefined ? {} : { authorization: encodeURIComponent(JSON.stringify(caller)) },
  );
  const judge = (message: Json) => judgeAnswer2025(message, { method: "initialize", id: 0 });
  return (await readAnswer(response, () => {}, judge))!;
}

function refused(answers: readonly Answer[]): Answer[] {
  return answers.filter(({ error }) => error !== undefined);
}

verifies(
  ["lib-I10", "T25-208", "T26-240"],
  "activeTasks holds exactly, however many come at once",
  async () => {
    const { legacy, modern, backend } = withGate({ limits: { activeTasks: 3 } });
    const old = await legacy(user("ada"));
    const newer = modern(user("ada"));
    const answers = await Promise.all(
      Array.from(
        { length: 12 },
        (_, i) => i % 2 ? newer.call("work") : old.call("work", undefined, { task: {} }),
      ),
    );
    assertEquals(refused(answers).length, 9);
    for (const { status, error } of refused(answers)) {
      assertEquals([status, error.code, error.data], [200, -32603, {
        reason: "limit",
        limit: "activeTasks",
        retryAfterMs: 1000,
      }]);
    }
    assertEquals(backend.idsOf("task").length, 3);
  },
);

verifies("lib-I10", "tasks that have ended make room, and other owners are not counted", async () => {
  const { legacy, modern, runs, unchanged, runtime } = withGate({ limits: { activeTasks: 2 } });
  const client = modern(user("ada"));
  const old = await legacy(user("ada"));
  const ids = [await client.createTask("work"), await client.createTask("work")];
  await unchanged(() => client.call("work"));
  await modern(user("eve")).createTask("work");
  await runs[0]!.finish("done");
  ids.push(await old.createTask("work"));
  assertEquals((await unchanged(() => old.call("work", undefined, { task: {} }))).error.code, -32603);
  await client.request("tasks/cancel", { taskId: ids[1] });
  await client.createTask("work", undefined);
  assertEquals((await unchanged(() => client.call("work"))).error.code, -32603);
  runtime.jumpWallClock(3_600_000 + 1_200_000);
  await client.createTask("work");
});

Deno.test("createsPerMinute refuses what is over, and tells when it will not be", async () => {
  const { modern, legacy, unchanged, runtime, runs } = withGate({ limits: { createsPerMinute: 4 } });
  const client = modern(user("ada"));
  const old = await legacy(user("ada"));
  for (let i = 0; i < 2; i++) {
    await client.createTask("work");
    await old.createTask("work");
  }
  for (const call of [() => client.call("work"), () => old.call("work", undefined, { task: {} })]) {
    const { status, error } = await unchanged(call);
    assertEquals([status, error.code, error.data], [200, -32603, {
      reason: "limit",
      limit: "createsPerMinute",
      retryAfterMs: 15_000,
    }]);
  }
  assertEquals(runs.length, 4);
  await modern(user("eve")).createTask("work");
  await runtime.advance(15_000);
  await client.createTask("work");
  assertEquals((await client.call("work")).error.code, -32603);
});

Deno.test("a creation that activeTasks refuses does not count for createsPerMinute", async () => {
  const { modern, runs } = withGate({ limits: { activeTasks: 1, createsPerMinute: 3 } });
  const client = modern(user("ada"));
  await client.createTask("work");
  for (let i = 0; i < 10; i++) {
    assertEquals((await client.call("work")).error.data?.limit, "activeTasks");
  }
  await runs[0]!.finish("done");
  await client.createTask("work");
});

Deno.test("a call that activeTasks keeps inline does not count for createsPerMinute", async () => {
  const { server, modern, runs, runtime } = withGate({ limits: { activeTasks: 1, createsPerMinute: 2 } });
  const slow = createGate();
  server.registerTool("slow", { task: { support: "optional" } }, slow.handler);
  const client = modern(user("ada"));
  await client.createTask("work");
  for (let i = 0; i < 3; i++) {
    const call = client.call("slow");
    await runtime.advance(2000);
    await slow.runs[i]!.finish("inline");
    assertEquals((await call).result.resultType, "complete");
  }
  await runs[0]!.finish("done");
  await client.createTask("work");
});

Deno.test("sessionsPerMinute holds for each owner, and stores nothing beyond it", async () => {
  const { server, backend, runtime, unchanged } = createTestServer({ limits: { sessionsPerMinute: 3 } });
  const open = (subject: string) => initialize(server.fetch, user(subject));
  for (let i = 0; i < 3; i++) assertEquals((await open("ada")).result.protocolVersion, "2025-11-25");
  const refused = await unchanged(() => open("ada"));
  assertEquals([refused.status, refused.error.code, refused.error.data], [200, -32603, {
    reason: "limit",
    limit: "sessionsPerMinute",
    retryAfterMs: 20_000,
  }]);
  assertEquals((await open("eve")).error, undefined);
  await runtime.advance(20_000);
  assertEquals((await open("ada")).error, undefined);
  assertEquals(backend.idsOf("session").length, 5);
});

Deno.test("anonymousSessionsPerMinute is shared by all anonymous callers, and leaves the others alone", async () => {
  const { server, unchanged } = createTestServer({
    allowAnonymous: true,
    limits: { anonymousSessionsPerMinute: 2, sessionsPerMinute: 1 },
  });
  for (let i = 0; i < 2; i++) assertEquals((await initialize(server.fetch, undefined)).error, undefined);
  const { error } = await unchanged(() => initialize(server.fetch, undefined));
  assertEquals([error.code, error.data?.limit], [-32603, "anonymousSessionsPerMinute"]);
  assertEquals((await initialize(server.fetch, user("ada"))).error, undefined);
});

Deno.test("anonymous sessions end after an hour without a request, those of principals after a day", async () => {
  const { legacy, runtime, backend } = createTestServer({ allowAnonymous: true });
  const [idle, busy, known] = [await legacy(undefined), await legacy(undefined), await legacy(user("ada"))];
  const dueBefore = backend.valuesOf("session").map(({ createdAt, expiresAt }) =>
    Number(expiresAt) - Number(createdAt)
  );
  assertEquals(dueBefore, [3_600_000, 3_600_000, 86_400_000]);
  for (let i = 0; i < 30; i++) {
    runtime.jumpWallClock(3_000_000);
    assertEquals(await busy.notify("notifications/initialized"), 202);
    assertEquals((await busy.request("ping")).status, 200);
  }
  assertEquals(await idle.notify("notifications/initialized"), 404);
  assertEquals(await known.notify("notifications/initialized"), 404);
  assertEquals(await busy.notify("notifications/initialized"), 202);
});

Deno.test("questions sent on tasks/get leave room in the session, however long their names", async () => {
  const { server, legacy, backend } = createTestServer();
  const name = (i: number) => `${"\u20ac".repeat(120)}${i}`;
  server.registerTool("ask", { task: { support: "required" } }, async (_, ctx) => {
    await ctx.ask(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [name(i), roots()])));
    return "";
  });
  const client = await legacy(user("ada"), {
    capabilities: { roots: {} },
    onRequest: () => ({ error: { code: -1, message: "not now" } }),
  });
  const taskId = await client.createTask("ask");
  const { error } = await client.request("tasks/get", { taskId });
  assertEquals(error, undefined);
  const [session] = backend.valuesOf("session");
  const sent = Object.keys(session?.sent as Json);
  assertEquals(sent.length > 10 && sent.at(-1)?.endsWith("59"), true);
  assertEquals(new TextEncoder().encode(JSON.stringify(session)).length < 10_000, true);
});

Deno.test("anonymousActive holds exactly, however many come at once", async () => {
  const { modern, runs, backend } = withGate({ allowAnonymous: true, limits: { anonymousActive: 3 } });
  const client = modern(undefined);
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.call("work")));
  assertEquals(refused(answers).length, 7);
  for (const { error } of refused(answers)) {
    assertEquals([error.code, error.data], [-32603, {
      reason: "limit",
      limit: "anonymousActive",
      retryAfterMs: 1000,
    }]);
  }
  assertEquals(backend.idsOf("task").length, 3);
  await runs[0]!.finish("done");
  await client.createTask("work");
  assertEquals((await client.call("work")).error.code, -32603);
  await modern(user("ada")).createTask("work");
});

Deno.test("a create that fails leaves its place in anonymousActive free", async () => {
  const { modern, backend } = withGate({ allowAnonymous: true, limits: { anonymousActive: 1 } });
  const client = modern(undefined);
  backend.beforePut = () => {
    throw new Error("disk full");
  };
  assertEquals((await client.call("work")).error.code, -32603);
  backend.beforePut = () => {};
  await client.createTask("work");
});

Deno.test("options out of their bounds are refused by name", () => {
  const bad: [TestServerOptions, string][] = [
    [{ ttlMs: 0 }, "ttlMs"],
    [{ maxTtlMs: -1 }, "maxTtlMs"],
    [{ minTtlMs: 2000, maxTtlMs: 1000 }, "minTtlMs"],
    [{ pollIntervalMs: 1.5 }, "pollIntervalMs"],
    [{ pageSize: Infinity }, "pageSize"],
    [{ leaseMs: NaN }, "leaseMs"],
    [{ inlineMs: -1 }, "inlineMs"],
    [{ inlineMaxMs: 0 }, "inlineMaxMs"],
    [{ limits: { activeTasks: 0 } }, "activeTasks"],
    [{ limits: { streams: -5 } }, "streams"],
    [{ secrets: [] }, "secrets"],
  ];
  for (const [options, field] of bad) {
    let message = "";
    try {
      createTestServer(options);
    } catch (error) {
      message = String(error);
    }
    assertEquals(message.includes(`"${field}"`), true, `${field}: ${message}`);
  }
});

Deno.test("durations of a tool out of their bounds are refused by name", () => {
  const { server } = createTestServer();
  const bad: [string, number][] = [
    ["ttlMs", 0],
    ["pollIntervalMs", 0.5],
    ["inlineMs", -1],
    ["parkAfterMs", NaN],
    ["inputTimeoutMs", Infinity],
  ];
  for (const [field, ms] of bad) {
    const task = { support: "optional", [field]: ms } as const;
    const error = assertThrows(() => server.registerTool("work", { task }, () => ""), RangeError);
    assertEquals(error.message.includes(`"${field}" is ${ms}`), true, error.message);
  }
});

Deno.test("attempts and pauses of a tool out of their bounds are refused by name", () => {
  const { server } = createTestServer();
  const bad: [string, Json][] = [
    ['"maxAttempts" is 0', { maxAttempts: 0 }],
    ['"maxAttempts" is undefined', {}],
    ['"backoff.initialMs" is 0', { maxAttempts: 3, backoff: { initialMs: 0 } }],
    ['"backoff.initialMs" is Infinity', { maxAttempts: 3, backoff: { initialMs: Infinity } }],
    ['"backoff.maxMs" is 1.5', { maxAttempts: 3, backoff: { maxMs: 1.5 } }],
    ['"backoff.factor" is 0.5', { maxAttempts: 3, backoff: { factor: 0.5 } }],
    ['"backoff.factor" is NaN', { maxAttempts: 3, backoff: { factor: NaN } }],
  ];
  for (const [what, repeatable] of bad) {
    const task = { support: "optional", repeatable: repeatable as unknown as RepeatOptions } as const;
    const error = assertThrows(() => server.registerTool("work", { task }, () => ""), RangeError);
    assertEquals(error.message.includes(what), true, error.message);
  }
});
