/**
 * Damages what is around a message: method, path, headers.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import type { Draft } from "./drafts.ts";

const METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "POST",
  "QUERY",
  "post",
];
const PATHS: readonly string[] = [
  "/",
  "/mcp/",
  "/mcp?x=1",
  "/mcp?session=⟦session:0⟧",
  "//evil.example/mcp",
  "/%2e%2e/mcp",
  "/mcp%00",
  `/${"p".repeat(4000)}`,
  "/.well-known/oauth-protected-resource",
];
const NAMES: readonly string[] = [
  "host",
  "origin",
  "accept",
  "content-type",
  "content-encoding",
  "content-length",
  "transfer-encoding",
  "mcp-protocol-version",
  "mcp-session-id",
  "mcp-method",
  "mcp-name",
  "mcp-param-region",
  "last-event-id",
  "authorization",
  "x-forwarded-host",
  "forwarded",
  "access-control-request-method",
  "access-control-request-headers",
  "cookie",
  "expect",
];
const VALUES: readonly string[] = [
  "",
  " ",
  ",",
  "*",
  "*/*;q=0",
  "application/json;q=0, text/event-stream",
  "text/event-stream",
  "text/html",
  "application/json; charset=utf-8",
  "application/json; charset=utf-16",
  "application/json, text/plain",
  "multipart/form-data; boundary=x",
  "gzip",
  "identity",
  "chunked",
  "0",
  "-1",
  "99999999999999999999",
  "10",
  "2025-11-25",
  "2026-07-28",
  "2026-07-29",
  "2025-03-26",
  "1999-01-01",
  "9999-99-99",
  "2025-11-25, 2025-11-25",
  "2025-11-25, 2026-07-28",
  "localhost",
  "localhost:8000, evil.example",
  "evil.example",
  "mcp.example",
  "mcp.example:8443",
  "[::1]:8000",
  "http://127.0.0.1:8000",
  "https://app.example",
  "https://evil.example",
  "null",
  "@ada",
  "@bob",
  "@eve",
  "Bearer nobody",
  "Basic YTpi",
  "⟦session:0⟧",
  "⟦other.session:0⟧",
  "⟦session:0⟧, ⟦session:0⟧",
  "⟦task:0⟧",
  "⟦other.task:0⟧",
  "⟦event:0⟧",
  "⟦other.event:0⟧",
  "⟦event:0⟧x",
  "⟦round.state:0⟧",
  "⟦cursor:0⟧.0",
  "post-AAAAAAAAAAAAAAAA.0",
  "get-AAAA.7",
  "tools/call",
  "tasks/get",
  "TOOLS/CALL",
  "echo",
  "echo, echo",
  "=?base64?ZWNobw==?=",
  "=?base64?ZWNobw?=",
  "=?base64?/////w==?=",
  "=?base64??=",
  "eu",
  "caf\u00e9",
  "a\tb",
  "__proto__",
  "../../x",
  "POST",
  "content-type,mcp-param-region,authorization,x-evil",
  "100-continue",
  "x".repeat(8000),
  "y, ".repeat(2000),
];

/** Damages a request. */
export function mutateHttp(dice: Dice, draft: Draft): void {
  const header = draft.headers.length === 0 ? undefined : dice.below(draft.headers.length);
  switch (dice.below(10)) {
    case 0:
      draft.method = dice.pick(METHODS);
      break;
    case 1:
      draft.path = dice.pick(PATHS);
      break;
    case 2:
    case 3:
      if (header !== undefined) draft.headers.splice(header, 1);
      break;
    case 4:
    case 5:
      if (header !== undefined) draft.headers[header] = [draft.headers[header]![0], dice.pick(VALUES)];
      break;
    case 6:
      if (header !== undefined) draft.headers.push([draft.headers[header]![0], draft.headers[header]![1]]);
      break;
    case 7:
      if (header !== undefined) {
        const [name, value] = draft.headers[header]!;
        draft.headers[header] = [name, spoil(dice, value)];
      }
      break;
    default:
      draft.headers.push([dice.pick(NAMES), dice.pick(VALUES)]);
  }
}

function spoil(dice: Dice, value: string): string {
  const at = dice.below(value.length + 1);
  return dice.pick([
    value.slice(0, at),
    `${value.slice(0, at)}x${value.slice(at + 1)}`,
    `${value} `,
    value.toUpperCase(),
    `${value}${value}`,
    `${value},`,
    `"${value}"`,
    `${value};a=b`,
  ]);
}
