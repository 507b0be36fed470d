/**
 * From a seed to a plan.
 *
 * Every step has dice of its own, so that leaving one out changes no other.
 *
 * @module
 */
import { Dice, mix } from "../simulator/dice.ts";
import { type Draft, type Members, writeNode } from "./drafts.ts";
import { draft2025, frame2025 } from "./drafts_2025.ts";
import { draft2026, frame2026 } from "./drafts_2026.ts";
import { mutateHttp } from "./mutate_http.ts";
import { mutateMessage, mutateText } from "./mutate_message.ts";
import type { Plan, RequestSketch, SendStep, Step, StoreFault, WorldPlan } from "./plan.ts";
import type { CallerName } from "./pools.ts";
import { someScript } from "./scripts.ts";

/** Steps of a plan. */
export const STEPS = 120;

/** The plan of a seed. */
export function generate(seed: number, steps = STEPS): Plan {
  const dice = new Dice(mix(seed, 1));
  const world: WorldPlan = {
    anonymous: dice.chance(0.5),
    pages: dice.chance(0.3),
    twin: dice.chance(0.3),
    tight: dice.chance(0.2),
  };
  const isFaulty = dice.chance(0.25);
  return {
    seed,
    world,
    steps: [
      ...handshakes(world),
      ...manySteps(seed, steps, world, isFaulty),
    ],
  };
}

/** Requests that are open when the server closes: each has to come to an end. */
export function lastSteps(): SendStep[] {
  const dice = new Dice(0);
  const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
  const modern = (method: string, params: Members, name?: string) =>
    frame2026(dice, "bob", { method, params, name, capabilities });
  const legacy = (method: string, params: Members) =>
    frame2025("bob", "POST", { jsonrpc: "2.0", id: method, method, params });
  const drafts = [
    legacy("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "fuzz", version: "1" },
    }),
    frame2025("bob", "GET", undefined),
    legacy("tools/call", { name: "must", arguments: {}, task: {} }),
    legacy("tasks/result", { taskId: "⟦task:0⟧" }),
    legacy("tools/call", { name: "gate", arguments: {} }),
    modern("tools/call", { name: "gate", arguments: {} }, "gate"),
    modern("subscriptions/listen", { notifications: { toolsListChanged: true } }),
  ];
  return drafts.map((draft) => ({
    ...toSend(dice, draft, 0),
    reads: true,
    isHasty: undefined,
    leaves: undefined,
  }));
}

function manySteps(seed: number, count: number, world: WorldPlan, isFaulty: boolean): Step[] {
  const steps: Step[] = [];
  for (let i = 0; steps.length < count; i++) {
    const dice = new Dice(mix(seed, 2, i));
    if (dice.chance(0.1)) steps.push(...someScriptSteps(dice, world));
    else steps.push(someStep(dice, world, isFaulty));
  }
  return steps;
}

/** A script, most of it undamaged. */
function someScriptSteps(dice: Dice, world: WorldPlan): Step[] {
  const damage = dice.pick([0, 0, 0.2, 0.5]);
  return someScript(dice, someCaller(dice, world)).map((item) => {
    if ("step" in item) return item.step;
    const step = toSend(dice, item.draft, dice.chance(damage) ? 0.5 : 0);
    return item.patienceMs === undefined ? step : { ...step, patienceMs: item.patienceMs };
  });
}

function handshakes({ anonymous }: WorldPlan): Step[] {
  const callers: CallerName[] = anonymous ? ["ada", "bob", "eve", "anon"] : ["ada", "bob", "eve"];
  return callers.map((caller) => ({
    do: "send",
    era: "2025",
    to: 0,
    patienceMs: 0,
    reads: true,
    request: {
      method: "POST",
      path: "/mcp",
      headers: [
        ["host", "127.0.0.1:8000"],
        ["content-type", "application/json"],
        ...(caller === "anon" ? [] : [["authorization", `@${caller}`] as const]),
      ],
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 0,
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
          clientInfo: { name: "fuzz", version: "1" },
        },
      }),
    },
  }));
}

