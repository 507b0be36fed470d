/**
 * Random workflows with a task, random failures, and clients that go on in any order, against a model of a few lines.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import type { DataSource, WorkflowDefinition } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { createTestServer } from "../support/test_server.ts";
import { ADA, type Json } from "./pipeline.ts";
import { naming } from "./task_tools.ts";

/** `once` and `redo` can be run by the server; `judge` needs what only a client can say. */
type Tool = "once" | "redo" | "judge";

interface RandomStep {
  readonly tool: Tool;
  /** Which of the earlier outputs it takes, counted from the last; none if there are fewer. */
  readonly back: number;
  readonly retryable: boolean;
  /** How often the server fails with it before it succeeds. */
  readonly failures: number;
}

/** What the client does: a call of a tool that goes well or fails, or the prompt again. */
type Action = { readonly call: Tool; readonly fails: boolean } | "resume";

const STEP: fc.Arbitrary<RandomStep> = fc.record({
  tool: fc.constantFrom<Tool>("once", "once", "redo", "redo", "judge"),
  back: fc.nat({ max: 5 }),
  retryable: fc.boolean(),
  failures: fc.constantFrom(0, 0, 0, 1, 2),
});

const ACTION: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ call: fc.constantFrom<Tool>("once", "redo", "judge"), fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant("resume" as const) },
);

interface ModelStep extends RandomStep {
  status: "pending" | "completed" | "failed";
  byClient: boolean;
  failuresLeft: number;
}

/** What a workflow is, in the simplest words. */
class Model {
  readonly steps: ModelStep[];
  extras = 0;
  /** Calls that the server made, by the names of their steps. */
  readonly calls: string[] = [];

  constructor(steps: readonly RandomStep[]) {
    this.steps = steps.map((step) => ({
      ...step,
      status: "pending",
      byClient: false,
      failuresLeft: step.failures,
    }));
  }

  get isDone(): boolean {
    return this.steps.every(({ status }) => status === "completed");
  }

  /** The server goes from step to step until it cannot. */
  serve(retries: boolean): void {
    for (let i = 0; i < this.steps.length; i++) {
      const step = this.steps[i]!;
      if (step.status === "completed") continue;
      if (step.status === "failed" && !(retries && step.retryable)) {
        const isPassed = this.steps.slice(i + 1).some(({ status, byClient }) =>
          status === "completed" && byClient
        );
        if (isPassed) continue;
        return;
      }
      const needed = this.steps[i - 1 - step.back];
      if (step.tool === "judge" || needed !== undefined && needed.status !== "completed") return;
      this.calls.push(`s${i}`);
      step.byClient = false;
      if (step.failuresLeft > 0) {
        step.failuresLeft--;
        step.status = "failed";
        return;
      }
      step.status = "completed";
    }
  }

  act(action: Action): void {
    if (this.isDone) return;
    if (action === "resume") return this.serve(true);
    const step = this.steps.find(({ tool, status }) => tool === action.call && status !== "completed");
    if (step === undefined) this.extras++;
    else {
      step.status = action.fails ? "failed" : "completed";
      step.byClient = true;
      this.serve(false);
    }
  }
}

function toDefinition(steps: readonly RandomStep[]): WorkflowDefinition {
  return {
    name: "random",
    description: "try",
    arguments: [],
    task: {},
    steps: steps.map(({ tool, back, retryable }, i) => {
      const earlier = i - 1 - back;
      const from: readonly (readonly [string, DataSource])[] = earlier < 0
        ? []
        : [["from", { from: "output", binding: `b${earlier}` }]];
      return {
        name: `s${i}`,
        tool,
        binding: `b${i}`,
        args: [["text", { from: "constant", value: `s${i}` }], ...from],
        resources: [],
        templateBindings: [],
        retryable,
      };
    }),
  };
}

/** The same, for the library. */
class Real {
  readonly #parts = createTestServer({ secrets: ["s".repeat(32)] });
  readonly calls: string[] = [];
  #task = "";

  constructor(steps: readonly RandomStep[]) {
    const { server } = this.#parts;
    const failures = new Map(steps.map(({ failures }, i) => [`s${i}`, failures]));
    const handler = ({ text }: { text: string }) => {
      if (text === "client") return "by hand";
      if (text === "client fails") throw new Error("by hand");
      this.calls.push(text);
      const left = failures.get(text)!;
      if (left === 0) return `${text} done`;
      failures.set(text, left - 1);
      throw new Error("broken");
    };
    const inputSchema = z.object({ text: z.string(), from: z.string().optional() });
    server.registerTool("once", { inputSchema }, handler);
    server.registerTool("redo", { inputSchema, task: { support: "optional", repeatable: true } }, handler);
    server.registerTool("judge", { inputSchema: inputSchema.extend({ verdict: z.string() }) }, handler);
    server.registerWorkflow(toDefinition(steps));
  }

  async begin(): Promise<void> {
    const { result } = await this.#parts.modern(ADA).request("prompts/get", { name: "random" });
    this.#task = String((result._meta as Json).task_id);
  }

  async act(action: Action): Promise<void> {
    const client = this.#parts.modern(ADA);
    const meta = naming(this.#task);
    if (action === "resume") await client.request("prompts/get", { name: "random" }, { meta });
    else {
      const args = {
        text: action.fails ? "client fails" : "client",
        ...(action.call === "judge" && { verdict: "x" }),
      };
      await client.call(action.call, args, { meta });
    }
    await settle();
  }

  get state() {
    const [head] = this.#parts.backend.valuesOf("task") as {
      status: string;
      workflow: { steps: { status: string; by?: string }[]; extras: unknown[] };
    }[];
    const { status, workflow: { steps, extras } } = head!;
    return {
      isDone: status === "completed",
      steps: steps.map((step) => `${step.status}${step.by === undefined ? "" : " by the client"}`),
      extras: extras.length,
    };
  }
}

verifies(
  ["CONT-02", "EXEC-01", "EXEC-03"],
  "random workflows come to what a simple model says, whatever fails and whoever goes on",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(STEP, { minLength: 1, maxLength: 12 }),
        fc.array(ACTION, { maxLength: 25 }),
        async (steps, actions) => {
          const model = new Model(steps);
          const real = new Real(steps);
          model.serve(false);
          await real.begin();
          for (const action of [undefined, ...actions]) {
            if (action !== undefined) {
              model.act(action);
              await real.act(action);
            }
            assertEquals(real.state, {
              isDone: model.isDone,
              steps: model.steps.map(({ status, byClient }) =>
                `${status}${byClient && status !== "pending" ? " by the client" : ""}`
              ),
              extras: model.extras,
            }, JSON.stringify(action));
          }
          assertEquals(real.calls, model.calls);
        },
      ),
      { numRuns: 40 },
    );
  },
);
