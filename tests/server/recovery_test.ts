import { sleep } from "../../src/runtime.ts";
import { assertEquals } from "@std/assert";
import { z } from "zod";
import type { McpServer } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

const FORMS = { elicitation: { form: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };
const LEASE = { leaseMs: 30_000 };

/** Two instances of one service over one store and one clock. */
function pair(
  register: (server: McpServer, name: string) => void,
): { readonly a: TestServer; readonly b: TestServer } {
  const a = createTestServer(LEASE);
  const b = {
    ...createTestServer({ ...LEASE, backend: a.backend, runtime: a.runtime, seed: 2 }),
    runtime: a.runtime,
  };
  register(a.server, "a");
  register(b.server, "b");
  return { a, b };
}

const never = () => new Promise<never>(() => {});
const ada = user("ada");

async function statusOf({ modern }: TestServer, taskId: string): Promise<Record<string, unknown>> {
  return (await modern(ada).request("tasks/get", { taskId }, { capabilities: FORMS })).result;
}

Deno.test("a parked task goes on in another instance when its answer comes, with its steps done", async () => {
  const trace: string[] = [];
  const { a, b } = pair((server, name) =>
    server.registerTool(
      "approve",
      { task: { support: "required", repeatable: true } },
      async (_args, ctx) => {
        await ctx.step("prepare", () => void trace.push(`step in ${name}`));
        const go = await ctx.elicit("go", { message: "Go?", schema: z.object({ ok: z.boolean() }) });
        trace.push(`went on in ${name}`);
        return go.action;
      },
    )
  );
  const taskId = await a.modern(ada).createTask("approve", {}, { capabilities: FORMS });
  await a.runtime.advance(11_000);
  await a.runtime.drive(a.server.close());
  assertEquals((await statusOf(b, taskId)).status, "input_required");
  const answer = { go: { action: "accept", content: { ok: true } } };
  await b.modern(ada).request("tasks/update", { taskId, inputResponses: answer }, { capabilities: FORMS });
  await a.runtime.advance(1000);
  const { status, result } = await statusOf(b, taskId);
  assertEquals(status, "completed");
  assertEquals((result as { readonly content: unknown[] }).content, [{ type: "text", text: "accept" }]);
  assertEquals(trace, ["step in a", "went on in b"]);
});

Deno.test("a parked task holds no lease, and costs no attempt", async () => {
  const { a } = pair((server) =>
    server.registerTool("nap", { task: { support: "required", repeatable: true } }, async (_args, ctx) => {
      await ctx.sleep("long", 3_000_000);
      return `attempt ${ctx.attempt}`;
    })
  );
  const taskId = await a.modern(ada).createTask("nap");
  await a.runtime.advance(11_000);
  const { exec } = await (await a.server.tasks.open(ada, taskId)).get();
  assertEquals([exec.phase, exec.attempt, exec.leaseOwner], ["parked", 0, undefined]);
  await a.runtime.advance(3_000_000);
  const { status, result } = await statusOf(a, taskId);
  assertEquals(status, "completed");
  assertEquals((result as { readonly content: unknown[] }).content, [{ type: "text", text: "attempt 1" }]);
});

verifies(
  "lib-I7",
  "a once-tool whose process was lost fails with worker_lost, and is not run again",
  async () => {
    let starts = 0;
    const { a, b } = pair((server) =>
      server.registerTool("once", { task: { support: "required" } }, () => (starts++, never()))
    );
    const taskId = await a.modern(ada).createTask("once");
    await loseProcess(a);
    await a.runtime.advance(40_000);
    const { status, error } = await statusOf(b, taskId);
    assertEquals(status, "failed");
    assertEquals((error as { readonly data: unknown }).data, { reason: "worker_lost" });
    assertEquals(starts, 1);
  },
);

Deno.test("a repeatable tool whose process was lost is run again by whoever is asked about it", async () => {
  const runs: string[] = [];
  const { a, b } = pair((server, name) =>
    server.registerTool("again", { task: { support: "required", repeatable: true } }, (_args, ctx) => {
      runs.push(`${name}${ctx.attempt}`);
      return name === "a" ? never() : Promise.resolve("done");
    })
  );
  const taskId = await a.modern(ada).createTask("again");
  await loseProcess(a);
  await a.runtime.advance(35_500);
  await statusOf(b, taskId);
  await a.runtime.advance(0);
  assertEquals((await statusOf(b, taskId)).status, "completed");
  assertEquals(runs, ["a1", "b2"]);
});

verifies(
  "lib-I7",
  "a tool that takes its process down each time is given up after its attempts",
  async () => {
    let starts = 0;
    const { a, b } = pair((server) =>
      server.registerTool("poison", { task: { support: "required", repeatable: { maxAttempts: 2 } } }, () => {
        starts++;
        return never();
      })
    );
    const taskId = await a.modern(ada).createTask("poison");
    await loseProcess(a);
    await a.runtime.advance(41_000);
    assertEquals(starts, 2);
    await loseProcess(b);
    const c = createTestServer({ ...LEASE, backend: a.backend, runtime: a.runtime, seed: 3 });
    c.server.registerTool("poison", { task: { support: "required", repeatable: { maxAttempts: 2 } } }, never);
    await a.runtime.advance(41_000);
    const { status, error } = await statusOf(c, taskId);
    assertEquals(status, "failed");
    assertEquals((error as { readonly data: unknown }).data, { reason: "attempts_exhausted" });
  },
);

Deno.test("a tool with a backoff of its own waits after its first loss, and is left alone after the third", async () => {
  const backoff = { initialMs: 20_000, maxMs: 20_000, factor: 1 };
  const task = { support: "required", repeatable: { maxAttempts: 9, backoff } } as const;
  let starts = 0;
  const { a, b } = pair((server, name) =>
    server.registerTool("job", { task }, () => (starts++, name === "a" ? never() : "done"))
  );
  const first = await a.modern(ada).createTask("job");
  await loseProcess(a);
  const stored = async () => (await (await b.server.tasks.open(ada, first)).get()).exec;
  let exec = await stored();
  // How long it waits is chance, and may be hardly at all.
  while (exec.phase === "running") {
    await a.runtime.advance(500);
    exec = await stored();
  }
  assertEquals([exec.phase, exec.attempt, starts], ["queued", 1, 1]);
  assertEquals((exec.notBefore ?? 0) > a.runtime.now() - 6000, true);
  await a.runtime.advance(27_000);
  assertEquals([(await statusOf(b, first)).status, starts], ["completed", 2]);
  for (const seed of [3, 4]) {
    const other = createTestServer({ ...LEASE, backend: a.backend, runtime: a.runtime, seed });
    other.server.registerTool("job", { task }, never);
    await other.modern(ada).createTask("job");
    await loseProcess({ ...other, runtime: a.runtime });
    await a.runtime.advance(70_000);
  }
  assertEquals(b.events.map(({ type }) => type), ["claims_paused"]);
});

Deno.test("closing hands repeatable tasks back at once: another instance runs them without a lapsed lease", async () => {
  const { a, b } = pair((server, name) =>
    server.registerTool(
      "job",
      { task: { support: "required", repeatable: true } },
      (_args, ctx) =>
        name === "b" ? "done" : new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason), { once: true });
        }),
    )
  );
  const taskId = await a.modern(ada).createTask("job");
  await a.runtime.drive(a.server.close());
  const { exec } = await (await b.server.tasks.open(ada, taskId)).get();
  assertEquals([exec.phase, exec.attempt], ["queued", 0]);
  await a.runtime.advance(7000);
  assertEquals((await statusOf(b, taskId)).status, "completed");
});

