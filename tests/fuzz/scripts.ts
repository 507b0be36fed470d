/**
 * Requests that belong together: create, poll, answer, cancel, leave and come back.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import { type Draft, type Members, someId, someReply } from "./drafts.ts";
import { frame2025 } from "./drafts_2025.ts";
import { frame2026 } from "./drafts_2026.ts";
import type { Step } from "./plan.ts";
import type { CallerName } from "./pools.ts";

/** One thing of a script: a request, or what happens between two. */
export type ScriptItem = { readonly draft: Draft; readonly patienceMs?: number } | { readonly step: Step };

type Script = (dice: Dice, caller: CallerName) => ScriptItem[];

const ALL: Members = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const SCRIPTS: readonly Script[] = [
  taskThatAsks2026,
  callThatAsks2026,
  taskHeardOf2026,
  taskThatAsks2025,
  callThatAsks2025,
  streamClosed2025,
  resultAwaited2025,
  keyedTwice,
  manyTasks,
  workflow2026,
  workflow2025,
];

/** Some script. */
export function someScript(dice: Dice, caller: CallerName): ScriptItem[] {
  return dice.pick(SCRIPTS)(dice, caller);
}

function taskThatAsks2026(dice: Dice, caller: CallerName): ScriptItem[] {
  const onTask = (method: string) => modern(dice, caller, method, { taskId: "⟦task:0⟧" }, "⟦task:0⟧");
  const answer = () =>
    modern(dice, caller, "tasks/update", {
      taskId: "⟦question.task:0⟧",
      inputResponses: { "⟦question.key:0⟧": someReply(dice) },
    }, "⟦question.task:0⟧");
  return [
    callModern(dice, caller, dice.pick(["ask_task", "ask_all", "ask_late"])),
    onTask("tasks/get"),
    answer(),
    ...(dice.chance(0.5) ? [answer()] : []),
    onTask("tasks/get"),
    onTask("tasks/cancel"),
    onTask("tasks/get"),
  ];
}

function callThatAsks2026(dice: Dice, caller: CallerName): ScriptItem[] {
  const retry = () =>
    modern(dice, caller, "tools/call", {
      name: "⟦round.name:0⟧",
      arguments: "⟦!round.args:0⟧",
      requestState: "⟦round.state:0⟧",
      inputResponses: { "⟦round.key:0⟧": someReply(dice) },
    }, "⟦round.name:0⟧");
  return [
    callModern(dice, caller, dice.pick(["ask_plain", "ask", "prepared", "ask_all"])),
    retry(),
    retry(),
    modern(dice, caller, "tasks/get", { taskId: "⟦task:0⟧" }, "⟦task:0⟧"),
  ];
}

function taskHeardOf2026(dice: Dice, caller: CallerName): ScriptItem[] {
  return [
    callModern(dice, caller, dice.pick(["must", "steps", "outside"])),
    modern(dice, caller, "subscriptions/listen", {
      notifications: { taskIds: ["⟦task:0⟧"], toolsListChanged: true },
    }),
    { step: { do: "end", run: dice.below(20), how: "return" } },
    { step: { do: "advance", ms: dice.pick([500, 6000]) } },
    modern(dice, caller, "tasks/cancel", { taskId: "⟦task:0⟧" }, "⟦task:0⟧"),
    { step: { do: "leave", stream: dice.below(20) } },
  ];
}

function taskThatAsks2025(dice: Dice, caller: CallerName): ScriptItem[] {
  return [
    legacy(dice, caller, "tools/call", { name: dice.pick(["ask_task", "ask_all"]), arguments: {}, task: {} }),
    legacy(dice, caller, "tasks/get", { taskId: "⟦task:0⟧" }),
    reply(dice, caller),
    reply(dice, caller),
    legacy(dice, caller, "tasks/result", { taskId: "⟦task:0⟧" }, dice.pick([0, 9000])),
    reply(dice, caller),
    legacy(dice, caller, "tasks/cancel", { taskId: "⟦task:0⟧" }),
  ];
}

function callThatAsks2025(dice: Dice, caller: CallerName): ScriptItem[] {
  const task: Members = dice.chance(0.3) ? { task: {} } : {};
  const name = dice.pick(["ask_plain", "ask", "prepared", "ask_all"]);
  return [
    legacy(dice, caller, "tools/call", { name, arguments: {}, ...task }),
    reply(dice, caller),
    reply(dice, caller),
  ];
}

function streamClosed2025(dice: Dice, caller: CallerName): ScriptItem[] {
  return [
    legacy(dice, caller, "tools/call", { name: "closing", arguments: {} }),
    ...(dice.chance(0.5) ? [comeBack(caller)] : []),
    { step: { do: "advance", ms: dice.pick([10, 3000, 9000]) } },
    comeBack(caller),
  ];
}

