/**
 * What a request says, read independently of the code under test.
 *
 * @module
 */
import type { CallerName } from "./pools.ts";
import { callerOf } from "./served.ts";

/** A request id. */
export type Id = string | number;

/** What the bytes of a request come to. */
export interface Said {
  readonly caller: CallerName;
  /** Which revision has to answer; `undefined` where its headers contradict each other. */
  readonly route: "modern" | "legacy" | undefined;
  /** A request must get an answer with its id; of anything else only errors are answered. */
  readonly kind: "request" | "other";
  /** The id, if the body has one that can be read. */
  readonly id: Id | undefined;
  readonly method: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

type Json = Record<string, unknown>;

const VERSION = "io.modelcontextprotocol/protocolVersion";
const MODERN_ONLY: readonly string[] = ["server/discover", "subscriptions/listen", "tasks/update"];

/** Reads a request. */
export function readSaid(httpMethod: string, headers: Headers, body: Uint8Array | undefined): Said {
  const caller = callerOf(headers.get("authorization"));
  const version = headers.get("mcp-protocol-version") ?? undefined;
  const message = httpMethod === "POST" && body !== undefined ? readJson(body) : undefined;
  if (!isObject(message)) {
    const route = httpMethod === "POST" ? undefined : isModern(version) ? "modern" : "legacy";
    return { caller, route, kind: "other", id: undefined, method: undefined, params: {} };
  }
  const id = isId(own(message, "id")) ? own(message, "id") as Id : undefined;
  const method = typeof own(message, "method") === "string" ? own(message, "method") as string : undefined;
  const params = isObject(message.params) ? message.params : {};
  const isRequest = message.jsonrpc === "2.0" && id !== undefined && method !== undefined;
  return {
    caller,
    route: routeOf(message, method, params, version),
    kind: isRequest ? "request" : "other",
    id,
    method,
    params,
  };
}

function routeOf(
  message: Json,
  method: string | undefined,
  params: Json,
  version: string | undefined,
): "modern" | "legacy" | undefined {
  if (method === undefined) return "legacy";
  const meta = own(params, "_meta");
  if (isObject(meta) && Object.hasOwn(meta, VERSION)) return "modern";
  if (version?.includes(",")) return undefined;
  if (method === "initialize" && Object.hasOwn(message, "id")) return "legacy";
  if (isModern(version)) return "modern";
  return Object.hasOwn(message, "id") && MODERN_ONLY.includes(method) ? "modern" : "legacy";
}

function isModern(version: string | undefined): boolean {
  return version !== undefined && /^\d{4}-\d\d-\d\d$/.test(version) && version >= "2026-07-28";
}

/** Whether a value can be a request id. */
export function isId(value: unknown): value is Id {
  return typeof value === "string"
    ? value.length <= 1024 && value.isWellFormed()
    : Number.isSafeInteger(value);
}

function own(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
