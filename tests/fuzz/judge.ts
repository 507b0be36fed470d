/**
 * What an answer may look like, whatever was asked.
 *
 * @module
 */
import { assertValid2026 } from "../support/official_schemas.ts";
import { judgeAnswer2025, judgeAnswer2026, judgeSent2025, judgeSent2026 } from "../support/wire_judge.ts";
import type { CallerName } from "./pools.ts";
import { CALLERS } from "./pools.ts";
import { type Id, isId, type Said } from "./said.ts";
import { SECRET } from "./served.ts";
import { Violation } from "./violation.ts";

type Json = Record<string, unknown>;

/** Where a message came from. */
export interface Context {
  readonly said: Said;
  readonly status: number;
  /** Whether the store was made to fail at any time. */
  readonly isFaulty: boolean;
}

const STATUSES: readonly number[] = [200, 202, 204, 400, 401, 403, 404, 405, 406, 413, 415, 429];
/** Answers that come before anyone has looked at the body. */
const BODY_UNREAD: readonly number[] = [401, 403, 405, 406, 413, 415];
const HEADERS: Readonly<Record<string, RegExp>> = {
  "content-type": /^(application\/json|text\/event-stream)$/,
  "mcp-session-id": /^[A-Za-z0-9_-]{16,64}$/,
  "cache-control": /^no-cache, no-transform$/,
  "x-accel-buffering": /^no$/,
  "allow": /^(GET, )?POST(, DELETE)?$/,
  "www-authenticate": /^Bearer( [a-z_]+="[^"\\]*"(, [a-z_]+="[^"\\]*")*)?$/,
  "vary": /^Origin$/,
  "access-control-allow-methods": /^GET, POST, DELETE$/,
  "access-control-allow-headers": /^[a-z0-9!#$%&'*+.^_`|~, -]*$/,
  "access-control-allow-origin":
    /^https:\/\/app\.example$|^https?:\/\/(127\.0\.0\.1|localhost|mcp\.example)(:\d+)?$/i,
  "access-control-max-age": /^600$/,
  "access-control-expose-headers": /^Mcp-Session-Id, WWW-Authenticate$/,
};
const STATUS_OF_MODERN: Readonly<Record<number, readonly number[]>> = {
  [-32700]: [400],
  [-32600]: [400, 401, 403, 404, 405, 406, 413, 415],
  [-32601]: [404],
  [-32602]: [200, 400],
  [-32603]: [200],
  [-32020]: [400],
  [-32021]: [400],
  [-32022]: [400],
};
const CODES_OF_LEGACY: readonly number[] = [-32700, -32600, -32601, -32602, -32603, -32002, -32000];
const REASONS_OF_LEGACY: readonly unknown[] = ["session_not_found", "session_required", "stream_unknown"];
const STACK = /\n\s+at |file:\/\/(?!\/etc)|\.ts:\d+|node_modules|\bat (async )?[\w.#<>]+ \(/;
const TASK_ID = /(?<!\\)"task(?:Id|_id)":"([^"\\]*)"/g;

/** @throws {Violation} If status or headers are none we give. */
export function judgeHead({ status, headers }: Response, { said, isFaulty }: Omit<Context, "status">): void {
  if (!STATUSES.includes(status) && !(status === 500 && isFaulty)) {
    throw new Violation("status", `status ${status}`);
  }
  for (const [name, value] of headers) {
    if (!HEADERS[name]?.test(value)) throw new Violation("header", `${name}: ${value.slice(0, 200)}`);
  }
  if (headers.has("mcp-session-id") && said.method !== "initialize") {
    throw new Violation("header", `a session id in answer to "${said.method?.slice(0, 50)}"`);
  }
}

/** Everything a text may not hold. */
export function judgeText(
  text: string,
  caller: CallerName,
  ownerOf: ReadonlyMap<string, CallerName>,
): void {
  const at = text.indexOf(SECRET);
  if (at >= 0) throw new Violation("secret", text.slice(Math.max(0, at - 80), at + 80));
  const stack = STACK.exec(text);
  if (stack !== null) {
    throw new Violation("secret", `a stack: ${text.slice(Math.max(0, stack.index - 80), stack.index + 80)}`);
  }
  for (const other of CALLERS) {
    if (other !== caller && text.includes(`mark-${other}`)) {
      throw new Violation("leak", `${caller} is told what ${other} sent: ${text.slice(0, 300)}`);
    }
  }
  if (!text.includes('"task')) return;
  for (const [, id = ""] of text.matchAll(TASK_ID)) {
    const owner = ownerOf.get(id);
    if (owner !== undefined && owner !== caller) {
      throw new Violation("leak", `${caller} is told of task ${id} of ${owner}: ${text.slice(0, 300)}`);
    }
  }
}

