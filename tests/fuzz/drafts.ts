/**
 * Valid requests of every method of both revisions, for mutations to damage.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import type { Era } from "./plan.ts";
import type { CallerName } from "./pools.ts";

/** A JSON value under construction. Texts may hold tokens. */
export type Node = null | boolean | number | string | Raw | Node[] | { [name: string]: Node };

/** Text that is put in as it is, JSON or not. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The text of a node. */
export function writeNode(node: Node): string {
  if (node instanceof Raw) return node.text;
  if (Array.isArray(node)) return `[${node.map(writeNode).join()}]`;
  if (typeof node !== "object" || node === null) return JSON.stringify(node);
  return `{${
    Object.entries(node).map(([name, value]) => `${JSON.stringify(name)}:${writeNode(value)}`).join()
  }}`;
}

/** A request under construction. */
export interface Draft {
  readonly era: Era;
  readonly caller: CallerName;
  method: string;
  path: string;
  headers: [name: string, value: string][];
  message: Node | undefined;
}

/** An object under construction. */
export type Members = { [name: string]: Node };

const TEXTS: readonly string[] = ["⟦mark:0⟧", "hello", "", "grüße 🎉", "a\u0000b", "x".repeat(300)];
const ID_TEXTS: readonly string[] = ["a", "request-1", "0", "⟦task:0⟧", "ü"];
/** Tools by what they take. */
const TOOLS: Readonly<Record<string, (dice: Dice) => Members>> = {
  echo: (dice) => ({ text: dice.pick(TEXTS), mark: "⟦mark:0⟧" }),
  plain: (dice) => ({ number: dice.between(-5, 5) }),
  structured: (dice) => ({ region: "eu", ...(dice.chance(0.5) && { limit: dice.below(9) }) }),
  guarded: () => ({}),
  list: () => ({}),
  big: () => ({}),
  noisy: () => ({}),
  variables: () => ({ mark: "⟦mark:0⟧" }),
  gate: () => ({ mark: "⟦mark:0⟧" }),
  must: () => ({}),
  slow: () => ({}),
  steps: () => ({}),
  closing: () => ({}),
  outside: () => ({}),
  queued: () => ({}),
  ask: () => ({ mark: "⟦mark:0⟧" }),
  ask_task: () => ({}),
  ask_plain: () => ({}),
  ask_late: () => ({}),
  ask_all: () => ({}),
  prepared: () => ({}),
  crash: () => ({}),
  tool_error: () => ({}),
  rpc_error: () => ({}),
  ill_formed: () => ({}),
  unwritable: () => ({}),
  too_large: () => ({}),
  wrong_shape: () => ({}),
};
const TOOL_NAMES = Object.keys(TOOLS);
/** Tools that asking and task methods need something of. */
const BUSY: readonly string[] = [
  "gate",
  "must",
  "ask",
  "ask_task",
  "ask_all",
  "prepared",
  "slow",
  "variables",
];

/** How far back a token reaches: mostly to what is new. */
export function someIndex(dice: Dice): number {
  return Math.floor(dice.next() ** 2 * 24);
}

/** Some tool's name and arguments. */
export function someTool(dice: Dice): { readonly name: string; readonly args: Members } {
  const name = dice.pick(dice.chance(0.4) ? BUSY : TOOL_NAMES);
  return { name, args: TOOLS[name]!(dice) };
}

/** `_meta` that names a task, as calls do that belong to a workflow. */
export function someTaskMeta(dice: Dice): Members {
  const name = dice.pick(["io.perdure/taskId", "io.perdure/taskId", "_task_id"]);
  return { [name]: `⟦${dice.chance(0.85) ? "" : "other."}task:${someIndex(dice)}⟧` };
}

/** Some request id. */
export function someId(dice: Dice): Node {
  return dice.chance(0.5) ? dice.below(1000) : dice.pick(ID_TEXTS) + dice.below(1000);
}

/** A prompt's or template's argument to be completed. */
export function someCompletion(dice: Dice): Members {
  const ref: Members = dice.chance(0.5)
    ? { type: "ref/prompt", name: "greet" }
    : { type: "ref/resource", uri: dice.pick(["test://rows/{id}", "test://files/{+path}", "test://none"]) };
  const params: Members = {
    ref,
    argument: { name: dice.pick(["who", "id", "tone"]), value: dice.pick(["", "a", "1"]) },
  };
  if (dice.chance(0.3)) params.context = { arguments: { tone: "warm" } };
  return params;
}

/** A prompt and its arguments. */
export function somePrompt(dice: Dice): Members {
  const name = dice.pick(["greet", "greet", "asking", "broken", "none", "pipeline", "pipeline", "news"]);
  if (name === "greet") return { name, arguments: { who: "⟦mark:0⟧" } };
  return name === "pipeline" ? { name, arguments: { source: "⟦mark:0⟧" } } : { name };
}

/** A URI of a resource, or none. */
export function someUri(dice: Dice): string {
  return dice.pick([
    "test://fixed",
    "test://rows/7",
    "test://rows/%2e%2e",
    "test://files/a/b",
    "test://files/missing",
    "test://secret",
    "test://more/2",
    "test://nowhere",
    "file:///etc/passwd",
  ]);
}

/** An answer to a question: of the right kind, or of another. */
export function someReply(dice: Dice): Members {
  return dice.pick<Members>([
    { action: "accept", content: { name: "⟦mark:0⟧" } },
    { action: "accept", content: { name: 7 } },
    { action: "accept", content: {} },
    { action: "accept" },
    { action: "decline" },
    { action: "cancel", content: null },
    { role: "assistant", content: { type: "text", text: "Hi" }, model: "m" },
    { roots: [{ uri: "file:///etc/a", name: "a" }] },
    { action: "maybe" },
  ]);
}

/** What a client can do: nothing, one thing, or all. */
export function someCapabilities(dice: Dice): Members {
  return dice.pick<Members>([
    {},
    { elicitation: {} },
    { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
    { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
    { tasks: { cancel: {}, list: {} } },
  ]);
}
