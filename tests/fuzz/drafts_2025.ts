/**
 * Valid requests of 2025-11-25 and the older revisions.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import {
  type Draft,
  type Members,
  type Node,
  someCapabilities,
  someCompletion,
  someId,
  someIndex,
  somePrompt,
  someReply,
  someTaskMeta,
  someTool,
  someUri,
} from "./drafts.ts";
import type { CallerName } from "./pools.ts";

type Make = (dice: Dice) => { readonly message: Node } | { readonly method: "GET" | "DELETE" };

const META = "io.modelcontextprotocol/";

/** Kinds of messages, as often as they are to come. */
const KINDS: readonly (readonly [weight: number, make: Make])[] = [
  [3, (dice) => request(dice, "initialize", initializeParams(dice))],
  [1, () => notification("notifications/initialized")],
  [1, (dice) => request(dice, "ping")],
  [1, (dice) => request(dice, "logging/setLevel", { level: dice.pick(["debug", "error", "emergency"]) })],
  [2, (dice) => request(dice, "tools/list", page(dice))],
  [16, (dice) => request(dice, "tools/call", callParams(dice))],
  [8, (dice) => request(dice, "tasks/get", { taskId: someTask(dice) })],
  [6, (dice) => request(dice, "tasks/result", { taskId: someTask(dice) })],
  [4, (dice) => request(dice, "tasks/list", page(dice))],
  [5, (dice) => request(dice, "tasks/cancel", cancelParams(dice))],
  [1, (dice) => request(dice, "prompts/list", page(dice))],
  [3, (dice) => request(dice, "prompts/get", promptParams(dice))],
  [1, (dice) => request(dice, "resources/list", page(dice))],
  [1, (dice) => request(dice, "resources/templates/list", page(dice))],
  [2, (dice) => request(dice, "resources/read", { uri: someUri(dice) })],
  [1, (dice) => request(dice, "resources/subscribe", { uri: someUri(dice) })],
  [1, (dice) => request(dice, "resources/unsubscribe", { uri: someUri(dice) })],
  [2, (dice) => request(dice, "completion/complete", someCompletion(dice))],
  [2, (dice) => notification("notifications/cancelled", { requestId: raw("call", dice), reason: "enough" })],
  [
    1,
    () => notification("notifications/progress", { progressToken: 1, progress: 2, total: 3, message: "on" }),
  ],
  [1, () => notification("notifications/roots/list_changed")],
  [6, (dice) => ({ message: { jsonrpc: "2.0", id: raw("ask", dice), result: someReply(dice) } })],
  [1, (dice) => ({ message: { jsonrpc: "2.0", id: raw("ask", dice), error: { code: -1, message: "no" } } })],
  [3, () => ({ method: "GET" })],
  [0.5, () => ({ method: "DELETE" })],
];
const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/** A valid message of a session. */
export function draft2025(dice: Dice, caller: CallerName): Draft {
  const made = pickKind(dice)(dice);
  const method = "method" in made ? made.method : "POST";
  const draft = frame2025(caller, method, "message" in made ? made.message : undefined);
  if (dice.chance(0.3)) setHeader(draft, "accept", method === "GET" ? "*/*" : someAccept(dice));
  if (dice.chance(0.1)) setHeader(draft, "mcp-protocol-version", "2025-06-18");
  if (dice.chance(0.1)) setHeader(draft, "mcp-protocol-version", undefined);
  if (dice.chance(0.5)) setHeader(draft, "mcp-session-id", `⟦session:${someIndex(dice)}⟧`);
  if (method === "GET" && dice.chance(0.6)) {
    draft.headers.push(["last-event-id", `⟦event:${someIndex(dice)}⟧`]);
  }
  return draft;
}

