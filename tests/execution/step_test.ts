import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  JournalReader,
  ReplayMismatchError,
  roots,
  StepError,
  type TaskContext,
  ToolError,
} from "../../src/execution/mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestStore } from "../support/sample_tasks.ts";
import { runAgain, startInline, startTask, textOf } from "./harness.ts";

verifies("lib-I7", "A step runs once, and a later attempt gets what it returned", async () => {
  const runs: number[] = [];
  const handler = async (
    _args: unknown,
    ctx: { step: (name: string, fn: () => unknown) => Promise<unknown> },
  ) => {
    const value = await ctx.step("fetch", () => {
      runs.push(1);
      return { at: runs.length };
    });
    return JSON.stringify(value);
  };
  const task = await startTask(async (args, ctx) => {
    await handler(args, ctx);
    await new Promise(() => {});
  });
  await task.runtime.advance(0);
  const again = await runAgain(task, handler);
  assertEquals([textOf(await again.settled), runs], ['{"at":1}', [1]]);
});

Deno.test("A step gives back the decoded JSON of its value on its first run too", async () => {
  const seen: unknown[] = [];
  const call = startInline(async (_args, ctx) => {
    seen.push(await ctx.step("date", () => new Date(0)));
    seen.push(await ctx.step("map", () => ({ m: new Map([[1, 2]]), u: undefined, n: NaN })));
    seen.push(await ctx.step("nothing", () => {}));
    const original = { list: [1] };
    seen.push(await ctx.step("same", () => original) === original as unknown);
    return "";
  });
  await call.settled;
  assertEquals(seen, ["1970-01-01T00:00:00.000Z", { m: {}, n: null }, null, false]);
});

verifies(
  "lib-I7",
  "Steps of one name are told apart by the order of their calls, in Promise.all too",
  async () => {
    const on = createTestStore();
    const task = await startTask(async (_args, ctx) => {
      const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
      const all = Promise.all(gates.map((gate, i) => ctx.step("s", () => gate.promise.then(() => i))));
      // They finish in the opposite order.
      for (const gate of gates.toReversed()) {
        gate.resolve();
        await new Promise<void>((resolve) => on.runtime.setTimer(1, resolve));
      }
      await all;
      await new Promise(() => {});
    }, { on });
    await task.runtime.advance(10);
    const { journal } = await task.stored();
    assertEquals(journal.entries.map(({ key }) => key), ["s#3", "s#2", "s"]);
    const again = await runAgain(task, async (_args, ctx) => {
      return (await Promise.all(["x", "y", "z"].map((value) => ctx.step("s", () => value)))).join();
    });
    assertEquals(textOf(await again.settled), "0,1,2");
  },
);

Deno.test("A step is retried as often as it says, with growing pauses", async () => {
  let tries = 0;
  const call = startInline((_args, ctx) =>
    ctx.step("flaky", () => {
      if (++tries < 3) throw new Error("not yet");
      return "ok";
    }, { retry: { attempts: 3, backoffMs: 100 } })
  );
  assertEquals([textOf(await call.runtime.drive(call.settled)), tries], ["ok", 3]);
  const journal = call.run.head.journal.entries;
  assertEquals(journal.map(({ key, error }) => [key, error]), [["flaky", undefined]]);
});

for (const [options, expected] of [[{}, 1], [{ retry: {} }, 3], [{ retry: { attempts: 1 } }, 1]] as const) {
  verifies("lib-I7", `A step with ${JSON.stringify(options)} is tried ${expected} times`, async () => {
    let tries = 0;
    const call = startInline((_args, ctx) =>
      ctx.step("s", () => {
        tries++;
        throw new Error("never");
      }, options)
    );
    await call.runtime.drive(call.settled);
    assertEquals(tries, expected);
  });
}

verifies("lib-I7", "A step's error is recorded, and thrown again without running it", async () => {
  const errors: unknown[] = [];
  let tries = 0;
  const handler = async (
    _args: unknown,
    ctx: { step: (name: string, fn: () => unknown) => Promise<unknown> },
  ) => {
    await ctx.step("pay", () => {
      tries++;
      throw new ToolError("Card refused");
    }).catch((error) => errors.push(error));
    return "";
  };
  const task = await startTask(async (args, ctx) => {
    await handler(args, ctx);
    await new Promise(() => {});
  });
  await task.runtime.advance(0);
  await (await runAgain(task, handler)).settled;
  const described = errors.map((error) => {
    assertInstanceOf(error, StepError);
    return [error.step, error.thrown, error.message];
  });
  assertEquals(described, Array(2).fill(["pay", "ToolError", 'Step "pay" failed: Card refused']));
  assertEquals(tries, 1);
});