Deno.test("closing lets a once-tool finish within the grace", async () => {
  const { a, b } = pair((server) =>
    server.registerTool("once", { task: { support: "required" } }, async (_args, ctx) => {
      await ctx.sleep("a while", 2000);
      return "done";
    })
  );
  const taskId = await a.modern(ada).createTask("once");
  await a.runtime.drive(a.server.close({ graceMs: 5000 }));
  assertEquals((await statusOf(b, taskId)).status, "completed");
});

for (
  const [what, repeatable, phase] of [["handed back", true, "queued"], [
    "finished",
    undefined,
    "done",
  ]] as const
) {
  Deno.test(`closing waits until what is ${what} is stored`, async () => {
    const { server, backend, runtime, modern } = createTestServer();
    server.registerTool("job", { task: { support: "required", repeatable } }, async (_args, ctx) => {
      await ctx.sleep("a while", 100);
      return "done";
    });
    await modern(ada).createTask("job");
    backend.beforePut = () => sleep(runtime, 500);
    let last: unknown;
    const close = backend.close.bind(backend);
    backend.close = () => {
      last = backend.valuesOf("task")[0]?.exec;
      return close();
    };
    await runtime.drive(server.close());
    assertEquals((last as { readonly phase: string }).phase, phase);
  });
}