/** A message with the headers that it needs, in the caller's newest session. */
export function frame2025(
  caller: CallerName,
  method: "GET" | "POST" | "DELETE",
  message: Node | undefined,
): Draft {
  const headers: [string, string][] = [
    ["host", "127.0.0.1:8000"],
    ["accept", method === "GET" ? "text/event-stream" : "application/json, text/event-stream"],
  ];
  if (caller !== "anon") headers.push(["authorization", `@${caller}`]);
  if (method === "POST") headers.push(["content-type", "application/json"]);
  const isHandshake = message !== undefined && (message as Members).method === "initialize";
  if (!isHandshake) headers.push(["mcp-session-id", "⟦session:0⟧"], ["mcp-protocol-version", "2025-11-25"]);
  return { era: "2025", caller, method, path: "/mcp", headers, message };
}

function setHeader({ headers }: Draft, name: string, value: string | undefined): void {
  const at = headers.findIndex(([header]) => header === name);
  if (at >= 0) headers.splice(at, 1, ...(value === undefined ? [] : [[name, value] as [string, string]]));
}

function pickKind(dice: Dice): Make {
  let left = dice.next() * TOTAL;
  for (const [weight, make] of KINDS) if ((left -= weight) < 0) return make;
  return KINDS[0]![1];
}

function request(dice: Dice, method: string, params?: Members): { readonly message: Node } {
  const message: Members = { jsonrpc: "2.0", id: someId(dice), method };
  if (params !== undefined) message.params = params;
  return { message };
}

function notification(method: string, params?: Members): { readonly message: Node } {
  return { message: { jsonrpc: "2.0", method, ...(params !== undefined && { params }) } };
}

function initializeParams(dice: Dice): Members {
  return {
    protocolVersion: dice.pick([
      "2025-11-25",
      "2025-11-25",
      "2025-11-25",
      "2025-06-18",
      "2025-03-26",
      "2024-11-05",
    ]),
    capabilities: someCapabilities(dice),
    clientInfo: { name: "fuzz", version: "1" },
  };
}

function callParams(dice: Dice): Members {
  const { name, args } = someTool(dice);
  const params: Members = { name, arguments: args };
  if (dice.chance(0.55)) params.task = dice.chance(0.5) ? {} : { ttl: dice.pick([0, 1000, 30_000, 10 ** 9]) };
  const meta: Members = {};
  if (dice.chance(0.3)) meta.progressToken = dice.chance(0.5) ? dice.below(100) : `p${dice.below(100)}`;
  if (dice.chance(0.1)) meta["io.perdure/idempotencyKey"] = `key-${dice.below(3)}`;
  if (dice.chance(0.08)) Object.assign(meta, someTaskMeta(dice));
  if (dice.chance(0.1)) meta[`${META}related-task`] = { taskId: `⟦other.task:${dice.below(9)}⟧` };
  if (Object.keys(meta).length > 0) params._meta = meta;
  return params;
}

function promptParams(dice: Dice): Members {
  return { ...somePrompt(dice), ...(dice.chance(0.3) && { _meta: someTaskMeta(dice) }) };
}

function cancelParams(dice: Dice): Members {
  const params: Members = { taskId: someTask(dice) };
  if (dice.chance(0.2)) params.result = { content: [] };
  return params;
}

function someTask(dice: Dice): string {
  return dice.chance(0.85) ? `⟦task:${someIndex(dice)}⟧` : `⟦other.task:${someIndex(dice)}⟧`;
}

function page(dice: Dice): Members | undefined {
  if (dice.chance(0.3)) return undefined;
  return dice.chance(0.5) ? {} : { cursor: `⟦cursor:${someIndex(dice)}⟧` };
}

function raw(kind: string, dice: Dice): string {
  return `⟦!${kind}:${someIndex(dice)}⟧`;
}

function someAccept(dice: Dice): string {
  return dice.pick([
    "application/json, text/event-stream",
    "application/json, text/event-stream",
    "text/event-stream, application/json",
    "application/json",
    "*/*",
  ]);
}