Deno.test("A step's error has the same message on its first run as on every later one", async () => {
  const messages: string[] = [];
  const handler = async (
    _args: unknown,
    ctx: { step: (name: string, fn: () => unknown) => Promise<unknown> },
  ) => {
    await ctx.step("s", () => Promise.reject(new Error("x".repeat(5000)))).catch(({ message }) =>
      messages.push(message)
    );
    return "";
  };
  const task = await startTask(async (args, ctx) => {
    await handler(args, ctx);
    await new Promise(() => {});
  });
  await task.runtime.advance(0);
  await (await runAgain(task, handler)).settled;
  assertEquals(messages.length, 2);
  assertEquals(messages[0], messages[1]);
});

for (const value of [1n, { f: 1n }]) {
  Deno.test(`A step that returns ${typeof value} with a bigint fails for good`, async () => {
    const call = startInline(async (_args, ctx) => {
      const error = await ctx.step("s", () => value).then(() => undefined, (error) => error);
      return `${error?.name}: ${error?.message}`;
    });
    assertEquals(
      textOf(await call.settled),
      'StepError: Step "s" failed: Cannot record step "s": its value is not JSON',
    );
  });
}

verifies("lib-I7", "A call that is recorded as another kind is drift, and fails the task", async () => {
  const task = await startTask(async (_args, ctx) => {
    await ctx.step("a", () => 1);
    await new Promise(() => {});
  });
  await task.runtime.advance(0);
  const { settled } = await runAgain(task, async (_args, ctx) => {
    await ctx.sleep("a", 1);
    return "";
  });
  const { outcome } = await settled;
  assert(outcome.kind === "rpcError");
  assertEquals(outcome.error, {
    code: -32603,
    message: 'Cannot replay "a": recorded as step, called as sleep',
    data: { reason: "replay_mismatch" },
  });
});

for (const name of ["", "a#2", "\ud800", "x".repeat(129), 7 as unknown as string]) {
  Deno.test(`A step named ${JSON.stringify(name).slice(0, 20)} is refused before it runs`, async () => {
    let ran = false;
    const call = startInline(async (_args, ctx) => {
      await assertRejects(() => ctx.step(name, () => void (ran = true)), TypeError, "Cannot name a call");
      return "";
    });
    await call.settled;
    assertEquals(ran, false);
  });
}

Deno.test("JournalReader tells which recorded calls were never made", () => {
  const reader = new JournalReader([{ key: "a", kind: "step" }, { key: "b", kind: "step" }]);
  assertEquals(reader.find(reader.identify("a"), "step")?.key, "a");
  assertEquals(reader.unconsumed(), ["b"]);
});

Deno.test("Recorded calls that a later run does not make are told of when it ends", async () => {
  const task = await startTask(async (_args, ctx) => {
    for (let i = 0; i < 14; i++) await ctx.step("old", () => i);
    await ctx.sleep("short", 1);
    await new Promise(() => {});
  });
  await task.runtime.advance(1000);
  const again = await runAgain(task, async (_args, ctx) => {
    await ctx.step("old", () => 0);
    await ctx.sleep("short", 1);
    return "";
  });
  await again.settled;
  assertEquals(task.events.map(({ type, taskId, name, message }) => [type, taskId, name, message]), [[
    "journal_unconsumed",
    "task-1",
    "report",
    'Recorded calls were not made again: "old#2", "old#3", "old#4", "old#5", "old#6", "old#7", "old#8", ' +
    '"old#9", "old#10", "old#11", and 3 more',
  ]]);
});

for (const end of ["made", "stopped"] as const) {
  Deno.test(`A run that ${end === "made" ? "has made" : "was stopped before"} its recorded calls tells nothing`, async () => {
    const task = await startTask(async (_args, ctx) => {
      await Promise.all([ctx.step("a", () => 1), ctx.step("b", () => 2)]);
      await new Promise(() => {});
    });
    await task.runtime.advance(0);
    const again = await runAgain(task, async (_args, ctx) => {
      if (end === "stopped") await new Promise((resolve) => ctx.signal.onabort = resolve);
      else await Promise.all([ctx.step("b", () => 2), ctx.step("a", () => 1)]);
      return "";
    });
    if (end === "stopped") again.run.abort("cancelled");
    await again.settled;
    assertEquals(task.events, []);
  });
}