verifies("lib-I13", "an expired task is unknown at once, and gone from the store after a scan", async () => {
  const { a } = pair((server) => server.registerTool("job", { task: { support: "required" } }, never));
  const taskId = await a.modern(ada).createTask("job");
  await a.runtime.advance(3_600_000);
  const { error } = await a.modern(ada).request("tasks/get", { taskId });
  assertEquals(error?.code, -32602);
  await a.runtime.advance(7000);
  assertEquals(a.backend.keys().filter(({ kind }) => kind === "task"), []);
});

Deno.test("a question that nobody answers in time ends with its fallback, parked or not", async () => {
  const { a } = pair((server) =>
    server.registerTool("ask", { task: { support: "required", repeatable: true } }, async (_args, ctx) => {
      const question = { message: "Go?", schema: z.object({ ok: z.boolean() }) };
      const answer = await ctx.elicit("go", question, {
        timeoutMs: 60_000,
        fallback: { action: "accept", content: { ok: false } },
      });
      return JSON.stringify(answer);
    })
  );
  const taskId = await a.modern(ada).createTask("ask", {}, { capabilities: FORMS });
  await a.runtime.advance(70_000);
  const { result } = await statusOf(a, taskId);
  const text = JSON.stringify({ action: "accept", content: { ok: false } });
  assertEquals((result as { readonly content: unknown[] }).content, [{ type: "text", text }]);
});

Deno.test("a server that closes refuses new calls, so that none of them is lost, and tells of the others", async () => {
  const { a } = pair((server) => {
    server.registerTool("job", { task: { support: "required" } }, never);
  });
  const session = await a.legacy(ada);
  const taskId = await a.modern(ada).createTask("job");
  const closing = a.server.close({ graceMs: 5000 });
  assertEquals((await statusOf(a, taskId)).status, "working");
  const refused = { reason: "closing", retryAfterMs: 1000 };
  const { error } = await a.unchanged(() => a.modern(ada).call("job"));
  assertEquals([error?.code, error?.data], [-32603, refused]);
  const plain = await a.unchanged(() => session.request("tools/call", { name: "job", task: {} }));
  assertEquals(plain.error?.data, refused);
  await a.runtime.drive(closing);
  const afterwards = await a.modern(ada).request("tasks/get", { taskId });
  assertEquals(afterwards.error?.data, refused);
});

Deno.test("a server that is closed before anyone called it opens nothing afterwards", async () => {
  const { server, backend, runtime } = createTestServer();
  server.registerTool("job", { task: { support: "required" } }, never);
  await server.close();
  let calls = 0;
  backend.due = () => Promise.resolve((calls++, { keys: [] }));
  await runtime.advance(60_000);
  assertEquals(calls, 0);
});

/** The process dies: nothing of it writes any more. */
async function loseProcess({ server, runtime }: TestServer): Promise<void> {
  await runtime.drive(server.close({ graceMs: 1 }));
}
