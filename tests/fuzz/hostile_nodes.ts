/**
 * Values that nobody should send.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import { type Node, Raw } from "./drafts.ts";

const TEXTS: readonly string[] = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "a\udfffb",
  "\ufeff",
  "\u202eabc",
  "e\u0301",
  "\u{1F468}\u200d\u{1F469}\u200d\u{1F467}",
  "\r\n\r\ndata: injected\n\nid: 7\n",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "%00",
  "' OR 1=1 --",
  "${jndi:ldap://x}",
  "<script>alert(1)</script>",
  "null",
  "NaN",
  "2026-07-28",
  "2025-11-25",
  "tools/call",
  "⟦task:1⟧",
  "⟦other.task:1⟧",
  "⟦other.session:0⟧",
  "⟦cursor:3⟧",
  "⟦round.state:0⟧",
  "⟦event:2⟧",
  "⟦question.key:0⟧",
  "call/AAAAAAAA",
  "⟦task:0⟧/bmFtZQ/AAAAAAAA",
];
const NUMBERS: readonly string[] = [
  "0",
  "-0",
  "-1",
  "0.5",
  "1e308",
  "-1e308",
  "1e400",
  "1e-400",
  "9007199254740991",
  "9007199254740992",
  "-9007199254740993",
  "123456789012345678901234567890",
  "2147483648",
  "4294967296",
  "1.0",
  "1E3",
];
/** Not JSON at all. */
const BROKEN: readonly string[] = [
  "NaN",
  "Infinity",
  "undefined",
  "01",
  "1.",
  ".5",
  "+1",
  "0x10",
  "'a'",
  '"\\x41"',
  '"\\ud8"',
  '"a\nb"',
  "[1,]",
  "{,}",
  '{"a":1,}',
  "{a:1}",
  "/* */1",
  "tru",
  "",
];
const LENGTHS: readonly number[] = [64, 128, 129, 256, 257, 1024, 1025, 2048, 2049, 8193, 20_000, 60_000];
const DEPTHS: readonly number[] = [10, 32, 33, 60, 64, 65, 200, 5000];

/** Some hostile value. */
export function hostileNode(dice: Dice): Node {
  switch (dice.below(16)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
    case 3:
    case 4:
      return new Raw(dice.pick(NUMBERS));
    case 5:
    case 6:
    case 7:
    case 8:
      return dice.pick(TEXTS);
    case 9:
      return dice.pick(["x", "é", "\u0000", "⟦mark:0⟧"]).repeat(dice.pick(LENGTHS)).slice(
        0,
        dice.pick(LENGTHS),
      );
    case 10:
      return nested(dice.pick(DEPTHS), dice.chance(0.5));
    case 11:
      return [];
    case 12:
      return {};
    case 13:
      return new Raw(
        dice.pick(['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}']),
      );
    case 14:
      return Array.from({ length: dice.pick([2, 65, 1001, 5000]) }, () => dice.pick<Node>(["a", 1, null]));
    default:
      return new Raw(dice.pick(BROKEN));
  }
}

/** Some name of a member. */
export function hostileName(dice: Dice): string {
  return dice.pick([
    ...TEXTS,
    "_meta",
    "task",
    "taskId",
    "cursor",
    "requestState",
    "inputResponses",
    "progressToken",
    "arguments",
    "name",
    "result",
    "error",
    "id",
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/logLevel",
    "io.perdure/idempotencyKey",
    "io.perdure/taskId",
    "_task_id",
    "x".repeat(300),
  ]);
}

/** Some method, of either revision or of none. */
export function hostileMethod(dice: Dice): string {
  return dice.pick([
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "tools/call",
    "tasks/get",
    "tasks/result",
    "tasks/list",
    "tasks/cancel",
    "tasks/update",
    "subscriptions/listen",
    "logging/setLevel",
    "resources/subscribe",
    "prompts/get",
    "notifications/cancelled",
    "notifications/initialized",
    "sampling/createMessage",
    "elicitation/create",
    "rpc.discover",
    "TOOLS/CALL",
    "tools/call ",
    "__proto__",
    "hasOwnProperty",
    "",
    "m".repeat(257),
    "\ud800",
  ]);
}

function nested(depth: number, isObject: boolean): Raw {
  return new Raw(
    isObject ? '{"a":'.repeat(depth) + "1" + "}".repeat(depth) : "[".repeat(depth) + "]".repeat(depth),
  );
}