function resultAwaited2025(dice: Dice, caller: CallerName): ScriptItem[] {
  const isLeft = dice.chance(0.5);
  return [
    legacy(dice, caller, "tools/call", { name: "must", arguments: {}, task: {} }),
    legacy(dice, caller, "tasks/result", { taskId: "⟦task:0⟧" }, isLeft ? 9000 : 70_000),
    ...(isLeft ? [{ step: { do: "leave", stream: dice.below(20) } as const }] : []),
    comeBack(caller),
    { step: { do: "end", run: dice.below(20), how: dice.pick(["return", "refuse", "throw"]) } },
    comeBack(caller),
  ];
}

function keyedTwice(dice: Dice, caller: CallerName): ScriptItem[] {
  const meta = { "io.perdure/idempotencyKey": `key-${dice.below(3)}` };
  const call = (text: string) =>
    dice.chance(0.5)
      ? modern(dice, caller, "tools/call", { name: "echo", arguments: { text } }, "echo", meta)
      : legacy(dice, caller, "tools/call", { name: "echo", arguments: { text }, task: {}, _meta: meta });
  return [call("a"), call("a"), call(dice.pick(["a", "b"]))];
}

function manyTasks(dice: Dice, caller: CallerName): ScriptItem[] {
  return Array.from(
    { length: 6 },
    () => callModern(dice, caller, dice.pick(["must", "must", "queued", "gate"])),
  );
}

function callModern(dice: Dice, caller: CallerName, name: string): ScriptItem {
  return modern(dice, caller, "tools/call", { name, arguments: {} }, name);
}

function modern(
  dice: Dice,
  caller: CallerName,
  method: string,
  params: Members,
  name?: string,
  meta: Members = {},
): ScriptItem {
  const capabilities = { ...ALL, extensions: { "io.modelcontextprotocol/tasks": {} } };
  return { draft: frame2026(dice, caller, { method, params, name, capabilities, meta }) };
}

function legacy(
  dice: Dice,
  caller: CallerName,
  method: string,
  params: Members,
  patienceMs?: number,
): ScriptItem {
  const message = { jsonrpc: "2.0", id: someId(dice), method, params };
  return { draft: frame2025(caller, "POST", message), patienceMs };
}

function reply(dice: Dice, caller: CallerName): ScriptItem {
  return { draft: frame2025(caller, "POST", { jsonrpc: "2.0", id: "⟦!ask:0⟧", result: someReply(dice) }) };
}

function comeBack(caller: CallerName): ScriptItem {
  const draft = frame2025(caller, "GET", undefined);
  draft.headers.push(["last-event-id", "⟦event:0⟧"]);
  return { draft, patienceMs: 1500 };
}

function workflow2026(dice: Dice, caller: CallerName): ScriptItem[] {
  const naming = { "io.perdure/taskId": "⟦task:0⟧" };
  const get = (meta: Members) =>
    modern(
      dice,
      caller,
      "prompts/get",
      { name: "pipeline", arguments: { source: "⟦mark:0⟧" } },
      "pipeline",
      meta,
    );
  const number = { name: "plain", arguments: { number: 1, text: "⟦mark:0⟧" } };
  return [
    get({}),
    modern(dice, caller, "prompts/get", {
      name: "pipeline",
      arguments: { source: "⟦mark:0⟧" },
      requestState: "⟦round.state:0⟧",
      inputResponses: { "⟦round.key:0⟧": someReply(dice) },
    }, "pipeline"),
    get(naming),
    modern(dice, caller, "tools/call", number, "plain", naming),
    modern(dice, caller, "tools/call", number, "plain", naming),
    modern(dice, caller, "tasks/get", { taskId: "⟦task:0⟧" }, "⟦task:0⟧"),
  ];
}

function workflow2025(dice: Dice, caller: CallerName): ScriptItem[] {
  const naming = { "io.perdure/taskId": "⟦task:0⟧" };
  return [
    legacy(dice, caller, "prompts/get", { name: "pipeline", arguments: { source: "⟦mark:0⟧" } }),
    reply(dice, caller),
    legacy(dice, caller, "tools/call", { name: "plain", arguments: { number: 1 }, _meta: naming }),
    legacy(dice, caller, "prompts/get", { name: "pipeline", _meta: naming }),
    legacy(dice, caller, "tasks/cancel", {
      taskId: "⟦task:0⟧",
      ...(dice.chance(0.5) && { result: { done: true } }),
    }),
    legacy(dice, caller, "tasks/result", { taskId: "⟦task:0⟧" }, 1500),
  ];
}