/** Judges the answer to a request or the error to anything else; gives it back as an object. */
export function judgeAnswer(message: unknown, { said, status, isFaulty }: Context): Json {
  const answer = envelope(message);
  const { id } = answer;
  if (said.kind === "request" && (said.id !== id) && !mayLackId(answer, status)) {
    throw new Violation("id", `the id of the request is ${shorten(said.id)}, of its answer ${shorten(id)}`);
  }
  if (said.kind === "other" && !("error" in answer)) {
    throw new Violation("id", "a result that nobody asked for");
  }
  if (said.kind === "other" && id !== undefined && id !== said.id) {
    throw new Violation("id", `nothing had the id ${shorten(id)}`);
  }
  if ("error" in answer) judgeError(answer.error as Json, said, status, isFaulty);
  else judgeResult(answer.result as Json, said, status);
  return answer;
}

/** Judges the refusal of a request that was not damaged: it may be refused for what it asks, never for its form. */
export function judgeRefusal(code: number, reason: unknown, { route, method }: Said): void {
  const isOfForm = route === "modern"
    ? [-32700, -32600, -32020].includes(code)
    : code === -32700 || code === -32600 && !REASONS_OF_LEGACY.includes(reason);
  if (isOfForm && reason !== "unauthenticated" && reason !== "insufficient_scope") {
    throw new Violation("refusal", `a sound ${method} of ${route} is refused: ${code} ${reason ?? ""}`);
  }
}

function mayLackId({ id, error }: Json, status: number): boolean {
  if (id !== undefined) return false;
  return BODY_UNREAD.includes(status) || status === 500 || (error as Json | undefined)?.code === -32700;
}

function envelope(message: unknown): Json {
  const fail = (why: string): never => {
    throw new Violation("envelope", `${why}: ${shorten(message)}`);
  };
  if (!isObject(message)) return fail("an answer must be an object");
  const { jsonrpc, id, result, error, ...others } = message;
  if (jsonrpc !== "2.0") return fail('"jsonrpc" is not "2.0"');
  if (Object.keys(others).length > 0) return fail("an answer has other members");
  if (id !== undefined && !isId(id)) return fail("the id is none");
  if ((result === undefined) === (error === undefined)) return fail("neither result nor error, or both");
  if (result !== undefined && !isObject(result)) return fail("the result is no object");
  if (error === undefined) return message;
  if (!isObject(error)) return fail("the error is no object");
  const { code, message: text, data: _, ...more } = error;
  if (!Number.isSafeInteger(code) || typeof text !== "string" || text === "" || text.length > 1200) {
    return fail("code or message is none");
  }
  if (Object.keys(more).length > 0) return fail("the error has other members");
  return message;
}

function judgeError({ code, message }: Json, { route }: Said, status: number, isFaulty: boolean): void {
  const fail = () => {
    throw new Violation(
      "era",
      `error ${code} with status ${status} of ${route}: ${String(message).slice(0, 200)}`,
    );
  };
  if (status === 500 && isFaulty && code === -32603) return;
  if (route === "modern" && code !== -32000 && !STATUS_OF_MODERN[Number(code)]?.includes(status)) fail();
  if (route === "legacy") {
    if (!CODES_OF_LEGACY.includes(Number(code))) fail();
    if (code === -32603 && status !== 200 && status !== 429) fail();
    if ((code === -32601 || code === -32602) && status !== 200) fail();
  }
}

function judgeResult(result: Json, { route, method }: Said, status: number): void {
  const fail = (why: string) => {
    throw new Violation("era", `${why} in answer to ${method} of ${route}: ${shorten(result)}`);
  };
  if (status !== 200) fail(`status ${status}`);
  const type = result.resultType;
  if (route === "modern" && type !== "complete" && type !== "task" && type !== "input_required") {
    fail(`result type ${shorten(type)}`);
  }
  if (route === "legacy" && type !== undefined) fail("a result type");
}

/** Judges a request or notification of the server's own. */
export function judgeSent(message: Json, { route, method }: Said): void {
  const { jsonrpc, id, method: sent, params, ...others } = message;
  const isWell = jsonrpc === "2.0" && typeof sent === "string" && Object.keys(others).length === 0 &&
    (params === undefined || isObject(params)) && (id === undefined || typeof id === "string");
  if (!isWell) throw new Violation("envelope", `the server sent ${shorten(message)}`);
  if (id !== undefined && route === "modern") {
    throw new Violation("era", `a request "${sent}" of the server's in answer to ${method} of 2026-07-28`);
  }
}

/** Judges a whole message by the schemas that others wrote. */
export function judgeSchema(message: Json, said: Said): void {
  try {
    if (typeof message.method === "string") {
      if (said.route === "legacy") judgeSent2025(message);
      else if (said.route === "modern" && said.method !== "subscriptions/listen") judgeSent2026(message);
    } else if (said.route === "modern") {
      judgeModern(message, said);
    } else if (said.route === "legacy" && said.method !== undefined) {
      const isTaskCall = isObject(message.result) && "task" in message.result;
      judgeAnswer2025(message, { method: said.method, id: message.id as Id, isTaskCall });
    }
  } catch (error) {
    throw new Violation("schema", String(error).slice(0, 2000));
  }
}

function judgeModern(message: Json, { method = "" }: Said): void {
  if (method === "subscriptions/listen" && "result" in message) {
    assertValid2026("SubscriptionsListenResult", message.result);
  } else {
    judgeAnswer2026(message, { method, id: message.id });
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shorten(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 300) ?? "undefined";
}
