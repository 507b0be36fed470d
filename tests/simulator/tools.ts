/**
 * Tools of the simulated service: they read a script from their arguments and follow it.
 *
 * @module
 */
import { ProtocolError } from "../../src/protocol/mod.ts";
import {
  type ExecutableTool,
  InputTimeoutError,
  type Question,
  type Run,
  type RunHooks,
  TaskAbortError,
  type TaskContext,
  ToolError,
} from "../../src/execution/mod.ts";
import { sleep } from "../../src/runtime.ts";
import { chanceOf } from "./dice.ts";
import { markOf, type Model, type RunToken } from "./model.ts";
import type { Action, ToolName } from "./plan.ts";
import type { SimProcess } from "./process.ts";

/** An error that a script throws on purpose. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
}

/** What a tool's script can do to its process. */
export interface Host {
  readonly process: SimProcess;
  readonly model: Model;
  /** Ends the process at once. */
  readonly die: () => void;
}

/** What a script is run with. */
export interface ScriptArgs {
  readonly script: readonly Action[];
  readonly pad: string;
}

/** Attempts of a repeatable tool. */
export const MAX_ATTEMPTS = 3;

/** The tools of one process. */
export class Tools {
  readonly #tools: ReadonlyMap<string, ExecutableTool>;
  readonly #host: Host;
  #started: Run | undefined;

  constructor(host: Host, parkAfterMs: number) {
    this.#host = host;
    const readArgs: ExecutableTool["readArgs"] = (value) => Promise.resolve({ ok: true, value });
    const handler = (args: unknown, ctx: TaskContext) => this.#follow(args as ScriptArgs, ctx);
    const tools: Record<ToolName, ExecutableTool> = {
      once: { name: "once", repeatable: false, maxAttempts: 1, readArgs, handler },
      again: { name: "again", repeatable: true, maxAttempts: MAX_ATTEMPTS, parkAfterMs, readArgs, handler },
      outside: { name: "outside", repeatable: false, maxAttempts: 1, readArgs },
    };
    this.#tools = new Map(Object.entries(tools));
  }

  /** A tool by its name. */
  find(name: string): ExecutableTool | undefined {
    return this.#tools.get(name);
  }

  /** Lets the script see the run that it is in, which its context hides. */
  get hooks(): RunHooks {
    return { onLog: (_level, _data, _logger, run) => this.#started = run };
  }

  async #follow({ script }: ScriptArgs, ctx: TaskContext): Promise<unknown> {
    ctx.log("debug", "start");
    const run = this.#started!;
    const token = this.#host.model.start(run.head, this.#host.process, ctx.signal);
    this.#noteStart(ctx, token);
    try {
      for (const [index, action] of script.entries()) {
        const result = await this.#act(ctx, token, action, index);
        if (result !== undefined) return result;
      }
      return `done ${markOf(token)}`;
    } finally {
      token.hasEnded = true;
    }
  }

