/**
 * Valid requests of 2026-07-28.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import {
  type Draft,
  type Members,
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

type Make = (dice: Dice) => { readonly method: string; readonly params: Members; readonly name?: string };

const PREFIX = "io.modelcontextprotocol/";
const EXTENSION = "io.modelcontextprotocol/tasks";

/** Kinds of requests, as often as they are to come. */
const KINDS: readonly (readonly [weight: number, make: Make])[] = [
  [1, () => ({ method: "server/discover", params: {} })],
  [2, (dice) => ({ method: "tools/list", params: page(dice) })],
  [18, (dice) => call(dice)],
  [8, (dice) => onTask(dice, "tasks/get")],
  [5, (dice) => onTask(dice, "tasks/cancel")],
  [7, (dice) => update(dice)],
  [7, (dice) => retry(dice)],
  [1, (dice) => ({ method: "prompts/list", params: page(dice) })],
  [4, (dice) => {
    const params = somePrompt(dice);
    return { method: "prompts/get", params, name: String(params.name) };
  }],
  [1, (dice) => ({ method: "resources/list", params: page(dice) })],
  [1, (dice) => ({ method: "resources/templates/list", params: page(dice) })],
  [3, (dice) => {
    const uri = someUri(dice);
    return { method: "resources/read", params: { uri }, name: uri };
  }],
  [2, (dice) => ({ method: "completion/complete", params: someCompletion(dice) })],
  [4, (dice) => ({ method: "subscriptions/listen", params: { notifications: someFilter(dice) } })],
];
const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/** A valid request of this revision. */
export function draft2026(dice: Dice, caller: CallerName): Draft {
  const { method, params, name } = pickKind(dice)(dice);
  const capabilities = someCapabilities(dice);
  if (dice.chance(0.8)) capabilities.extensions = { [EXTENSION]: {} };
  const meta: Members = {
    ...(dice.chance(0.7) && { [`${PREFIX}clientInfo`]: { name: "fuzz", version: "1" } }),
    ...(dice.chance(0.2) && { [`${PREFIX}logLevel`]: "debug" }),
    ...(dice.chance(0.3) && { progressToken: dice.below(100) }),
    ...(dice.chance(0.07) && { "io.perdure/idempotencyKey": `key-${dice.below(3)}` }),
    ...(dice.chance(0.08) && someTaskMeta(dice)),
    ...(dice.chance(0.05) && { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` }),
  };
  const draft = frame2026(dice, caller, { method, params, name, capabilities, meta });
  if (dice.chance(0.02)) setVersion(draft, dice.pick(["2026-07-29", "2027-01-01", "2025-11-25", "draft"]));
  return draft;
}

/** A version that header and body agree on. */
function setVersion({ headers, message }: Draft, version: string): void {
  const at = headers.findIndex(([name]) => name === "mcp-protocol-version");
  headers[at] = ["mcp-protocol-version", version];
  const { _meta } = (message as Members).params as Members;
  (_meta as Members)[`${PREFIX}protocolVersion`] = version;
}

/** What a request consists of, besides what every request has. */
export interface FrameOptions {
  readonly method: string;
  readonly params: Members;
  /** Value of `Mcp-Name`. */
  readonly name?: string;
  readonly capabilities: Members;
  /** Further members of `_meta`. */
  readonly meta?: Members;
}

/** A request with the metadata and headers that it needs. */
export function frame2026(
  dice: Dice,
  caller: CallerName,
  { method, params, name, capabilities, meta }: FrameOptions,
): Draft {
  const headers: [string, string][] = [
    ["host", "127.0.0.1:8000"],
    ["accept", "application/json, text/event-stream"],
    ["content-type", "application/json"],
    ["mcp-protocol-version", "2026-07-28"],
    ["mcp-method", method],
  ];
  if (caller !== "anon") headers.push(["authorization", `@${caller}`]);
  if (name !== undefined) headers.push(["mcp-name", name]);
  if (name === "structured") headers.push(...mirrored(params.arguments as Members));
  const _meta: Members = {
    [`${PREFIX}protocolVersion`]: "2026-07-28",
    [`${PREFIX}clientCapabilities`]: capabilities,
    ...meta,
  };
  return {
    era: "2026",
    caller,
    method: "POST",
    path: "/mcp",
    headers,
    message: { jsonrpc: "2.0", id: someId(dice), method, params: { ...params, _meta } },
  };
}

function pickKind(dice: Dice): Make {
  let left = dice.next() * TOTAL;
  for (const [weight, make] of KINDS) if ((left -= weight) < 0) return make;
  return KINDS[0]![1];
}

function call(dice: Dice): ReturnType<Make> {
  const { name, args } = someTool(dice);
  const params: Members = { name, arguments: args };
  if (dice.chance(0.1)) params.task = {};
  if (dice.chance(0.1)) params.inputResponses = { name: someReply(dice) };
  return { method: "tools/call", params, name };
}

function mirrored(args: Members): [string, string][] {
  return Object.entries(args).map(([name, value]) => [`mcp-param-${name}`, String(value)]);
}

/** The same call again, with what it was asked. */
function retry(dice: Dice): ReturnType<Make> {
  const n = someIndex(dice);
  const name = `⟦round.name:${n}⟧`;
  return {
    method: `⟦round.method:${n}⟧`,
    params: {
      name,
      arguments: `⟦!round.args:${n}⟧`,
      requestState: `⟦${dice.chance(0.9) ? "" : "other."}round.state:${n}⟧`,
      inputResponses: { [`⟦round.key:${n}⟧`]: someReply(dice) },
    },
    name,
  };
}

function onTask(dice: Dice, method: string): ReturnType<Make> {
  const taskId = dice.chance(0.85) ? `⟦task:${someIndex(dice)}⟧` : `⟦other.task:${someIndex(dice)}⟧`;
  return { method, params: { taskId }, name: taskId };
}

function update(dice: Dice): ReturnType<Make> {
  const n = someIndex(dice);
  const kind = dice.chance(0.9) ? "question" : "other.question";
  const taskId = `⟦${kind}.task:${n}⟧`;
  const params: Members = { taskId, inputResponses: { [`⟦${kind}.key:${n}⟧`]: someReply(dice) } };
  return { method: "tasks/update", params, name: taskId };
}

function someFilter(dice: Dice): Members {
  return {
    ...(dice.chance(0.5) && { toolsListChanged: true }),
    ...(dice.chance(0.3) && { promptsListChanged: dice.chance(0.5) }),
    ...(dice.chance(0.3) && { resourcesListChanged: true }),
    ...(dice.chance(0.4) && { resourceSubscriptions: [someUri(dice), "test://fixed"] }),
    ...(dice.chance(0.7) && {
      taskIds: [`⟦task:${someIndex(dice)}⟧`, `⟦task:${someIndex(dice)}⟧`, `⟦other.task:${someIndex(dice)}⟧`],
    }),
  };
}

function page(dice: Dice): Members {
  return dice.chance(0.5) ? {} : { cursor: `⟦cursor:${someIndex(dice)}⟧` };
}
