import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { elicit, InputTimeoutError, type TaskContext } from "../../src/execution/mod.ts";
import { z } from "zod";
import { OWNER } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { runAgain, type RunningTask, startInline, startTask, textOf } from "./harness.ts";

const ALL = { elicitation: { form: {} } };
const MAX_HEAD_BYTES = 32 * 1024;
const form = { message: "Next?", schema: z.object({ text: z.string() }) };
const never = new Promise<never>(() => {});

function accept(text: string) {
  return { value: { action: "accept", content: { text } } };
}

/** Notes the size of the largest head that is put. */
function weigh({ backend }: RunningTask): { readonly largest: number } {
  const seen = { largest: 0 };
  const put = backend.put.bind(backend);
  backend.put = (write, condition) => {
    if (write.key.kind === "task") seen.largest = Math.max(seen.largest, write.value.length);
    return put(write, condition);
  };
  return seen;
}

/** Asks one question after the other, and gives the texts of the answers. */
async function askAll(ctx: TaskContext, count: number): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await ctx.elicit("next", form);
    texts.push(answer.action === "accept" ? answer.content.text : answer.action);
  }
  return texts;
}

verifies(
  ["lib-I6", "lib-I15", "T26-065", "T26-067"],
  "2,000 questions one after the other leave the head small, and every answer to a later attempt",
  async () => {
    const COUNT = 2000;
    const textFor = (i: number) => `${i} ${"€".repeat(i % 7 === 0 ? 500 : 10)}`;
    const expected = Array.from({ length: COUNT }, (_, i) => textFor(i));
    const seen: string[][] = [];
    const handler = async (_args: unknown, ctx: TaskContext) => {
      seen.push(await askAll(ctx, COUNT));
      return ctx.attempt === 1 ? await never : "done";
    };
    const task = await startTask(handler, { task: { clientCapabilities: ALL } });
    const weight = weigh(task);
    for (let i = 0; i < COUNT; i++) {
      await settle();
      const key = i === 0 ? "next" : `next#${i + 1}`;
      const { value } = await task.store.answer(OWNER, "task-1", {
        [key]: accept(textFor(i)),
        // Answered before: whoever sends it again is ignored, wherever the answer is kept by now.
        ...i > 0 && { "next": accept("late"), [`next#${Math.ceil(i / 2)}`]: accept("late") },
      });
      assertEquals(value, [key]);
    }
    await settle();
    assertEquals(seen, [expected]);
    assert(weight.largest <= MAX_HEAD_BYTES, `${weight.largest} bytes`);
    const { input, journal } = await task.stored();
    assert(Object.keys(input.answers).length <= 1);
    assert(journal.pages.length > 0);
    const again = await runAgain(task, handler);
    assertEquals(textOf(await task.runtime.drive(again.settled)), "done");
    assertEquals(seen[1], expected);
  },
);

verifies("lib-I6", "Refusals and timeouts come out of the journal as they came", async () => {
  const seen: string[][] = [];
  const handler = async (_args: unknown, ctx: TaskContext) => {
    const names: string[] = [];
    const note = (error: Error) => void names.push(`${error.name}: ${error.message}`);
    await ctx.elicit("refused", form).catch(note);
    await ctx.elicit("late", form, { timeoutMs: 1000 }).catch(note);
    const fallback = { action: "accept", content: { text: "fallback" } };
    const given = await ctx.elicit("default", form, { timeoutMs: 1000, fallback });
    names.push(given.action === "accept" ? given.content.text : "");
    seen.push(names);
    // Whatever was read is recorded with the next question.
    await ctx.elicit("last", form);
    return ctx.attempt === 1 ? await never : "done";
  };
  const task = await startTask(handler, { task: { clientCapabilities: ALL } });
  await settle();
  await task.store.answer(OWNER, "task-1", { refused: { value: "not today", isRefusal: true } });
  await task.runtime.advance(3000);
  const { input, journal } = await task.stored();
  assertEquals([Object.keys(input.outstanding), input.answers], [["last"], {}]);
  assertEquals(journal.entries.map(({ key, failure }) => [key, failure]), [
    ["refused", "refused"],
    ["late", "timeout"],
    ["default", undefined],
    ["last", undefined],
  ]);
  await task.store.answer(OWNER, "task-1", { last: accept("") });
  const again = await runAgain(task, handler);
  await task.runtime.drive(again.settled);
  assertEquals(seen[0]?.[0]?.includes("not today"), true);
  assertEquals(seen[0]?.[1]?.startsWith(new InputTimeoutError("late").name), true);
  assertEquals(seen, [seen[0], seen[0]]);
});

