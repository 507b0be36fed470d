/**
 * The tools of a node: one for each way in which a process can be lost under them.
 *
 * Every tool writes a line to the log of side effects when it starts, and every step one when it runs. The log
 * is what tells afterwards how often something was really done.
 *
 * @module
 */
import { fromJsonSchema, type McpServer, type TaskContext, type TaskOptions } from "../../mod.ts";
import { HUGE_BYTES, LEASE_MS, MANY_ATTEMPTS, POISON_ATTEMPTS } from "./settings.ts";
import { die } from "./watched_backend.ts";

/** Writes one line to the log of side effects. */
export type Effect = (...words: readonly (string | number)[]) => void;

/** Steps of the tool `steps`. */
export const STEPS = 4;

const REPEATABLE = { maxAttempts: MANY_ATTEMPTS };

const inputSchema = fromJsonSchema<{ readonly label: string }>({
  type: "object",
  properties: { label: { type: "string" } },
  required: ["label"],
});

const answerSchema = fromJsonSchema<{ readonly text: string }>({
  type: "object",
  properties: { text: { type: "string" } },
  required: ["text"],
});

type Handler = (label: string, ctx: TaskContext) => Promise<string>;

/** Registers them all. */
export function registerTools(server: McpServer, effect: Effect): void {
  const add = (
    name: string,
    repeatable: TaskOptions["repeatable"],
    handler: Handler,
    task: TaskOptions = { support: "required" },
  ) =>
    server.registerTool(name, {
      description: `Kill harness: ${name}`,
      inputSchema,
      task: { ...task, ...(repeatable && { repeatable }) },
    }, ({ label }, ctx) => {
      effect("start", label, Deno.pid, ctx.attempt);
      return handler(label, ctx);
    });
  const step = (label: string, ctx: TaskContext, name: string) =>
    ctx.step(name, async () => {
      const nonce = crypto.randomUUID();
      effect("step", label, name, nonce, ctx.attempt);
      await pause(80);
      return nonce;
    });

  add("once", undefined, async (label, ctx) => {
    await pause(300);
    await ctx.progress(1, 2);
    await pause(300);
    return `once ${label}`;
  });
  // A task only once it has run for a while: until then a crash leaves nothing but a broken request.
  add("promoted", undefined, async (label) => {
    await pause(500);
    return `promoted ${label}`;
  }, { support: "optional", inlineMs: 100 });
  // Nothing but its end tells this one that it was taken over.
  add("long", REPEATABLE, async (label) => {
    await pause(1200);
    return `long ${label}`;
  });
  add("steps", REPEATABLE, async (label, ctx) => {
    const nonces: string[] = [];
    for (let i = 1; i <= STEPS; i++) nonces.push(await step(label, ctx, `s${i}`));
    return `steps ${label} ${nonces.join(" ")}`;
  });
  add("parking", REPEATABLE, async (label, ctx) => {
    const before = await step(label, ctx, "before");
    const answer = await ask(ctx);
    const after = await step(label, ctx, "after");
    return `parking ${label} ${answer} ${before} ${after}`;
  });
  add("asking", undefined, async (label, ctx) => `asking ${label} ${await ask(ctx)}`);
  add("sleeping", REPEATABLE, async (label, ctx) => {
    const before = await step(label, ctx, "before");
    await ctx.sleep("nap", 700);
    const after = await step(label, ctx, "after");
    return `sleeping ${label} ${before} ${after}`;
  });
  add("huge", REPEATABLE, async (label) => {
    await pause(100);
    return hugeText(label);
  });
  add("quick", undefined, (label) => Promise.resolve(`quick ${label}`));
  add("watching", undefined, async (label, ctx) => {
    await new Promise<void>((resolve) =>
      ctx.signal.addEventListener("abort", () => resolve(), { once: true })
    );
    effect("abort", label, ctx.signal.reason.reason, Date.now());
    return `watching ${label}`;
  });
  add("blocking", undefined, async (label) => {
    await pause(50);
    block(LEASE_MS * 1.5);
    return `blocking ${label}`;
  });
  add("poison", { maxAttempts: POISON_ATTEMPTS }, async () => {
    await pause(100);
    return die();
  });
}

/** The result of the tool `huge`: no two labels share it, and no part of it can be mistaken for another. */
export function hugeText(label: string): string {
  let text = `huge ${label} `;
  for (let i = 0; text.length < HUGE_BYTES; i++) text += `${label}:${i} `.repeat(50);
  return text.slice(0, HUGE_BYTES);
}

async function ask(ctx: TaskContext): Promise<string> {
  const answer = await ctx.elicit("q", { message: "Which text?", schema: answerSchema });
  return answer.action === "accept" ? answer.content.text : answer.action;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Keeps the process from doing anything else. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