  #noteStart(ctx: TaskContext, token: RunToken): void {
    const { model, process } = this.#host;
    const { world } = process;
    const task = model.tasks.get(ctx.taskId)!;
    world.note(`n${process.node} starts ${ctx.taskId.slice(-6)} run ${token.number} epoch ${token.epoch}`);
    if (!ctx.isTask) return;
    task.starts++;
    if (task.plan.tool === "once" && task.starts > 1) {
      world.fail("I7", `a once-tool is started ${task.starts} times`);
    }
    if (task.starts > MAX_ATTEMPTS + task.refunds) {
      world.fail("I7", `${task.starts} starts, ${task.refunds} attempts given back`);
    }
  }

  async #act(ctx: TaskContext, token: RunToken, action: Action, index: number): Promise<unknown> {
    const { process } = this.#host;
    const vary = 0.5 + chanceOf(process.world.plan.seed, 31, token.number, index);
    switch (action.do) {
      case "step":
        return void await this.#step(ctx, token, `s${index}`, action.ms * vary, action.bytes, action.fails);
      case "together":
        return void await Promise.all(
          action.ms.map((ms, n) => this.#step(ctx, token, `s${index}.${n}`, ms * vary, 20)),
        );
      case "ask":
        return void await this.#ask(ctx, token, index, action);
      case "sleep":
        return void await ctx.sleep(`z${index}`, action.ms);
      case "set":
        return await this.#set(ctx, token, index, action.bytes);
      case "report":
        return void await ctx.progress(index, 10, `at ${index} ${markOf(token)}`);
      case "busy":
        return void await sleep(process, action.ms * vary, action.isDeaf ? undefined : ctx.signal);
      case "die":
        process.world.count("tool.died");
        this.#host.die();
        return await new Promise(() => {});
      case "throw":
        throw toThrow(action.what, markOf(token));
      case "return":
        return { content: [{ type: "text", text: markOf(token) + "x".repeat(action.bytes) }] };
    }
  }

  /** Two variables at once: both are there afterwards. */
  async #set(ctx: TaskContext, token: RunToken, index: number, bytes: number): Promise<undefined> {
    const value = markOf(token) + "x".repeat(bytes);
    await Promise.all([ctx.variables.set(`v${index}`, value), ctx.variables.set(`w${index}`, value)]);
    const all = await ctx.variables.all();
    if (all[`v${index}`] !== value || all[`w${index}`] !== value) {
      this.#host.process.world.fail("variables", `run ${token.number} does not find what it has set`);
    }
  }

  async #step(
    ctx: TaskContext,
    token: RunToken,
    name: string,
    ms: number,
    bytes: number,
    fails = 0,
  ): Promise<void> {
    const { process, model } = this.#host;
    const task = model.tasks.get(ctx.taskId)!;
    let tries = 0;
    const work = async () => {
      const { head } = task;
      const isHeld = head?.exec.epoch === token.epoch && head.exec.leaseOwner === token.leaseOwner;
      if (isHeld && task.journal.has(name)) {
        process.world.fail("steps", `step ${name} runs again under epoch ${token.epoch}, but is recorded`);
      }
      await sleep(process, ms);
      if (tries++ < fails) throw new ScriptError(`failed ${markOf(token)}`);
      return markOf(token) + "x".repeat(bytes);
    };
    try {
      const value = await ctx.step(name, work, fails === 0 ? {} : { retry: { attempts: 2, backoffMs: 50 } });
      if (typeof value !== "string" || model.writerOf(value)?.taskId !== ctx.taskId) {
        process.world.fail("steps", `step ${name} gave back ${JSON.stringify(value).slice(0, 40)}`);
      }
    } catch (error) {
      if ((error as Error).name !== "StepError" || fails < 2) throw error;
    }
  }

  async #ask(
    ctx: TaskContext,
    token: RunToken,
    index: number,
    action: Action & { readonly do: "ask" },
  ): Promise<void> {
    const { process, model } = this.#host;
    const questions: Record<string, Question<string>> = {};
    for (let n = 0; n < action.keys; n++) {
      questions[`q${index}.${n}`] = toQuestion(`q${index}.${n}`, n === 0 ? action : { do: "ask", keys: 1 });
    }
    try {
      const answers = await ctx.ask(questions);
      const { answers: known, isGhost } = model.tasks.get(ctx.taskId)!;
      // What counted for a task that a wrong clock removed, and a late create brought back, is not followed.
      if (isGhost) return;
      for (const [key, value] of Object.entries(answers)) {
        if (known.get(key) !== value) {
          process.world.fail(
            "I6",
            `run ${token.number} is given ${value} for ${key}: ${known.get(key)} counted`,
          );
        }
      }
    } catch (error) {
      if (!(error instanceof InputTimeoutError)) throw error;
      process.world.count("ask.timeout");
    }
  }
}

/** Whether an error of a handler is one that the simulated tools may see. */
export function isExpected(error: unknown): boolean {
  return error instanceof ScriptError || error instanceof TaskAbortError || error instanceof ToolError ||
    error instanceof ProtocolError;
}

function toThrow(what: "tool" | "protocol" | "other", mark: string): Error {
  if (what === "tool") return new ToolError(`refused ${mark}`);
  if (what === "protocol") return new ProtocolError(-32602, `invalid ${mark}`);
  return new ScriptError(`broken ${mark}`);
}

function toQuestion(key: string, action: Action & { readonly do: "ask" }): Question<string> {
  return {
    request: {
      method: "elicitation/create",
      params: { message: key, requestedSchema: { type: "object", properties: { text: { type: "string" } } } },
    },
    read: (raw) => Promise.resolve(JSON.stringify(raw)),
    timeoutMs: action.timeoutMs,
    fallback: action.fallback ? { action: "decline" } : undefined,
  };
}
