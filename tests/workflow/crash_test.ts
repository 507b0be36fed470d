/**
 * Processes that die at any put of a workflow, and puts whose outcome nobody hears of.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { memory } from "../../backends/memory.ts";
import { argument, constant, output, type StorageBackend, workflow } from "../../mod.ts";
import type { Answer } from "../support/http_client.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import {
  conflictWithItself,
  FaultyBackend,
  loseReply,
  loseReplyKnowingVersion,
  type PutFault,
  throwBefore,
} from "../support/faulty_backend.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import type { TestServerOptions } from "../support/test_server.ts";
import { ADA, type Json, told } from "./pipeline.ts";
import { getModern, metaOf, naming, taskOf, type TaskToolbox, withPipeline } from "./task_tools.ts";

/** A repeatable step, one that may run once only, another repeatable one, and one that the client has to do. */
const MIXED = workflow("mixed", "do it").task().argument("source", "Where from")
  .step("first", "redo").arg("text", argument("source")).bind("a")
  .step("second", "work").arg("text", output("a")).bind("b")
  .step("third", "redo").arg("text", output("b")).bind("c")
  .step("fourth", "judge").arg("text", output("c"))
  .step("fifth", "note").arg("text", constant("end"));

/** An instance over a store; its calls are counted for itself. */
function instance(
  backend: StorageBackend,
  runtime: FakeRuntime,
  seed: number,
  options: TestServerOptions = {},
): TaskToolbox {
  const parts = withPipeline({ backend, runtime, seed, leaseMs: 30_000, ...options });
  parts.server.registerWorkflow(MIXED);
  return parts;
}

/** What an answer says, but for the id of its task. */
function saidBy(answer: Answer): unknown {
  const { task_id: _id, "io.perdure/taskId": _taskId, ...meta } = metaOf(answer);
  return { meta, messages: told(answer.result) };
}

/** A process that is gone: nothing it asks for is ever answered. */
function gone(): Promise<never> {
  return new Promise(() => {});
}

async function taskIn(backend: StorageBackend, runtime: FakeRuntime): Promise<string | undefined> {
  const { keys } = await backend.due({ before: runtime.now() + 1e9, shard: 0, limit: 10 });
  return keys.find(({ kind }) => kind === "task")?.id;
}

/** Puts of an uninterrupted run: create, first, second begun, second, third, stop. */
const PUTS = 6;

for (const landed of [false, true]) {
  verifies(
    ["EXEC-01", "INTG-04"],
    `a process that dies ${landed ? "behind" : "ahead of"} any of its puts costs no finished step`,
    async () => {
      const clock = new FakeRuntime();
      const whole = instance(memory({ runtime: clock }), clock, 1);
      const expected = saidBy(await getModern(whole, "mixed", { source: "x" }));
      for (let cut = 0; cut < PUTS; cut++) {
        const runtime = new FakeRuntime();
        const engine = memory({ runtime });
        const dying = new FaultyBackend(engine);
        const died = Promise.withResolvers<void>();
        const fault: PutFault = async (put) => {
          if (landed) await put();
          Object.assign(dying, { get: gone, put: gone, due: gone, list: gone, delete: gone });
          died.resolve();
          return await gone();
        };
        dying.onPut("task", ...Array(cut).fill((put: () => Promise<unknown>) => put()), fault);
        const a = instance(dying, runtime, 1);
        getModern(a, "mixed", { source: "x" }).catch(() => {});
        await died.promise;
        await settle();
        const task = await taskIn(engine, runtime);
        assertEquals(task === undefined, cut === 0 && !landed);
        if (task === undefined) continue;
        await runtime.advance(36_000);

        const b = instance(engine, runtime, 2);
        const answer = await getModern(b, "mixed", undefined, { task });
        const calls = [...a.calls, ...b.calls];
        const what = `cut ${cut}: ${calls.join(", ")}`;
        // Begun and not recorded: nobody can know how far it came.
        const isLost = cut === 2 && landed || cut === 3 && !landed;
        if (isLost) {
          const reason = metaOf(answer).pause_reason as Json;
          assertEquals(
            [reason.failedStep, reason.reason, reason.retryable],
            ["second", "worker_lost", false],
            what,
          );
          assertEquals(calls.filter((call) => call.startsWith("redo x!!")), [], what);
        } else {
          assertEquals(saidBy(answer), expected, what);
        }
        assert(calls.filter((call) => call === "work x!").length <= 1, what);
        for (const [step, put] of [["redo x", 1], ["redo x!!", 4]] as const) {
          const isRepeated = cut === put && !landed;
          const isReached = step === "redo x" || !isLost;
          assertEquals(
            calls.filter((call) => call === step).length,
            isReached ? (isRepeated ? 2 : 1) : 0,
            what,
          );
        }
        // Whoever comes later finds the same.
        const again = await getModern(instance(engine, runtime, 3), "mixed", undefined, { task });
        assertEquals(again.result, answer.result, what);
      }
    },
  );
}