verifies("lib-I6", "An answer to a question that was sealed long before is sealed as well", async () => {
  const ROUNDS = 12;
  const seen: string[][] = [];
  const handler = async (_args: unknown, ctx: TaskContext) => {
    const texts: string[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const asked = ctx.elicit("slow", form);
      for (let j = 0; j < 80; j++) await ctx.step("work", () => j);
      const answer = await asked;
      texts.push(answer.action === "accept" ? answer.content.text : answer.action);
    }
    seen.push(texts);
    return ctx.attempt === 1 ? await never : "done";
  };
  const task = await startTask(handler, { task: { clientCapabilities: ALL } });
  for (let i = 0; i < ROUNDS; i++) {
    await settle();
    await task.store.answer(OWNER, "task-1", { [i === 0 ? "slow" : `slow#${i + 1}`]: accept(`a${i}`) });
  }
  await settle();
  const { input } = await task.stored();
  assertEquals(Object.keys(input.answers), [`slow#${ROUNDS}`]);
  const again = await runAgain(task, handler);
  await task.runtime.drive(again.settled);
  const expected = Array.from({ length: ROUNDS }, (_, i) => `a${i}`);
  assertEquals(seen, [expected, expected]);
});

verifies(
  "lib-I6",
  "Questions and steps of any size and order leave the head small, and are replayed",
  async () => {
    const work = fc.oneof(
      fc.record({ kind: fc.constant("step" as const), size: fc.nat(3000) }),
      fc.record({
        kind: fc.constant("ask" as const),
        count: fc.integer({ min: 1, max: 12 }),
        size: fc.nat(3000),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(work, { minLength: 60, maxLength: 100, size: "max" }), async (plan) => {
        const seen: string[][] = [];
        const handler = async (_args: unknown, ctx: TaskContext) => {
          const texts: string[] = [];
          for (const [i, item] of plan.entries()) {
            if (item.kind === "step") {
              texts.push(String(await ctx.step("step", () => "s".repeat(item.size))));
              continue;
            }
            const questions = Object.fromEntries(
              Array.from({ length: item.count }, (_, n) => [`q${i}-${n}`, elicit(form)]),
            );
            texts.push(JSON.stringify(await ctx.ask(questions)));
          }
          seen.push(texts);
          return ctx.attempt === 1 ? await never : "done";
        };
        const task = await startTask(handler, { task: { clientCapabilities: ALL } });
        const weight = weigh(task);
        for (const item of plan) {
          if (item.kind === "step") continue;
          await settle();
          const open = Object.keys((await task.stored()).input.outstanding);
          for (const key of open) {
            await task.store.answer(OWNER, "task-1", { [key]: accept("a".repeat(item.size)) });
          }
        }
        await settle();
        assertEquals(seen.length, 1);
        assert(weight.largest <= MAX_HEAD_BYTES, `${weight.largest} bytes`);
        const again = await runAgain(task, handler);
        await task.runtime.drive(again.settled);
        assertEquals(seen[1], seen[0]);
      }),
      { numRuns: 10, seed: 2026 },
    );
  },
);

verifies(
  "lib-I6",
  "A question that an earlier round asked in vain is asked by the task that the call becomes",
  async () => {
    const handler = async (_args: unknown, ctx: TaskContext) => {
      const answer = await ctx.elicit("next", form);
      return answer.action === "accept" ? answer.content.text : answer.action;
    };
    const first = startInline(handler, {
      task: { clientCapabilities: ALL },
      hooks: { askInline: () => never },
    });
    await settle();
    const { journal } = first.run.head;
    assertEquals(journal.entries.map(({ key }) => key), ["next"]);
    const second = startInline(async (args, ctx) => {
      await ctx.step("before", () => 1);
      return await handler(args, ctx);
    }, {
      task: { clientCapabilities: ALL, journal },
      hooks: { askInline: () => never },
      on: first,
    });
    await second.run.promote(undefined);
    await settle();
    const stored = await second.stored();
    assertEquals([stored?.status, Object.keys(stored?.input.outstanding ?? {})], ["input_required", [
      "next",
    ]]);
    await second.store.answer(OWNER, "task-1", { next: accept("at last") });
    assertEquals(textOf(await second.runtime.drive(second.settled)), "at last");
  },
);
