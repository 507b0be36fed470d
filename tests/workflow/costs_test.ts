/**
 * What a workflow costs in calls of the storage engine, which docs/backends.md promises.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { memory } from "../../backends/memory.ts";
import { constant, workflow } from "../../mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { type CallCounts, FaultyBackend } from "../support/faulty_backend.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { ADA } from "./pipeline.ts";
import { getModern, naming, taskOf, withPipeline } from "./task_tools.ts";

/** A server over an engine whose calls are counted, and which gives no hints. */
function counted() {
  const runtime = new FakeRuntime();
  const backend = new FaultyBackend(memory({ runtime }));
  backend.watch = async function* () {};
  const parts = withPipeline({ backend, runtime });
  const of = async (work: () => Promise<unknown>): Promise<CallCounts> => {
    await runtime.advance(0);
    backend.takeCounts();
    await work();
    await settle();
    return backend.takeCounts();
  };
  return { ...parts, of };
}

/** Steps by their letters: `r` may be repeated, `o` runs once, `x` cannot be run. */
function ofSteps(name: string, letters: string) {
  return [...letters].reduce((chain, letter, i) => {
    const text = constant(`${i}`);
    if (letter === "x") return chain.step(`s${i}`, "judge").arg("text", text);
    return chain.step(`s${i}`, letter === "r" ? "redo" : "work").arg("text", text);
  }, workflow(name, "do it").task() as ReturnType<ReturnType<typeof workflow>["step"]>);
}

verifies("FNDX-04", "what the engine is asked for a workflow of n steps", async () => {
  const parts = counted();
  const cases: [string, number][] = [
    // Create, and one for each step that may be repeated: the last one ends the task.
    ["r", 2],
    ["rrrr", 5],
    // One more for each step that may not.
    ["o", 3],
    ["roro", 7],
    // One more for a stop.
    ["rox", 5],
    ["x", 2],
    ["r".repeat(50), 51],
  ];
  for (const [letters, puts] of cases) {
    parts.server.registerWorkflow(ofSteps(letters, letters));
    assertEquals(await parts.of(() => getModern(parts, letters)), { put: puts }, letters);
  }
});

verifies("FNDX-04", "what the engine is asked for going on with a workflow", async () => {
  const parts = counted();
  parts.server.registerWorkflow(ofSteps("w", "rxrox"));
  const task = taskOf(await getModern(parts, "w"));
  // Read, taken, stopped again.
  assertEquals(await parts.of(() => getModern(parts, "w", undefined, { task })), { get: 1, put: 2 });
  const args = { text: "x", verdict: "good", grade: 1 };
  const call = () => parts.modern(ADA).call("judge", args, { meta: naming(task) });
  // Read, recorded, taken, one step of each kind, stopped again.
  assertEquals(await parts.of(call), { get: 1, put: 1 + 1 + 1 + 2 + 1 });
  // The last step: recorded, and with it the end.
  assertEquals(await parts.of(call), { get: 1, put: 1 });
  // Ended: nothing is recorded any more.
  assertEquals(await parts.of(call), { get: 1 });
  assertEquals(await parts.of(() => getModern(parts, "w", undefined, { task })), { get: 1 });
});