verifies(["lib-I15", "T26-067"], "JournalReader refuses another question under a recorded key", () => {
  const reader = new JournalReader([{ key: "q", kind: "input", digest: "d1" }]);
  assertEquals(reader.find("q", "input", "d1")?.key, "q");
  try {
    reader.find("q", "input", "d2");
    throw new Error("taken");
  } catch (error) {
    assertInstanceOf(error, ReplayMismatchError);
  }
});

Deno.test("JournalReader reads a journal of sealed and bundled pages in order", async () => {
  const count = 600;
  const task = await startTask(async (_args, ctx) => {
    for (let i = 0; i < count; i++) await ctx.step("s", () => `${i} ${"v".repeat(900)}`);
    await new Promise(() => {});
  });
  await task.runtime.advance(0);
  const { journal } = await task.stored();
  assert(journal.pages.some(({ level }) => level !== undefined), "no page was bundled");
  let ran = 0;
  const again = await runAgain(task, async (_args, ctx) => {
    for (let i = 0; i < count; i++) {
      const value = await ctx.step("s", () => void ran++) as unknown as string;
      if (!value.startsWith(`${i} `)) throw new ToolError(`step ${i}: ${value}`);
    }
    return "all there";
  });
  assertEquals([textOf(await again.settled), ran], ["all there", 0]);
});

Deno.test("10,000 recorded calls leave the head small and writes few, and one more is refused before it runs", async () => {
  const COUNT = 10_000;
  let ran = 0;
  const errors: string[] = [];
  const valueOf = (i: number) => i % 500 === 0 ? `${i} ${"v".repeat(3000)}` : String(i);
  const note = (error: unknown) => void errors.push(String(error));
  const handler = async (_args: unknown, ctx: TaskContext) => {
    for (let i = 0; i < COUNT; i++) {
      const value = await ctx.step("s", () => (ran++, valueOf(i)));
      if (value !== valueOf(i)) throw new ToolError(`step ${i} gave ${value.slice(0, 20)}`);
    }
    await ctx.step("s", () => ran++).catch(note);
    await ctx.sleep("nap", 5).catch(note);
    await ctx.ask({ where: roots() }).catch(note);
    if (ctx.attempt === 1) await new Promise(() => {});
    return "all there";
  };
  const test = createTestStore();
  let largest = 0;
  const put = test.backend.put.bind(test.backend);
  test.backend.put = (write, condition) => {
    if (write.key.kind === "task") largest = Math.max(largest, write.value.length);
    return put(write, condition);
  };
  const task = await startTask(handler, { task: { clientCapabilities: { roots: {} } }, on: test });
  await task.runtime.advance(0);
  const refused = ["s#10001", "nap", "where"].map((key) =>
    `RangeError: Cannot record "${key}": a task records at most 10000 calls`
  );
  assertEquals([ran, errors], [COUNT, refused]);
  assert(largest <= 32 * 1024, `${largest} bytes`);
  const payloads = task.backend.putKinds.filter((kind) => kind === "payload").length;
  assert(payloads < 500, `${payloads} payloads`);
  const again = await runAgain(task, handler);
  assertEquals([textOf(await again.settled), ran, errors], ["all there", COUNT, [...refused, ...refused]]);
});

Deno.test("Calls that are not awaited do not end the process when the task is cancelled, or they fail", async () => {
  const unheard: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unheard.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    const goOn = Promise.withResolvers<void>();
    const task = await startTask(async (_args, ctx) => {
      ctx.step("lost", () => Promise.reject(new Error("no paper")));
      ctx.progress(NaN);
      ctx.elicit("#", { message: "", url: "https://example.com" });
      await goOn.promise;
      ctx.progress(1);
      ctx.status("on my way");
      ctx.step("next", () => 1);
      ctx.sleep("a while", 1);
      ctx.sample("model", { messages: [], maxTokens: 1 });
      ctx.listRoots("roots");
      ctx.ask({ roots: roots() });
      ctx.variables.set("a", 1);
      ctx.variables.get("a");
      return "";
    });
    await task.runtime.advance(0);
    const failed = task.events.filter(({ type }) => type === "step_failed");
    assertEquals(failed.map(({ taskId, message }) => [taskId, message]), [
      ["task-1", 'Step "lost" of "report" failed'],
    ]);
    task.run.abort("cancelled");
    goOn.resolve();
    await task.done;
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(unheard, []);
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
});

Deno.test("A tool that returns before its step is told of", async () => {
  const call = startInline((_args, ctx) => {
    ctx.step("slow", () => new Promise(() => {}));
    return "done";
  });
  await call.settled;
  assertEquals(call.events.map(({ type }) => type), ["step_not_awaited"]);
});
