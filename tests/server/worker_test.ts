import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createWorker,
  type DispatchedTask,
  LeaseLostError,
  openExternalTasks,
  type Worker,
} from "../../mod.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

const ada = user("ada");

function workerOf({ backend, runtime }: TestServer, name: string, ran: string[]): Worker {
  return createWorker({
    backend,
    runtime,
    namespace: "test",
    tools: {
      render: {
        task: { support: "required", repeatable: true },
        handler: (args, ctx) => {
          ran.push(`${name}:${JSON.stringify(args)}:${ctx.attempt}`);
          return `rendered by ${name}`;
        },
      },
    },
  });
}

async function taskOf({ modern }: TestServer, taskId: string): Promise<Record<string, unknown>> {
  return (await modern(ada).request("tasks/get", { taskId })).result;
}

Deno.test("createWorker() runs the tasks of a tool that the server registered without a handler", async () => {
  const server = createTestServer();
  server.server.registerTool("render", { task: { support: "required" } });
  const ran: string[] = [];
  const taskId = await server.modern(ada).createTask("render");
  await server.runtime.advance(60_000);
  assertEquals((await taskOf(server, taskId)).status, "working");
  const worker = workerOf(server, "w1", ran);
  await server.runtime.advance(1500);
  const { status, result } = await taskOf(server, taskId);
  assertEquals(status, "completed");
  assertEquals((result as { readonly content: unknown }).content, [{ type: "text", text: "rendered by w1" }]);
  assertEquals(ran, ["w1:{}:1"]);
  await server.runtime.drive(worker.close());
});

Deno.test("of several workers exactly one runs a task", async () => {
  const server = createTestServer();
  server.server.registerTool("render", { task: { support: "required" } });
  const ran: string[] = [];
  const workers = ["w1", "w2", "w3"].map((name) => workerOf(server, name, ran));
  for (let i = 0; i < 10; i++) await server.modern(ada).createTask("render");
  await server.runtime.advance(3000);
  assertEquals(ran.length, 10);
  for (const worker of workers) await server.runtime.drive(worker.close());
});

Deno.test("a worker of another namespace touches nothing", async () => {
  const server = createTestServer();
  server.server.registerTool("render", { task: { support: "required" } });
  const { backend, runtime } = server;
  const stranger = createWorker({
    backend,
    runtime,
    namespace: "someone-else",
    tools: { render: { handler: () => "stolen" } },
  });
  const taskId = await server.modern(ada).createTask("render");
  await runtime.advance(10_000);
  assertEquals((await taskOf(server, taskId)).status, "working");
  await runtime.drive(stranger.close());
});

Deno.test("a dispatched task is finished by the engine outside, once", async () => {
  const server = createTestServer();
  const sent: DispatchedTask[] = [];
  server.server.registerTool("print", {
    task: { support: "required", dispatch: (task) => void sent.push(task) },
  });
  const taskId = await server.modern(ada).createTask("print");
  await server.runtime.advance(120_000);
  assertEquals(sent.map((task) => [task.taskId, task.name, task.args, task.epoch]), [[
    taskId,
    "print",
    {},
    0,
  ]]);
  const engine = openExternalTasks({ backend: server.backend, runtime: server.runtime });
  const outcome = { kind: "result", result: { content: [{ type: "text", text: "printed" }] } } as const;
  await engine.finish(sent[0]!, outcome);
  assertEquals((await taskOf(server, taskId)).status, "completed");
  await assertRejects(() => engine.finish(sent[0]!, outcome), LeaseLostError);
});

Deno.test("a result that no client can read is refused where it comes from, and the task goes on", async () => {
  const server = createTestServer();
  const sent: DispatchedTask[] = [];
  server.server.registerTool("print", {
    task: { support: "required", dispatch: (task) => void sent.push(task) },
  });
  const taskId = await server.modern(ada).createTask("print");
  const engine = openExternalTasks({ backend: server.backend, runtime: server.runtime });
  const handle = await server.server.tasks.open(ada, taskId);
  await server.unchanged(async () => {
    for (const result of [{}, { content: [{ type: "text" }] }, { content: [], isError: 1 }]) {
      await assertRejects(() => engine.finish(sent[0]!, { kind: "result", result }), TypeError, "must be");
      await assertRejects(() => handle.complete(result), TypeError, "must be");
    }
  });
  await handle.complete({ content: [{ type: "text", text: "printed" }] });
  assertEquals((await taskOf(server, taskId)).status, "completed");
});

Deno.test("a dispatch that fails is repeated, with the same idempotency key", async () => {
  const server = createTestServer();
  const keys: string[] = [];
  const dispatch = ({ idempotencyKey }: DispatchedTask) => {
    keys.push(idempotencyKey);
    if (keys.length < 3) throw new Error("the queue is away");
  };
  server.server.registerTool("print", { task: { support: "required", dispatch } });
  await server.modern(ada).createTask("print");
  await server.runtime.advance(600_000);
  assertEquals(keys.length, 3);
  assertEquals(new Set(keys).size, 1);
  assert(server.events.some(({ type }) => type === "dispatch_failed"));
});

Deno.test("a task that was cancelled meanwhile refuses the engine's outcome", async () => {
  const server = createTestServer();
  const sent: DispatchedTask[] = [];
  server.server.registerTool("print", {
    task: { support: "required", dispatch: (task) => void sent.push(task) },
  });
  const taskId = await server.modern(ada).createTask("print");
  await server.modern(ada).request("tasks/cancel", { taskId });
  const engine = openExternalTasks({ backend: server.backend, runtime: server.runtime });
  await assertRejects(
    () => engine.finish(sent[0]!, { kind: "rpcError", error: { code: -32603, message: "late" } }),
    LeaseLostError,
  );
  assertEquals((await taskOf(server, taskId)).status, "cancelled");
});