function someStep(dice: Dice, world: WorldPlan, isFaulty: boolean): Step {
  const roll = dice.next();
  if (roll < 0.84) return someSend(dice, world);
  if (roll < 0.9) {
    return { do: "advance", ms: dice.pick([0, 10, 300, 1000, 3000, 8000, 9000, 25_000, 70_000]) };
  }
  if (roll < 0.905) return { do: "jump", ms: dice.pick([-60_000, -1000, 1000, 60_000, 400_000, 4_000_000]) };
  if (roll < 0.945) {
    return { do: "end", run: dice.below(20), how: dice.pick(["return", "return", "throw", "refuse"]) };
  }
  if (roll < 0.965) return { do: "leave", stream: dice.below(20) };
  if (roll < 0.97) return { do: "recover" };
  if (roll < 0.98) return { do: "change", list: dice.pick(["tools", "prompts", "resources"]) };
  if (isFaulty) return dice.chance(0.7) ? { do: "fault", fault: someFault(dice) } : { do: "heal" };
  return { do: "advance", ms: 500 };
}

function someFault(dice: Dice): StoreFault {
  return {
    op: dice.pick(["get", "get", "put", "put", "put", "delete", "list", "due"]),
    ...(dice.chance(0.5) && { kind: dice.pick(["task", "payload", "session", "idem"] as const) }),
    how: dice.pick(["away", "lost", "slow", "broken"]),
    times: dice.pick([1, 1, 2, 5, 30]),
  };
}

function someSend(dice: Dice, world: WorldPlan): SendStep {
  return toSend(dice, someDraft(dice, world), dice.next());
}

/** `damage`: below 0.4 none at all, near 1 even to the bytes. */
function toSend(dice: Dice, draft: Draft, damage: number): SendStep {
  if (damage >= 0.4) mutateDraft(dice, draft);
  while (damage >= 0.4 && dice.chance(0.3)) mutateDraft(dice, draft);
  let body = draft.message === undefined ? undefined : writeNode(draft.message);
  if (body !== undefined && damage > 0.93) body = mutateText(dice, body);
  const leaves = dice.chance(0.03) ? "before" : dice.chance(0.04) ? "after" : undefined;
  return {
    do: "send",
    era: draft.era,
    to: dice.chance(0.5) ? 0 : 1,
    request: { ...toSketch(draft, body), ...(damage > 0.97 && transport(dice)) },
    patienceMs: dice.pick([0, 0, 0, 1500, 3000, 9000]),
    reads: !dice.chance(0.02),
    ...(leaves !== undefined && { leaves }),
    ...(dice.chance(0.06) && { isHasty: true as const }),
    ...(damage < 0.4 && { isSound: true as const }),
  };
}

function someDraft(dice: Dice, world: WorldPlan): Draft {
  const caller = someCaller(dice, world);
  return dice.chance(0.5) ? draft2025(dice, caller) : draft2026(dice, caller);
}

function someCaller(dice: Dice, { anonymous }: WorldPlan): CallerName {
  if (!anonymous && dice.chance(0.02)) return "anon";
  return dice.pick(anonymous ? ["ada", "ada", "bob", "eve", "anon", "anon"] : ["ada", "ada", "bob", "eve"]);
}

function mutateDraft(dice: Dice, draft: Draft): void {
  if (draft.message === undefined || dice.chance(0.35)) return mutateHttp(dice, draft);
  const other = dice.chance(0.5) ? draft2025(dice, draft.caller) : draft2026(dice, draft.caller);
  draft.message = mutateMessage(dice, draft.message, other.message ?? null);
}

function toSketch({ method, path, headers }: Draft, body: string | undefined): RequestSketch {
  return { method, path, headers, ...(body !== undefined && { body }) };
}

function transport(dice: Dice): Partial<RequestSketch> {
  return {
    ...(dice.chance(0.4) && {
      bytes: Array.from(
        { length: dice.between(1, 3) },
        () => [dice.below(2000), dice.between(128, 255)] as const,
      ),
    }),
    ...(dice.chance(0.5) && { cuts: Array.from({ length: dice.between(1, 6) }, () => dice.below(3000)) }),
    ...(dice.chance(0.2) && { breaksOff: true as const }),
  };
}
