/**
 * Random workflows of up to twelve steps, against a model of a few lines.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import { type DataSource, variable, type WorkflowDefinition } from "../../mod.ts";
import { createTestServer } from "../support/test_server.ts";
import { ADA, type Json, told } from "./pipeline.ts";

/** What a step does: `ok`, asks a question, fails, lacks an argument, or only reads. */
type Kind = "ok" | "ask" | "fail" | "lack" | "read";

interface RandomStep {
  readonly kind: Kind;
  /** Which of the earlier outputs it takes, counted from the last; none if there are fewer. */
  readonly back: number;
  /** Whether it takes a variable, which every tool counts up. */
  readonly counts: boolean;
}

const STEP: fc.Arbitrary<RandomStep> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Kind>("ok") },
    { weight: 3, arbitrary: fc.constant<Kind>("ask") },
    { weight: 1, arbitrary: fc.constantFrom<Kind>("fail", "lack", "read") },
  ),
  back: fc.nat({ max: 3 }),
  counts: fc.boolean(),
});

function toDefinition(steps: readonly RandomStep[]): WorkflowDefinition {
  const hasOutput = (i: number) => steps[i] !== undefined && steps[i].kind !== "read";
  return {
    name: "random",
    description: "try",
    arguments: [],
    steps: steps.map(({ kind, back, counts }, i) => {
      const name = `s${i}`;
      const rest = { resources: [], templateBindings: [], retryable: false };
      if (kind === "read") return { name, args: [], ...rest, resources: [{ uri: "docs://a" }] };
      const earlier = i - 1 - back;
      const source: DataSource = hasOutput(earlier)
        ? { from: "output", binding: `b${earlier}` }
        : { from: "constant", value: "none" };
      return {
        name,
        tool: kind,
        binding: `b${i}`,
        args: [["name", { from: "constant", value: name }], ["from", source], ...count(counts && i > 0)],
        ...rest,
      };
    }),
  };
}

function count(isTaken: boolean): readonly (readonly [string, DataSource])[] {
  return isTaken ? [["count", variable("count")]] : [];
}

/** What the tools should have done, in order, and what each gave. */
function modelOf(steps: readonly RandomStep[]): { readonly calls: string[]; readonly stopped: number } {
  const outputs: string[] = [];
  const calls: string[] = [];
  let calledBefore = 0;
  for (const [i, { kind, back, counts }] of steps.entries()) {
    if (kind === "read") continue;
    const earlier = i - 1 - back;
    const from = earlier >= 0 && steps[earlier]!.kind !== "read" ? outputs[earlier] : "none";
    // The variable is set by the first tool that runs.
    if (kind === "lack" || counts && i > 0 && calledBefore === 0) return { calls, stopped: i };
    const call = `s${i}(${from}${counts && i > 0 ? `, ${calledBefore}` : ""})`;
    calls.push(call);
    calledBefore++;
    if (kind === "fail") return { calls, stopped: i };
    outputs[i] = kind === "ask" ? `answer to s${i}` : `s${i} done`;
  }
  return { calls, stopped: steps.length };
}

function withSteps(steps: readonly RandomStep[]) {
  const parts = createTestServer({ secrets: ["s".repeat(32)] });
  const calls: string[] = [];
  const inputSchema = z.object({ name: z.string(), from: z.string(), count: z.number().optional() });
  for (const kind of ["ok", "ask", "fail"] as const) {
    parts.server.registerTool(kind, { inputSchema }, async ({ name, from, count }, ctx) => {
      calls.push(`${name}(${from}${count === undefined ? "" : `, ${count}`})`);
      const before = await ctx.variables.get("count") as number | undefined;
      await ctx.variables.set("count", (before ?? 0) + 1);
      if (kind === "fail") throw new Error("failed");
      if (kind === "ok") return `${name} done`;
      const question = { message: name, schema: z.object({ text: z.string() }) };
      const answer = await ctx.elicit("q", question);
      return answer.action === "accept" ? answer.content.text : answer.action;
    });
  }
  const lacking = inputSchema.extend({ judgement: z.string() });
  parts.server.registerTool("lack", { inputSchema: lacking }, () => "never");
  parts.server.registerResource("a", "docs://a", {}, () => "text");
  parts.server.registerWorkflow(toDefinition(steps));
  return { ...parts, calls };
}

function answerTo(question: Json): Json {
  return { action: "accept", content: { text: `answer to ${question.message}` } };
}

/** The older revision: questions come on the stream of the request. */
async function inOlder(steps: readonly RandomStep[]) {
  const parts = withSteps(steps);
  const client = await parts.legacy(ADA, {
    capabilities: { elicitation: {} },
    onRequest: ({ params }) => ({ result: answerTo(params as Json) }),
  });
  const { result } = await client.request("prompts/get", { name: "random" });
  return { calls: parts.calls, texts: told(result) };
}

/** The newer revision: a round for each question. */
async function inNewer(steps: readonly RandomStep[]) {
  const parts = withSteps(steps);
  const client = parts.modern(ADA);
  let more: Json = {};
  for (;;) {
    const { result } = await client.request("prompts/get", { name: "random", ...more }, {
      capabilities: { elicitation: { form: {} } },
    });
    const asked = Object.entries(result.inputRequests as Record<string, { params: Json }> ?? {});
    if (asked.length === 0) return { calls: parts.calls, texts: told(result) };
    const inputResponses = Object.fromEntries(asked.map(([key, { params }]) => [key, answerTo(params)]));
    more = { requestState: result.requestState, inputResponses };
  }
}

function withoutIds(texts: readonly string[]): string[] {
  return texts.map((text) => text.replaceAll(/id [\w-]{12}/g, "id"));
}

Deno.test("random workflows do and tell what a simple model says, alike in both revisions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { calls, stopped } = modelOf(steps);
      const [older, newer] = [await inOlder(steps), await inNewer(steps)];
      assertEquals(older.calls, calls);
      assertEquals(withoutIds(newer.texts), withoutIds(older.texts));
      // A tool that asks is run from the top once more for each answer; every other call is made once.
      const asking = new Set(steps.flatMap(({ kind }, i) => kind === "ask" ? [`s${i}`] : []));
      const nameOf = (call: string) => call.slice(0, call.indexOf("("));
      const expected = calls.flatMap((call) => asking.has(nameOf(call)) ? [call, call] : [call]);
      assertEquals(newer.calls, expected);
      // Intent and plan; a call and its result, or that resources are read and the one that was.
      const reads = steps.slice(0, stopped).filter(({ kind }) => kind === "read").length;
      assertEquals(older.texts.length, 2 + 2 * calls.length + 2 * reads);
    }),
    { numRuns: 15 },
  );
});