verifies(
  "CONT-02",
  "a process that dies behind the record of a call leaves the rest to the next one",
  async () => {
    const runtime = new FakeRuntime();
    const engine = memory({ runtime });
    const dying = new FaultyBackend(engine);
    const a = instance(dying, runtime, 1);
    const task = taskOf(await getModern(a, "mixed", { source: "x" }));
    dying.onPut("task", async (put) => {
      const done = await put();
      Object.assign(dying, { get: gone, put: gone, due: gone, list: gone, delete: gone });
      return done;
    });
    const args = { text: "x", verdict: "good", grade: 1 };
    const { result } = await a.modern(ADA).call("judge", args, { meta: naming(task) });
    assertEquals(((result._meta as Json)["io.perdure/workflow"] as Json).step, "fourth");
    const b = instance(engine, runtime, 2);
    const answer = await getModern(b, "mixed", undefined, { task });
    assertEquals([metaOf(answer).task_status, b.calls], ["completed", ["note end"]]);
  },
);

verifies("EXEC-01", "a prompt that waits for another process takes over when that one is lost", async () => {
  const runtime = new FakeRuntime();
  const engine = memory({ runtime });
  const dying = new FaultyBackend(engine);
  const a = instance(dying, runtime, 1);
  const begun = Promise.withResolvers<void>();
  dying.onPut("task", (put) => put(), (put) => put(), async (put) => {
    const done = await put();
    begun.resolve();
    await gone();
    return done;
  });
  getModern(a, "mixed", { source: "x" }).catch(() => {});
  await begun.promise;
  // Nobody scans: it looks by itself when the lease is over.
  const b = instance(engine, runtime, 2, { autoRecover: false });
  const waiting = getModern(b, "mixed", undefined, { task: (await taskIn(engine, runtime))! });
  await runtime.advance(30_000);
  Object.assign(dying, { get: gone, put: gone, due: gone, list: gone, delete: gone });
  const answer = await runtime.drive(waiting, { limitMs: 10_000 });
  assertEquals((metaOf(answer).pause_reason as Json).reason, "worker_lost");
  assertEquals([...a.calls, ...b.calls], ["redo x"]);
});

const FAULTS: Readonly<Record<string, PutFault>> = {
  throwBefore,
  loseReply,
  loseReplyKnowingVersion,
  conflictWithItself,
};

for (const [name, fault] of Object.entries(FAULTS)) {
  verifies(
    ["CONT-02", "EXEC-01"],
    `no put of a workflow or its continuation counts twice, or is lost, when it ends in ${name}`,
    async () => {
      // Behind the puts of the first run: the record of the call, the next step, the end.
      for (let index = 0; index < PUTS + 4; index++) {
        const runtime = new FakeRuntime();
        const backend = new FaultyBackend(memory({ runtime }));
        backend.onPut("task", ...Array(index).fill((put: () => Promise<unknown>) => put()), fault);
        const parts = instance(backend, runtime, 1);
        const first = await runtime.drive(getModern(parts, "mixed", { source: "x" }));
        const task = taskOf(first);
        const args = { text: "x", verdict: "good", grade: 1 };
        const call = await runtime.drive(parts.modern(ADA).call("judge", args, { meta: naming(task) }));
        assertEquals(((call.result._meta as Json)["io.perdure/workflow"] as Json).step, "fourth");
        await runtime.advance(10_000);
        const { result } = await parts.modern(ADA).request("tasks/get", { taskId: task });
        const what = `put ${index}`;
        assertEquals([result.status, parts.calls], ["completed", [
          "redo x",
          "work x!",
          "redo x!!",
          "judge good",
          "note end",
        ]], what);
        const [head] = (await backend.list({
          owner: (await backend.due({ before: Infinity, shard: 0, limit: 10 })).keys[0]!.owner,
          kind: "task",
          reverse: false,
          limit: 10,
        })).records.map(({ value }) => JSON.parse(new TextDecoder().decode(value)));
        assertEquals([head.workflow.extras, head.workflow.steps.map(({ attempt }: Json) => attempt)], [
          [],
          [1, 1, 1, 1, 1],
        ], what);
        await runtime.drive(parts.server.close());
      }
    },
  );
}

verifies("EXEC-01", "what a step came to waits for a store that is away, and is not run again", async () => {
  const runtime = new FakeRuntime();
  const backend = new FaultyBackend(memory({ runtime }));
  backend.onPut(
    "task",
    ...Array(3).fill((put: () => Promise<unknown>) => put()),
    ...Array(6).fill(throwBefore),
  );
  const parts = instance(backend, runtime, 1);
  const answer = await runtime.drive(getModern(parts, "mixed", { source: "x" }));
  assertEquals((metaOf(answer).pause_reason as Json).type, "schemaMismatch");
  assertEquals(parts.calls, ["redo x", "work x!", "redo x!!"]);
});
